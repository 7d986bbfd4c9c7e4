import { assert, assertEquals } from "@std/assert";
import { nodeOf } from "../support/start_cluster.ts";
import { tell } from "../support/tell.ts";
import { flush, WirePeer } from "../support/wire_peer.ts";
import type { Cluster } from "../support/start_cluster.ts";
import type { Step } from "./step.ts";

/** Limits of the nodes of these tests, which make them quick. */
export const LIMITS = {
  peersPerRoom: 8,
  graceMs: 1_500,
  socketsPerAddress: 10_000,
  framesPerSecond: 1_000_000,
  frameBurst: 1_000_000,
} as const;

/** One peer at each node. */
async function onePerNode(
  { nodes }: Cluster,
  room: string,
  stack: AsyncDisposableStack,
): Promise<[WirePeer, WirePeer, WirePeer]> {
  const peers: WirePeer[] = [];
  for (const [index, { url }] of nodes.entries()) {
    const id = `peer-${index}`;
    peers.push(stack.use(await WirePeer.join(url, { room, id })));
  }
  const [first, second, third] = peers;
  assert(first && second && third);
  await flush(peers);
  return [first, second, third];
}

/** Who is in a room, and what others hear of it. */
export const MEMBERSHIP: readonly Step[] = [
  {
    name:
      "is the same on all nodes, for who was there before and who comes after",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const peers = await onePerNode(cluster, "same", stack);
      for (const [index, peer] of peers.entries()) {
        const before = peer.welcome.peers.map(({ id }) => id).sort();
        const after = peer.heard.flatMap((message) =>
          message.type === "join" ? message.peer.id : []
        );
        assertEquals(before, ["peer-0", "peer-1", "peer-2"].slice(0, index));
        assertEquals(after, ["peer-0", "peer-1", "peer-2"].slice(index + 1));
      }
      const joinedAt = new Map(
        peers.map(({ id, welcome }) => [id, welcome.joinedAt]),
      );
      const late = stack.use(
        await WirePeer.join(nodeOf(cluster, 1).url, {
          room: "same",
          id: "late",
        }),
      );
      const seen = late.welcome.peers.map(({ id, joinedAt, away }) =>
        [id, joinedAt, away] as const
      ).sort();
      assertEquals(
        seen,
        peers.map(({ id }) => [id, joinedAt.get(id) ?? 0, false] as const),
      );
    },
  },
  {
    name: "shows what a peer publishes on all nodes, until it takes it back",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const [first, ...others] = await onePerNode(cluster, "shown", stack);
      first.publish("one");
      first.publish("two");
      for (const other of others) {
        await other.hears(first.id, "presence two");
        assertEquals(other.of(first.id).slice(-2), [
          "presence one",
          "presence two",
        ]);
      }
      const third = nodeOf(cluster, 2).url;
      const claim = { room: "shown", id: "late" };
      const late = stack.use(await WirePeer.join(third, claim));
      const seen = late.welcome.peers.find(({ id }) => id === first.id);
      assertEquals(seen?.presence, "two");
      first.publish(null);
      for (const other of [...others, late]) {
        await other.hears(first.id, "presence null");
      }
    },
  },
  {
    name:
      "tells all nodes of a peer that is away, and is back on the same node",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const [first, ...others] = await onePerNode(cluster, "back", stack);
      await first.settled();
      await first.drop();
      for (const other of others) await other.hears(first.id, "away");
      const again = stack.use(
        await WirePeer.join(nodeOf(cluster, 0).url, {
          room: "back",
          id: first.id,
          resume: first.welcome.resume,
        }),
      );
      assertEquals(again.welcome.session, "resumed");
      assertEquals(again.welcome.joinedAt, first.welcome.joinedAt);
      for (const other of others) {
        await other.hears(first.id, "back");
        assertEquals(other.of(first.id).slice(-2), ["away", "back"]);
      }
    },
  },
  {
    name: "tells all nodes of a peer that does not come back",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const [first, ...others] = await onePerNode(cluster, "lost", stack);
      await first.settled();
      const startedAt = performance.now();
      await first.drop();
      for (const other of others) await other.hears(first.id, "leave lost");
      const tookMs = performance.now() - startedAt;
      assert(tookMs > LIMITS.graceMs - 100, `left after ${tookMs} ms`);
      for (const other of others) {
        assertEquals(other.of(first.id).slice(-2), ["away", "leave lost"]);
      }
    },
  },
  {
    name:
      "tells all nodes of a peer that says goodbye, and of one that was dropped",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const [first, second, third] = await onePerNode(cluster, "gone", stack);
      await Promise.all([first.settled(), second.settled()]);
      await first[Symbol.asyncDispose]();
      for (const other of [second, third]) {
        await other.hears(first.id, "leave goodbye");
        assertEquals(other.of(first.id).includes("away"), false);
      }
      second.raw.socket.send(new Uint8Array(1));
      await third.hears(second.id, "leave dropped");
      assertEquals(third.of(second.id).includes("away"), false);
    },
  },
  {
    name:
      "answers a signal to nobody, and to a peer that has left another node",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const [first, second] = await onePerNode(cluster, "nobody", stack);
      const refused = (to: string) =>
        first.heard.flatMap((message) =>
          message.type === "error" && message.to === to ? message.code : []
        );
      first.signal("nobody", "hello");
      await first.until("a fault", () => refused("nobody").length > 0);
      assertEquals(refused("nobody"), ["unknown-peer"]);
      await second[Symbol.asyncDispose]();
      await first.hears(second.id, "leave goodbye");
      first.signal(second.id, "hello");
      await first.until("a fault", () => refused(second.id).length > 0);
      assertEquals(refused(second.id), ["unknown-peer"]);
    },
  },
  {
    name: `holds ${LIMITS.peersPerRoom} peers, wherever they are`,
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const room = "full";
      const peers: WirePeer[] = [];
      for (let index = 0; index < LIMITS.peersPerRoom; index++) {
        const { url } = nodeOf(cluster, index % cluster.nodes.length);
        const id = `peer-${index}`;
        peers.push(stack.use(await WirePeer.join(url, { room, id })));
      }
      await flush(peers);
      for (const { url } of cluster.nodes) {
        const late = new WirePeer(url, { room, id: "late" });
        assertEquals([await late.welcomed(), late.refusal], [false, 409]);
        const { code } = await tell(`${url}/parties/main/${room}?_pk=late`);
        assertEquals(code, "room-full");
      }
      const [gone, ...others] = peers;
      await gone?.[Symbol.asyncDispose]();
      for (const other of others) {
        await other.hears(gone?.id ?? "", "leave goodbye");
      }
      const { url } = nodeOf(cluster, 1);
      const late = stack.use(await WirePeer.join(url, { room, id: "late" }));
      assertEquals(late.welcome.peers.length, LIMITS.peersPerRoom - 1);
    },
  },
];
