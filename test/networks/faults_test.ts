import { assert, assertEquals } from "@std/assert";
import type { BrowserName } from "../support/browsers.ts";
import { whyNoCoturn } from "../support/coturn.ts";
import { whyNoNetworks } from "../support/network.ts";
import {
  eventsOf,
  forgetEvents,
  openTalkingPage,
  stopTalking,
  type TalkingPage,
  untilHeardAnew,
} from "../support/talking_pages.ts";
import type { Serving } from "../../server/mod.ts";
import type { Host } from "./host.ts";
import { type Lab, makeLab } from "./lab.ts";
import type { LocalNetwork } from "./local_network.ts";
import type { NetworkKind } from "./network_kind.ts";

const skip = await whyNoNetworks() !== undefined ||
  await whyNoCoturn() !== undefined;

/** Every fault, instead of the one that shows most. */
const WHOLE = Deno.args.includes("--whole");

/** How soon data must flow again when a fault is over. */
const HEALED_MS = 5_000;

/** Two pages that talk, and what is between them. */
interface Scene {
  readonly lab: Lab;
  readonly site: Serving;
  /** Where the page is whose network has the fault. */
  readonly host: Host;
  readonly network: LocalNetwork;
  readonly pages: readonly TalkingPage[];
}

/** What happens to a pair, and what it may cost. */
interface Fault {
  readonly name: string;
  readonly kinds: readonly [NetworkKind, NetworkKind];
  /** The browser whose network it happens to. */
  readonly browser: BrowserName;
  /** Whether its connection cannot outlive it, so that what was on its way is lost. */
  readonly loses: boolean;
  /** Causes it; resolves when it is over. */
  cause(scene: Scene): Promise<void>;
  /** How long until data flows, at most. @default {HEALED_MS} */
  readonly healedMs?: number;
}

/** Firefox gives up a connection at once when its link is gone, and after 26 s of silence; Chromium never does. */
const FAULTS: readonly Fault[] = [
  {
    name: "its page moves to another network",
    kinds: ["cone", "cone"],
    browser: "chrome",
    loses: false,
    cause: move,
  },
];

const FURTHER_FAULTS: readonly Fault[] = [
  {
    name: "its page moves to another network",
    kinds: ["symmetric", "cone"],
    browser: "chrome",
    loses: false,
    cause: move,
  },
  {
    name: "its page moves to another network",
    kinds: ["cone", "cone"],
    browser: "firefox",
    loses: true,
    cause: move,
  },
  ...([3, 10, 40] as const).flatMap((seconds): Fault[] => [
    {
      name: `its page has no network for ${seconds} s`,
      kinds: ["cone", "cone"],
      browser: "chrome",
      loses: false,
      cause: ({ host }) => outage(seconds, () => host.unplug(), host.plug),
    },
    {
      name: `its router is silent for ${seconds} s`,
      kinds: ["cone", "cone"],
      browser: "chrome",
      loses: false,
      cause: ({ network }) =>
        outage(seconds, () => network.lose(1), () => network.lose(0)),
    },
    {
      name: `its page has no network for ${seconds} s`,
      kinds: ["cone", "cone"],
      browser: "firefox",
      loses: true,
      cause: ({ host }) => outage(seconds, host.unplug, host.plug),
    },
  ]),
  {
    name: "its router has forgotten all mappings",
    kinds: ["cone", "cone"],
    browser: "chrome",
    loses: false,
    cause: ({ network }) => network.forget(),
  },
  {
    name: "coturn is restarted (relayed by UDP)",
    kinds: ["symmetric", "symmetric"],
    browser: "chrome",
    loses: false,
    cause: ({ lab }) => lab.turn.coturn.restart(),
    // Only silence tells: the browser finds out after 7 s, and has patience for 2.
    healedMs: 15_000,
  },
  {
    name: "coturn is restarted (relayed by TCP)",
    kinds: ["udp-blocked", "udp-blocked"],
    browser: "chrome",
    loses: false,
    cause: ({ lab }) => lab.turn.coturn.restart(),
  },
  {
    name: "signaling is down for 5 s and its page moves to another network",
    kinds: ["cone", "cone"],
    browser: "chrome",
    loses: false,
    async cause({ lab, host, site }) {
      await site.close();
      await host.move(await lab.network("cone"));
      await seconds(5);
      await lab.site();
    },
    // Both pages wait up to 5 s before they look for the server again, and more by chance.
    healedMs: 15_000,
  },
];

/** How long a page is watched that loses packets. */
const LOSSY_SECONDS = 60;

Deno.test({
  name:
    "a pair connects, and stays connected, when a router loses a fifth of all packets",
  ignore: skip || !WHOLE,
  async fn() {
    await using lab = await makeLab();
    await lab.site();
    const networks = await Promise.all(
      ["cone", "cone"].map(() => lab.network("cone")),
    );
    await networks[0]?.lose(0.2);
    const hosts = await Promise.all(networks.map(lab.host));
    const startedAt = performance.now();
    const pages = await Promise.all(
      hosts.map(async (host, index) =>
        await openTalkingPage((await lab.browser(host)).browser, lab.origin, {
          host: lab.origin,
          room: "r",
          id: `page-${index}`,
          others: 1,
        })
      ),
    );
    await untilHeardAnew(pages);
    const tookMs = performance.now() - startedAt;
    console.log(
      `  browsers, pages and connection took ${Math.round(tookMs)} ms`,
    );
    await forgetEvents(pages);
    await seconds(LOSSY_SECONDS);
    await untilHeardAnew(pages);
    await networks[0]?.lose(0);
    assertEquals(await stopTalking(pages), []);
    for (const page of pages) {
      const { events } = await eventsOf(page);
      const names = new Set(events.map(([name]) => name));
      names.delete("peer-state");
      assertEquals([...names], []);
      const gapMs = await page.page.evaluate(() => talk.longestGapMs);
      console.log(`  longest gap ${Math.round(gapMs)} ms`);
    }
  },
});

async function move({ lab, host, network }: Scene): Promise<void> {
  await host.move(await lab.network(network.kind));
}

async function outage(
  lengthSeconds: number,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<void> {
  await begin();
  await seconds(lengthSeconds);
  await end();
}

/** The length of a fault is a part of it. */
function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

for (const fault of [...FAULTS, ...(WHOLE ? FURTHER_FAULTS : [])]) {
  const { name, kinds, browser, loses, healedMs = HEALED_MS } = fault;
  Deno.test({
    name: `a pair (${browser}, ${kinds.join(" and ")}) goes on when ${name}`,
    ignore: skip,
    async fn() {
      await using lab = await makeLab();
      const site = await lab.site();
      const networks = await Promise.all(kinds.map(lab.network));
      const hosts = await Promise.all(networks.map(lab.host));
      const pages = await Promise.all(hosts.map(async (host, index) => {
        const name = index === 0 ? browser : "chrome";
        return await openTalkingPage(
          (await lab.browser(host, name)).browser,
          lab.origin,
          { host: lab.origin, room: "r", id: `page-${index}`, others: 1 },
        );
      }));
      const [host] = hosts;
      const [network] = networks;
      assert(host && network);
      await untilHeardAnew(pages);
      await forgetEvents(pages);
      await fault.cause({ lab, site, host, network, pages });
      const endedAt = performance.now();
      await untilHeardAnew(pages);
      const tookMs = performance.now() - endedAt;
      console.log(`  data flows again after ${Math.round(tookMs)} ms`);
      if (!loses) assertEquals(await stopTalking(pages), []);
      for (const page of pages) {
        const { events } = await eventsOf(page);
        const gone = events.filter(([event]) =>
          event === "peer-disconnect" || event === "peerlist" ||
          !loses && event === "webrtc-close"
        );
        assertEquals(gone, []);
      }
      assert(tookMs < healedMs, `data flows again only after ${tookMs} ms`);
    },
  });
}
