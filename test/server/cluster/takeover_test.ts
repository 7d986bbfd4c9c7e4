import { assertEquals } from "@std/assert";
import { LIMITS } from "../../../protocol.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { SimulatedNodes } from "../../support/simulated_nodes.ts";
import { SimulatedPeer } from "../../support/simulated_room.ts";

/** Lets something happen to nodes, and to the peer "a" at the first of them. */
async function attack(
  run: (test: {
    nodes: SimulatedNodes;
    time: FakeTime;
    victim: SimulatedPeer;
  }) => Promise<void>,
  count = 2,
): Promise<void> {
  using time = new FakeTime();
  const nodes = new SimulatedNodes(time);
  await nodes.start(count);
  const victim = new SimulatedPeer("r", "a");
  assertEquals(await nodes.knock(victim, 0), undefined);
  await run({ nodes, time, victim });
  await nodes.close();
}

/** Whether the socket of a peer was left to it. */
function isIn({ socket }: SimulatedPeer): boolean {
  return socket?.readyState === WebSocket.OPEN;
}

const FORGED = `1.0.AAAAAAAA.${"A".repeat(43)}`;

for (const token of [undefined, FORGED]) {
  Deno.test(`Cluster lets nobody take an id while the engine is down with ${token ?? "no token"}`, async () => {
    await attack(async ({ nodes, time, victim }) => {
      nodes.hub.down();
      await time.flow(3_000);
      const thief = new SimulatedPeer("r", "a");
      assertEquals(await nodes.knock(thief, 1, token), undefined);
      nodes.hub.up();
      await time.flow(40_000);
      assertEquals([isIn(victim), isIn(thief)], [true, false]);
    });
  });
}

Deno.test("Cluster takes no token for good that was replaced, however often the session has moved", async () => {
  await attack(async ({ nodes, time, victim }) => {
    const tokens: string[] = [];
    for (const node of [1, 0, 1, 0]) {
      tokens.push(victim.welcome?.resume ?? "");
      victim.end(1006);
      assertEquals(await nodes.knock(victim, node), undefined);
      victim.ping();
      await time.flow(100);
    }
    for (const token of tokens) {
      for (const node of [0, 1]) {
        const thief = new SimulatedPeer("r", "a");
        assertEquals(await nodes.knock(thief, node, token), "id-taken");
      }
    }
    assertEquals(isIn(victim), true);
  });
});

Deno.test("Cluster gives an id to nobody who once had it, while the node of its peer only says nothing for a moment", async () => {
  await attack(async ({ nodes, time, victim: before }) => {
    const old = before.welcome?.resume ?? "";
    before.end(1000);
    const victim = new SimulatedPeer("r", "a");
    assertEquals(await nodes.knock(victim, 0), undefined);
    await time.flow(10_000);
    nodes.hub.split(nodes.node(0).name);
    const thief = new SimulatedPeer("r", "a");
    assertEquals(await nodes.knock(thief, 1, old), "id-taken");
    nodes.hub.heal(nodes.node(0).name);
    await time.flow(40_000);
    assertEquals(isIn(victim), true);
  });
});

Deno.test("Cluster gives an id back to whoever was there, when somebody who once had it took it meanwhile", async () => {
  await attack(async ({ nodes, time, victim: before }) => {
    const old = before.welcome?.resume ?? "";
    before.end(1000);
    const victim = new SimulatedPeer("r", "a");
    assertEquals(await nodes.knock(victim, 0), undefined);
    nodes.hub.split(nodes.node(0).name);
    // Long enough for its node to count as lost.
    await time.flow(10_000);
    const thief = new SimulatedPeer("r", "a");
    assertEquals(await nodes.knock(thief, 1, old), undefined);
    nodes.hub.heal(nodes.node(0).name);
    await time.flow(40_000);
    assertEquals([isIn(victim), isIn(thief)], [true, false]);
  });
});

Deno.test("Cluster lets whoever went to a node that was killed come back while the engine is down", async () => {
  await attack(async ({ nodes, victim }) => {
    victim.end(1006);
    assertEquals(await nodes.knock(victim, 1), undefined);
    nodes.node(1).kill();
    nodes.hub.down();
    assertEquals(await nodes.knock(victim, 0), undefined);
    assertEquals(victim.welcome?.session, "restored");
  });
});

Deno.test("Cluster keeps whoever went to another node, when an old token of theirs was taken while the engine was down", async () => {
  await attack(async ({ nodes, time, victim }) => {
    const old = victim.welcome?.resume ?? "";
    victim.end(1006);
    assertEquals(await nodes.knock(victim, 1), undefined);
    nodes.hub.down();
    const thief = new SimulatedPeer("r", "a");
    assertEquals(await nodes.knock(thief, 0, old), undefined);
    nodes.hub.up();
    await time.flow(40_000);
    assertEquals([isIn(victim), isIn(thief)], [true, false]);
  });
});

Deno.test("Cluster lets nobody into a room that is full at other nodes", async () => {
  await attack(async ({ nodes, time }) => {
    for (let index = 1; index < LIMITS.peersPerRoom; index++) {
      const peer = new SimulatedPeer("r", `p${index}`);
      assertEquals(await nodes.knock(peer, 0), undefined);
    }
    const late = [1, 2].flatMap((node) =>
      Array.from(
        { length: 20 },
        (_, index) =>
          new SimulatedPeer("r", `x${node}-${index}`)
            .knock(nodes.node(node), undefined),
      )
    );
    await time.flow(5_000);
    assertEquals(new Set(await Promise.all(late)), new Set(["room-full"]));
    // A room that was only looked at is none.
    assertEquals(nodes.node(1).lobby.status.rooms, 0);
  }, 3);
});

Deno.test("Cluster gives a session that two nodes are asked for to one of them, however their questions cross", async () => {
  for (let turns = 0; turns < 12; turns++) {
    await attack(async ({ nodes, time, victim }) => {
      victim.ping();
      victim.end(1006);
      const token = victim.welcome?.resume;
      const twins = [0, 1].map(() => new SimulatedPeer("r", "a"));
      const knocking = twins.map(async (twin, index) => {
        // The node that has it is asked a few microtasks after the other one.
        const wait = index === 0 ? turns : 0;
        for (let turn = 0; turn < wait; turn++) await Promise.resolve();
        return await twin.knock(nodes.node(index), token);
      });
      await time.flow(5_000);
      const codes = await Promise.all(knocking);
      assertEquals(codes.toSorted(), ["id-taken", undefined], `${turns}`);
    });
  }
});
