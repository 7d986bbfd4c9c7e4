import { assert, assertEquals } from "@std/assert";
import { coturn } from "../../server/mod.ts";
import { whyNoCoturn } from "../support/coturn.ts";
import { whyNoNetworks } from "../support/network.ts";
import { openPage } from "../support/open_page.ts";
import {
  eventsOf,
  forgetEvents,
  openTalkingPage,
  stopTalking,
  untilHeardAnew,
} from "../support/talking_pages.ts";
import { makeLab } from "./lab.ts";

declare global {
  /** Tells the test that a TURN credential is rejected. */
  var rejected: () => void;
  /** Port that the page is relayed from; `undefined` if only the other side uses its relay. */
  var relayPort: () => Promise<unknown>;
}

const skip = await whyNoNetworks() !== undefined ||
  await whyNoCoturn() !== undefined;

/** Credentials of a minute for more than four, instead of the same in short. */
const WHOLE = Deno.args.includes("--whole");

/** How long credentials last, in seconds. */
const TTL_SECONDS = WHOLE ? 60 : 12;
/** How often each page gets new ones while the pages talk. */
const RENEWALS = WHOLE ? 8 : 2;
/** How long data may stand still. */
const GAP_MS = 2_000;
/** Allows nothing but a relay. */
const KIND = "symmetric";

/** Defines `relayPort` in the page. */
function defineRelayPort(): void {
  globalThis.relayPort = async () => {
    const pc = [...connection.peers.values()][0]?.pc;
    const report = new Map<string, Record<string, unknown>>(
      await pc?.getStats() as Iterable<[string, Record<string, unknown>]>,
    );
    const transport = report.values().find(({ type }) => type === "transport");
    const pair = report.get(String(transport?.selectedCandidatePairId));
    const local = report.get(String(pair?.localCandidateId));
    return local?.candidateType === "relay" ? local.port : undefined;
  };
}

/** Resolves when the page is no more relayed from a port. Runs in the page. */
async function untilRelayedFromElsewhere(port: unknown): Promise<void> {
  const ice = [...connection.peers.values()][0]?.pc?.sctp?.transport
    .iceTransport;
  while (await relayPort() === port) {
    await new Promise((resolve) =>
      ice?.addEventListener("selectedcandidatepairchange", resolve, {
        once: true,
      })
    );
  }
}

/** Resolves when the server has sent new credentials. Runs in the page. */
async function untilRenewed(): Promise<void> {
  for (;;) {
    const { data } = await new Promise<MessageEvent>((resolve) =>
      connection.socket.addEventListener("message", resolve, { once: true })
    );
    if (JSON.parse(data).type === "ice") return;
  }
}

Deno.test({
  name:
    "a relayed pair outlives its TURN credentials again and again, without a word lost, doubled or late",
  ignore: skip,
  async fn() {
    await using lab = await makeLab();
    const { urls, secret } = lab.turn;
    await lab.site({ turn: coturn({ urls, secret, ttlSeconds: TTL_SECONDS }) });
    const hosts = await Promise.all(
      [0, 1].map(async () => await lab.host(await lab.network(KIND))),
    );
    const pages = await Promise.all(hosts.map(async (host, index) => {
      return await openTalkingPage(
        (await lab.browser(host)).browser,
        lab.origin,
        { host: lab.origin, room: "r", id: `page-${index}`, others: 1 },
      );
    }));
    await forgetEvents(pages);
    for (const { page } of pages) await page.evaluate(defineRelayPort);
    const startedAt = performance.now();
    let relayed = 0;
    await Promise.all(pages.map(async ({ page }) => {
      for (let renewed = 0; renewed < RENEWALS; renewed++) {
        const before = await page.evaluate(() => relayPort());
        await page.evaluate(untilRenewed);
        if (before === undefined) continue;
        relayed++;
        // The old one serves until the new one is found.
        await page.evaluate(untilRelayedFromElsewhere, before);
      }
    }));
    const seconds = (performance.now() - startedAt) / 1000;
    assert(relayed >= RENEWALS, `${relayed} relays were replaced`);
    for (const page of pages) {
      const { events } = await eventsOf(page);
      const unlike = events.filter(([name, payload]) =>
        name !== "peer-state" ||
        (payload as { state: string }).state !== "connected"
      );
      assertEquals(unlike, []);
      const { gapMs, count, path } = await page.page.evaluate(() => ({
        gapMs: talk.longestGapMs,
        count: [...talk.heard.values()].flat().length,
        path: [...connection.peers.values()][0]?.path,
      }));
      console.log(
        `  ${count} messages in ${seconds.toFixed(0)} s, longest gap ${
          gapMs.toFixed(0)
        } ms`,
      );
      assertEquals(path, "relay-udp");
      assert(gapMs <= GAP_MS, `nothing for ${gapMs} ms`);
    }
    // The first credentials have expired: nobody could be relayed anew with them.
    await hosts[0]?.move(await lab.network(KIND));
    await untilHeardAnew(pages);
    assertEquals(await stopTalking(pages), []);
  },
});

Deno.test({
  name:
    "a pair says that its TURN credential is rejected when those that the app brought have expired and it must be relayed anew",
  ignore: skip || !WHOLE,
  async fn() {
    await using lab = await makeLab();
    const { urls, secret } = lab.turn;
    await lab.site();
    const provider = coturn({ urls, secret, ttlSeconds: TTL_SECONDS });
    const { signal } = new AbortController();
    const { iceServers, expiresAt } = await provider.credentials({
      peer: "app",
      signal,
    });
    const hosts = await Promise.all(
      [0, 1].map(async () => await lab.host(await lab.network(KIND))),
    );
    const pages = await Promise.all(hosts.map(async (host) => {
      const { browser } = await lab.browser(host);
      const { page } = await openPage(browser, lab.origin);
      const rejected = Promise.withResolvers<void>();
      await page.exposeFunction("rejected", () => rejected.resolve());
      await page.evaluate(
        async (host, iceServers) => {
          const connection = await webrtc.connect({
            host,
            room: "r",
            iceServers: iceServers as unknown as RTCIceServer[],
          });
          connection.on("peer-state", ({ state, reason }) => {
            if (state === "failed" && reason === "TURN credential rejected") {
              globalThis.rejected();
            }
          });
          while (connection.connections.length === 0) {
            await next(connection, "peer");
          }
        },
        lab.origin,
        iceServers,
      );
      return { rejected: rejected.promise };
    }));
    await new Promise((resolve) =>
      setTimeout(resolve, (expiresAt ?? 0) - Date.now() + 1_000)
    );
    await hosts[0]?.move(await lab.network(KIND));
    await Promise.all(pages.map(({ rejected }) => rejected));
  },
});
