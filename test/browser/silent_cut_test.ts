import { assertEquals } from "@std/assert";
import { publicStun, serve } from "../../server/mod.ts";
import { startBrowser } from "../support/browsers.ts";
import { makeNetwork, whyNoNetworks } from "../support/network.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startSite } from "../support/site.ts";
import {
  eventsOf,
  forgetEvents,
  openTalkingPage,
  stopTalking,
  untilJoinedAgain,
} from "../support/talking_pages.ts";

const skip = await whyNoNetworks() !== undefined;

/** How long the others may take to hear of a socket that was cut. */
const AWAY_MS = 45_000;

Deno.test({
  name:
    "Connection whose socket is cut silently is away, then back with every signal in order, and its data channels never notice",
  ignore: skip,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await makeNetwork());
    // One port is cut, the other is not: the page itself comes from there.
    const site = stack.use(await startSite({}, "0.0.0.0"));
    const server = stack.use(
      serve({
        port: 0,
        hostname: "0.0.0.0",
        turn: publicStun([]),
      }),
    );
    const { port } = server.addr;
    const page = `http://${network.outside}:${site.addr.port}`;
    const host = `http://${network.outside}:${port}`;
    // Names of mDNS are not heard across the cable.
    const near = stack.use(
      await startBrowser("chrome", { tellsAddresses: true }),
    );
    const far = stack.use(await startBrowser("chrome", { network }));
    const room = "r";
    const [stays, goes] = await Promise.all([
      openTalkingPage(near.browser, page, {
        host,
        room,
        id: "near",
        others: 1,
      }),
      openTalkingPage(far.browser, page, { host, room, id: "far", others: 1 }),
    ]);
    stack.use(stays);
    stack.use(goes);
    const teller = stack.use(
      await RawPeer.join(`http://127.0.0.1:${port}`, room, "teller"),
    );
    for (const { page } of [stays, goes]) {
      // Not with `next` in a loop: a new listener hears the present list at once, again and again.
      await page.evaluate(() =>
        new Promise<void>((resolve) => {
          connection.on(
            "peerlist",
            (list) => list.includes("teller") && resolve(),
          );
        })
      );
    }
    await forgetEvents([stays, goes]);
    // The client hands on what is no signal of a pair to nobody, so listen to its socket.
    await goes.page.evaluate(() => {
      globalThis.told = [];
      connection.socket.addEventListener("message", ({ data }) => {
        const { type, from, data: said } = JSON.parse(data);
        if (type === "signal" && from === "teller") told.push(said);
      });
    });
    const tell = (data: string) =>
      teller.send({ type: "signal", to: "far", data });

    await network.cut(port);
    const cutAt = performance.now();
    for (let number = 0; number < 10; number++) tell(`${number}`);
    assertEquals(await teller.next("away"), { type: "away", id: "far" });
    const tookMs = performance.now() - cutAt;
    assertEquals(tookMs < AWAY_MS, true, `away after ${tookMs} ms`);
    for (let number = 10; number < 20; number++) tell(`${number}`);
    await teller.settled();
    await network.mend(port);
    assertEquals(await teller.next("back"), { type: "back", id: "far" });

    await untilJoinedAgain([goes]);
    const heard = await goes.page.evaluate(async () => {
      while (told.length < 20) {
        await new Promise((resolve) =>
          connection.socket.addEventListener("message", resolve, {
            once: true,
          })
        );
      }
      return told;
    });
    assertEquals(heard, Array.from({ length: 20 }, (_, index) => `${index}`));
    assertEquals(await stopTalking([stays, goes]), []);
    assertEquals((await eventsOf(stays)).events, [
      ["peer-away", { peer: "far", away: true }],
      ["peer-away", { peer: "far", away: false }],
    ]);
    assertEquals((await eventsOf(goes)).events, []);
  },
});
