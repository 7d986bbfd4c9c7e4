import { assert, assertEquals } from "@std/assert";
import type { Page } from "puppeteer";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { startBrowser } from "../support/browsers.ts";

/** Two hundred rounds, instead of every lead three times. */
const WHOLE = Deno.args.includes("--whole");

/** How far one side is ahead at most, in milliseconds. */
const LEAD_MS = 10;
const LEADS = 2 * LEAD_MS + 1;
const ROUNDS = WHOLE ? 200 : 3 * LEADS;

/** What the glare page keeps beside the connection. */
declare global {
  /** Every RTCPeerConnection that the client has made. */
  var made: RTCPeerConnection[];
  /** The candidates that each of them gathered. */
  var gathered: Map<RTCPeerConnection, RTCIceCandidate[]>;
  /** Candidates that the browser would not take. */
  var refused: string[];
}

/** Replaces the class in the page by one that keeps account. */
function keepAccount(): void {
  globalThis.made = [];
  globalThis.gathered = new Map();
  globalThis.refused = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
      const mine: RTCIceCandidate[] = [];
      gathered.set(this, mine);
      this.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate?.candidate) mine.push(candidate);
      });
    }

    override async addIceCandidate(
      candidate?: RTCIceCandidateInit | null,
    ): Promise<void> {
      try {
        await super.addIceCandidate(candidate);
      } catch (error) {
        refused.push(String(error));
        throw error;
      }
    }
  };
}

/** The ports of the candidates that a page has gathered under its present ICE credentials, and of those it knows of the other side. */
function candidatePorts(
  page: Page,
  peerId: string,
): Promise<{ gathered: number[]; known: number[] }> {
  return page.evaluate((id) => {
    const pc = connection.peers.get(id)?.pc;
    const local = pc?.localDescription?.sdp ?? "";
    const remote = pc?.remoteDescription?.sdp ?? "";
    const mine = (pc && gathered.get(pc)) ?? [];
    return {
      gathered: mine
        .filter(({ usernameFragment }) =>
          local.includes(`a=ice-ufrag:${usernameFragment}\r`)
        )
        .map(({ port }) => port ?? 0),
      known: [...remote.matchAll(/^a=candidate:\S+ 1 \w+ \d+ \S+ (\d+)/gm)].map(
        ([, port]) => Number(port),
      ),
    };
  }, peerId);
}

Deno.test(`negotiation ends in one stable connection when both sides dial and renegotiate at the same moment, ${ROUNDS} rounds`, async () => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");
  await using first = await openPage(chrome.browser, site.url);
  await using second = await openPage(chrome.browser, site.url);
  const pages = [first.page, second.page] as const;

  const ids: string[] = [];
  for (const page of pages) {
    await page.evaluate(keepAccount);
    ids.push(
      await page.evaluate(async (host) => {
        globalThis.connection = await webrtc.connect({
          host,
          room: "glare",
          autoConnect: false,
        });
        return connection.socket.id;
      }, site.url),
    );
  }
  const [one, two] = ids as [string, string];
  const both = [[first.page, two], [second.page, one]] as const;

  for (let round = 0; round < ROUNDS; round++) {
    // One side is ahead by a little, by turns, so that the offers meet at every stage.
    const leadMs = (round % LEADS) - LEAD_MS;
    const at = Date.now() + 30;
    const heard = await Promise.all(
      both.map(([page, other], side) =>
        page.evaluate(
          async (other, at, round) => {
            const moment = (at: number) =>
              new Promise((resolve) => setTimeout(resolve, at - Date.now()));
            const heard = next(connection, "message");
            await moment(at);
            await connection.connectToPeer(other);
            const pc = connection.peers.get(other)?.pc;
            if (!pc) {
              throw new Error("The pair is gone");
            }
            // Now renegotiate: every round new ICE credentials, every tenth a new media section too.
            const stable = new Promise<void>((resolve) => {
              const { sdp } = pc.localDescription ?? {};
              const check = () => {
                const changed = pc.localDescription?.sdp !== sdp;
                if (
                  changed && pc.signalingState === "stable" &&
                  pc.connectionState === "connected"
                ) resolve();
              };
              pc.addEventListener("signalingstatechange", check);
              pc.addEventListener("connectionstatechange", check);
              pc.addEventListener("iceconnectionstatechange", check);
            });
            if (round % 10 === 0) pc.addTransceiver("audio");
            pc.restartIce();
            await stable;
            await connection.send(`round ${round}`);
            return (await heard).data;
          },
          other,
          at + (side === 0 ? Math.max(0, leadMs) : Math.max(0, -leadMs)),
          round,
        )
      ),
    );
    assertEquals(heard, [`round ${round}`, `round ${round}`]);

    for (const [page, other] of both) {
      // The second offer of a glare may still be under way: wait until nothing moves.
      await page.waitForFunction(
        (id) => {
          const pc = connection.peers.get(id)?.pc;
          return pc?.signalingState === "stable" &&
            pc.iceGatheringState === "complete" &&
            pc.connectionState === "connected";
        },
        // A page in the background gets no animation frames.
        { polling: 10 },
        other,
      );
    }
    // Candidates travel behind their description: ask again until the last batch is in.
    let lost: number[] = [];
    for (let asked = 0; asked < 500; asked++) {
      const [a, b] = await Promise.all(
        both.map(([page, other]) => candidatePorts(page, other)),
      );
      assert(a && b && a.gathered.length > 0 && b.gathered.length > 0);
      lost = [
        ...a.gathered.filter((port) => !b.known.includes(port)),
        ...b.gathered.filter((port) => !a.known.includes(port)),
      ];
      if (lost.length === 0) break;
    }
    assertEquals(
      lost,
      [],
      `round ${round}: every candidate of one side is known to the other`,
    );

    const open = await Promise.all(
      pages.map((page) =>
        page.evaluate(() =>
          made.filter((pc) => pc.signalingState !== "closed").length
        )
      ),
    );
    assertEquals(open, [1, 1], `round ${round}: one connection on each side`);

    const gone = second.page.evaluate(() =>
      next(connection, "peer-disconnect")
    );
    await first.page.evaluate(() => connection.peerDisconnect());
    assertEquals(await gone, one);
  }

  for (const page of pages) {
    assertEquals(await page.evaluate(() => refused), []);
    const left = await page.evaluate(() => {
      connection.close();
      return made.filter((pc) => pc.signalingState !== "closed").length;
    });
    assertEquals(left, 0, "nothing is left open");
  }
  assertEquals([...first.complaints, ...second.complaints], []);
});
