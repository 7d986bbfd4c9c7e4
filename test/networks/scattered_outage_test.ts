import { assertEquals } from "@std/assert";
import { whyNoCoturn } from "../support/coturn.ts";
import { whyNoNetworks } from "../support/network.ts";
import {
  eventsOf,
  forgetEvents,
  openTalkingPage,
  stopTalking,
  untilHeardAnew,
} from "../support/talking_pages.ts";
import { makeLab } from "./lab.ts";
import { NETWORK_KINDS, type NetworkKind } from "./network_kind.ts";

const skip = await whyNoNetworks() !== undefined ||
  await whyNoCoturn() !== undefined;

const WHOLE = Deno.args.includes("--whole");

/** Where eight pages are; the first one loses its network. */
const KINDS: readonly NetworkKind[] = ["cone", ...NETWORK_KINDS, "symmetric"];

/** The length of the fault is a part of it. */
const OUTAGE_MS = 10_000;

Deno.test({
  name:
    "eight scattered pages go on, with every message, when one of them has no network for 10 s",
  ignore: skip || !WHOLE,
  async fn() {
    await using lab = await makeLab();
    await lab.site();
    const hosts = await Promise.all(
      KINDS.map(async (kind) => await lab.host(await lab.network(kind))),
    );
    const pages = await Promise.all(
      hosts.map(async (host, index) =>
        await openTalkingPage((await lab.browser(host)).browser, lab.origin, {
          host: lab.origin,
          room: "r",
          id: `page-${index}`,
          others: KINDS.length - 1,
        })
      ),
    );
    await untilHeardAnew(pages);
    await forgetEvents(pages);
    await hosts[0]?.unplug();
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    await hosts[0]?.plug();
    const endedAt = performance.now();
    await untilHeardAnew(pages);
    const tookMs = Math.round(performance.now() - endedAt);
    console.log(`  all 56 directed pairs talk again after ${tookMs} ms`);
    assertEquals(await stopTalking(pages), []);
    for (const page of pages) {
      const { events } = await eventsOf(page);
      const gone = events.filter(([name]) =>
        /^(peer-disconnect|peerlist|webrtc-close)$/.test(name)
      );
      assertEquals(gone, []);
      await page.page.evaluate(() => connection.converged());
    }
  },
});
