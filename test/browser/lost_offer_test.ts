import { assertEquals } from "@std/assert";
import type { Connection } from "../../mod.ts";
import { publicStun, serve } from "../../server/mod.ts";
import { startBrowser } from "../support/browsers.ts";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";

declare global {
  /** The two ends of a pair. */
  var pair: [a: Connection, b: Connection];
  /** Whether the first of them is kept from the server. */
  var held: boolean;
}

/** Asks nobody outside for anything. */
const SILENT = publicStun([]);

Deno.test("Connection goes on negotiating when an offer was lost at a server that did not know its peer yet", async () => {
  await using site = await startSite();
  const first = serve({ port: 0, hostname: "127.0.0.1", turn: SILENT });
  const { port } = first.addr;
  const host = first.url;
  await using chrome = await startBrowser("chrome");
  await using opened = await openPage(chrome.browser, site.url);
  const { page } = opened;
  await page.evaluate(async (host) => {
    globalThis.held = false;
    class Held extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        // The discard port, where nobody answers.
        super(held ? "ws://127.0.0.1:9" : url, protocols);
      }
    }
    const options = { host, room: "r", WebSocket: Held };
    const a = await webrtc.connect({ ...options, id: "a" });
    const b = await webrtc.connect({ host, room: "r", id: "b" });
    globalThis.pair = [a, b];
    await Promise.all([a.connectToPeer("b"), b.connectToPeer("a")]);
  }, host);
  await page.evaluate(() => void (globalThis.held = true));
  await first.close();
  // The impolite one offers while there is no server; its offer waits, and is sent first of all.
  await page.evaluate(async () => {
    const [a, b] = globalThis.pair;
    for (const each of [a, b]) {
      while (each.state !== "away") await next(each, "state");
    }
    const pc = b.peers.get("a")?.pc;
    pc?.addTransceiver("audio");
    await new Promise((resolve) =>
      pc?.addEventListener("signalingstatechange", resolve, { once: true })
    );
  });
  await using _second = serve({ port, hostname: "127.0.0.1", turn: SILENT });
  const found = await page.evaluate(async () => {
    const [a, b] = globalThis.pair;
    const pcs = [a.peers.get("b")?.pc, b.peers.get("a")?.pc];
    const [ofA, ofB] = pcs;
    const heard = new Promise((resolve) =>
      ofA?.addEventListener("signalingstatechange", resolve, { once: true })
    );
    while (b.state !== "joined") await next(b, "state");
    // Only now the one comes back whom the offer is for.
    globalThis.held = false;
    globalThis.dispatchEvent(new Event("online"));
    await heard;
    while (ofB?.signalingState !== "stable") {
      await new Promise((resolve) =>
        ofB?.addEventListener("signalingstatechange", resolve, { once: true })
      );
    }
    const transceivers = pcs.map((pc) => pc?.getTransceivers().length);
    a.close();
    b.close();
    return transceivers;
  });
  assertEquals(found, [1, 1]);
});
