import { assertEquals } from "@std/assert";
import { nodeOf } from "../support/start_cluster.ts";
import { tell } from "../support/tell.ts";
import { WirePeer } from "../support/wire_peer.ts";
import type { Step } from "./step.ts";

/** How often two nodes are asked for the same id at once. */
const TWINS = 1_000;
/** How often three are. */
const TRIPLETS = 100;
/** How many ids are claimed at the same time. */
const AT_ONCE = 20;
/** How often an id goes from node to node. */
const FREED = 30;

/** Who holds an id. */
export const CLAIMS: readonly Step[] = [
  {
    name:
      `gives an id that two nodes are asked for at once to one of them, ${TWINS} times`,
    run: ({ nodes }) => race(nodes.map(({ url }) => url), 2, TWINS),
  },
  {
    name:
      `gives an id that three nodes are asked for at once to one of them, ${TRIPLETS} times`,
    run: ({ nodes }) => race(nodes.map(({ url }) => url), 3, TRIPLETS),
  },
  {
    name: "gives an id on another node as soon as its leave is heard there",
    async run({ nodes }) {
      for (let turn = 0; turn < FREED; turn++) {
        const [from, to] = [0, 1].map((step) =>
          nodes[(turn + step) % nodes.length]?.url ?? ""
        );
        const room = `freed ${turn}`;
        await using witness = await WirePeer.join(to ?? "", {
          room,
          id: "witness",
        });
        const first = await WirePeer.join(from ?? "", { room, id: "id" });
        await first.settled();
        await witness.hears("id", "join");
        await first[Symbol.asyncDispose]();
        await witness.hears("id", "leave goodbye");
        await using second = await WirePeer.join(to ?? "", { room, id: "id" });
        assertEquals(second.welcome.session, "new");
      }
    },
  },
  {
    name: "answers a plain GET with an id that is taken on another node by 409",
    async run(cluster) {
      const room = "asked";
      await using _holder = await WirePeer.join(nodeOf(cluster, 0).url, {
        room,
        id: "id",
      });
      for (const { url } of cluster.nodes) {
        const { status, code } = await tell(
          `${url}/parties/main/${room}?_pk=id`,
        );
        assertEquals([status, code], [409, "id-taken"], url);
      }
      const { status } = await nodeOf(cluster, 1)
        .get(`/parties/main/${room}?_pk=other`);
      assertEquals(status, 200);
    },
  },
];

/** Asks `count` nodes for the same id, again and again with others. */
async function race(
  urls: readonly string[],
  count: number,
  times: number,
): Promise<void> {
  const wrong: string[] = [];
  const wins = urls.map(() => 0);
  let next = 0;

  async function runner(): Promise<void> {
    for (let turn = next++; turn < times; turn = next++) {
      const room = `race of ${count}, ${turn}`;
      const asked = Array.from(
        { length: count },
        (_, index) => (turn + index) % urls.length,
      );
      const peers = asked.map((index) =>
        new WirePeer(urls[index] ?? "", { room, id: "id" })
      );
      const in_ = await Promise.all(peers.map((peer) => peer.welcomed()));
      const refusals = peers.flatMap(({ refusal }) => refusal ?? []);
      const fair = in_.filter(Boolean).length === 1 &&
        refusals.every((status) => status === 409);
      if (!fair) wrong.push(`${room}: ${in_} at ${asked}, ${refusals}`);
      const winner = asked[in_.indexOf(true)];
      if (winner !== undefined) wins[winner] = (wins[winner] ?? 0) + 1;
      await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  assertEquals(wrong, []);
  // Whoever wins always does not race.
  assertEquals(wins.filter((count) => count === 0), [], `${wins}`);
}
