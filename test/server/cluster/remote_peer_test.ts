import { assertEquals } from "@std/assert";
import { RemotePeer } from "../../../server/cluster/remote_peer.ts";

/** A peer at node 1, and what is sent and asked because of it. */
function peerAt1(alive: readonly string[]): {
  peer: RemotePeer;
  did: string[];
} {
  const did: string[] = [];
  const peer = new RemotePeer({
    id: "x",
    room: "r",
    joinedAt: 1,
    node: "1",
    sequence: 1,
    send({ node }, frame) {
      did.push(`${frame} to ${node}`);
      return true;
    },
    drop: () => {},
    fence(_, node) {
      if (alive.includes(node)) did.push(`fence ${node}`);
      return alive.includes(node);
    },
  });
  return { peer, did };
}

Deno.test("RemotePeer holds signals back until each node that it has left has handed on what came before", () => {
  const { peer, did } = peerAt1(["1", "2", "3"]);
  peer.offer("a");
  peer.move("2", false);
  peer.offer("b");
  peer.move("3", false);
  peer.offer("c");
  assertEquals(did, ["a to 1", "fence 1"]);
  peer.fenced("2");
  peer.fenced("1");
  assertEquals(did, ["a to 1", "fence 1", "fence 2"]);
  peer.fenced("2");
  assertEquals(did.slice(3), ["b to 3", "c to 3"]);
  peer.offer("d");
  assertEquals(did.slice(5), ["d to 3"]);
});

Deno.test("RemotePeer waits for no node that is lost", () => {
  const { peer, did } = peerAt1(["3"]);
  peer.move("2", false);
  peer.offer("a");
  assertEquals(did, ["a to 2"]);
});

Deno.test("RemotePeer is busy when much waits for a node that it has left", () => {
  const { peer } = peerAt1(["1"]);
  peer.move("2", false);
  const taken = Array.from({ length: 300 }, () => peer.offer("x"));
  assertEquals(taken.filter(Boolean).length, 256);
});

Deno.test("RemotePeer that comes here keeps what waits until its node has handed on what came before", async () => {
  const { peer, did } = peerAt1(["1"]);
  peer.offer("a");
  let here = false;
  const coming = peer.come().then(() => here = true);
  peer.offer("b");
  await Promise.resolve();
  assertEquals([here, did], [false, ["a to 1", "fence 1"]]);
  peer.fenced("1");
  peer.offer("c");
  await coming;
  assertEquals(peer.held, ["b", "c"]);
  assertEquals(did.length, 2);
});
