import { assertEquals } from "@std/assert";
import { whyNoCoturn } from "../support/coturn.ts";
import { whyNoNetworks } from "../support/network.ts";
import { openPage } from "../support/open_page.ts";
import "../support/page_globals.ts";
import { makeLab } from "./lab.ts";
import { NETWORK_KINDS, type NetworkKind } from "./network_kind.ts";

const skip = await whyNoNetworks() !== undefined ||
  await whyNoCoturn() !== undefined;

/** One network of each kind, and another one of the kind that most people are in. */
const KINDS: readonly NetworkKind[] = [...NETWORK_KINDS, "cone"];

/** How often the room is made in a row. */
const RUNS = Deno.args.includes("--whole") ? 10 : 1;

Deno.test({
  name:
    `connect delivers on all 56 directed pairs when eight pages join at once from seven networks, ${RUNS} of ${RUNS} times`,
  ignore: skip,
  async fn() {
    await using lab = await makeLab();
    await lab.site();
    const networks = await Promise.all(KINDS.map((kind) => lab.network(kind)));
    // Two pages share a network.
    const homes = [...networks, ...networks.slice(-1)];
    const pages = await Promise.all(homes.map(async (network) => {
      const { browser } = await lab.browser(await lab.host(network));
      return await openPage(browser, lab.origin);
    }));
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const options = {
        host: lab.origin,
        room: `run ${run}`,
        others: pages.length - 1,
      };
      const met = await Promise.all(
        pages.map(({ page }) => page.evaluate(meetAll, options)),
      );
      const ids = met.map(({ id }) => id).sort();
      for (const { id, heard } of met) {
        assertEquals(heard, ids.filter((other) => other !== id), `run ${run}`);
      }
      times.push(Math.max(...met.map(({ tookMs }) => tookMs)));
      await Promise.all(
        pages.map(({ page }) => page.evaluate(() => connection.close())),
      );
    }
    console.log(
      `56 of 56 pairs after ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`,
    );
    assertEquals(pages.flatMap(({ complaints }) => complaints), []);
  },
});

/** Runs in the page: tells everybody its own id, and waits until everybody has told theirs. */
async function meetAll(
  { host, room, others }: { host: string; room: string; others: number },
): Promise<{ id: string; heard: string[]; tookMs: number }> {
  const startedAt = performance.now();
  const connection = globalThis.connection = await webrtc.connect({
    host,
    room,
  });
  const { id } = connection.socket;
  const heard = new Set<string>();
  const all = new Promise<void>((resolve) => {
    connection.on("message", ({ data, peer }) => {
      if (data === peer && heard.add(peer).size === others) resolve();
    });
  });
  connection.on("peer", ([to]) => void connection.send(id, { to }));
  await all;
  return {
    id,
    heard: [...heard].sort(),
    tookMs: performance.now() - startedAt,
  };
}
