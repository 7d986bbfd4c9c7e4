import { assertEquals } from "@std/assert";
import { LIMITS } from "../../../protocol.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { SimulatedNodes } from "../../support/simulated_nodes.ts";
import { SimulatedPeer } from "../../support/simulated_room.ts";

/** Lets something happen to two nodes and peers of one room, the first at the first node and so on. */
async function among(
  count: number,
  run: (test: {
    nodes: SimulatedNodes;
    time: FakeTime;
    peers: SimulatedPeer[];
  }) => Promise<void>,
  { nodes: many = 2, skewMs = [] as number[] } = {},
): Promise<void> {
  using time = new FakeTime();
  const nodes = new SimulatedNodes(time);
  await nodes.start(many, skewMs);
  const peers: SimulatedPeer[] = [];
  for (let index = 0; index < count; index++) {
    const peer = new SimulatedPeer("r", "abcdefgh"[index] ?? "");
    peers.push(peer);
    assertEquals(await nodes.knock(peer, index % many), undefined);
  }
  await run({ nodes, time, peers });
  await nodes.close();
  await time.flow(16 * 60_000);
  assertEquals(time.timers, 0, "timers that are left");
}

function at(peers: SimulatedPeer[], index: number): SimulatedPeer {
  const peer = peers[index];
  if (!peer) throw new Error(`There is no peer ${index}`);
  return peer;
}

/** Whom a peer sees, with what they publish; those who are away in brackets. */
function seen({ members }: SimulatedPeer): string {
  return [...members.values()]
    .sort((one, other) => one.id < other.id ? -1 : 1)
    .map(({ id, presence, away }) => {
      const said = presence === null ? id : `${id}:${presence}`;
      return away ? `(${said})` : said;
    })
    .join(" ");
}

Deno.test("Cluster lets peers of two nodes see each other, and what they publish before and after", async () => {
  await among(3, async ({ time, peers }) => {
    assertEquals(peers.map(seen), ["b c", "a c", "a b"]);
    at(peers, 0).publish("x");
    at(peers, 1).publish("y");
    await time.flow(0);
    assertEquals(peers.map(seen), ["b:y c", "a:x c", "a:x b:y"]);
  });
});

Deno.test("Cluster hands signals on in order, and says so when it cannot", async () => {
  await among(2, async ({ time, peers }) => {
    const [a, b] = [at(peers, 0), at(peers, 1)];
    for (let number = 0; number < 1_000; number++) {
      a.tell("b", number);
      b.tell("a", number);
    }
    await time.flow(0);
    const numbers = Array.from({ length: 1_000 }, (_, number) => number);
    assertEquals(b.heard.map(({ number }) => number), numbers);
    assertEquals(a.heard.map(({ number }) => number), numbers);
  });
});

Deno.test("Cluster lets an id be had once, and again when it is given back", async () => {
  await among(2, async ({ nodes, time, peers }) => {
    const thief = new SimulatedPeer("r", "a");
    assertEquals(await nodes.knock(thief, 1), "id-taken");
    at(peers, 0).end(1000);
    await time.flow(0);
    assertEquals(seen(at(peers, 1)), "");
    assertEquals(await nodes.knock(thief, 1), undefined);
    assertEquals(seen(at(peers, 1)), "a");
  });
});

Deno.test("Cluster moves a session with what waits for it when its peer comes to another node", async () => {
  await among(3, async ({ nodes, time, peers }) => {
    const [a, b, c] = [at(peers, 0), at(peers, 1), at(peers, 2)];
    const joinedAt = a.welcome?.joinedAt;
    b.tell("a", 1);
    await time.flow(0);
    a.end(1006);
    await time.flow(0);
    assertEquals(seen(b), "(a) c");
    b.tell("a", 2);
    await time.flow(0);
    c.tell("a", 3);
    await time.flow(0);
    assertEquals(await nodes.knock(a, 1), undefined);
    assertEquals(a.welcome?.session, "resumed");
    assertEquals(a.welcome?.joinedAt, joinedAt);
    assertEquals(a.heard.map(({ number }) => number), [1, 2, 3]);
    await time.flow(0);
    assertEquals([seen(a), seen(b), seen(c)], ["b c", "a c", "a b"]);
    b.tell("a", 4);
    c.tell("a", 5);
    a.tell("c", 6);
    await time.flow(0);
    assertEquals(a.heard.map(({ number }) => number), [1, 2, 3, 4, 5]);
    assertEquals(c.heard.map(({ number }) => number), [6]);
    // And back.
    a.end(1006);
    assertEquals(await nodes.knock(a, 0), undefined);
    assertEquals(a.welcome?.session, "resumed");
    await time.flow(0);
    assertEquals([seen(a), seen(b), seen(c)], ["b c", "a c", "a b"]);
  });
});

Deno.test("Cluster has those away whose node is killed, takes them back at another, and lets the others go", async () => {
  await among(4, async ({ nodes, time, peers }) => {
    const [a, b, c, d] = [0, 1, 2, 3].map((index) => at(peers, index)) as [
      SimulatedPeer,
      SimulatedPeer,
      SimulatedPeer,
      SimulatedPeer,
    ];
    const joinedAt = a.welcome?.joinedAt;
    nodes.node(0).kill();
    for (const peer of [a, c]) {
      if (peer.socket) peer.socket.silent = true;
      peer.socket = undefined;
    }
    await time.flow(10_000);
    assertEquals(seen(b), "(a) (c) d");
    assertEquals(await nodes.knock(new SimulatedPeer("r", "c"), 1), "id-taken");
    assertEquals(await nodes.knock(a, 1), undefined);
    assertEquals(a.welcome?.session, "restored");
    assertEquals(a.welcome?.joinedAt, joinedAt);
    assertEquals(seen(a), "b (c) d");
    assertEquals(seen(b), "a (c) d");
    await time.flow(LIMITS.graceMs + 10_000);
    assertEquals([seen(b), seen(d)], ["a d", "a b"]);
  });
});

Deno.test("Cluster goes on alone when the engine is down, and everybody sees everybody when it is back", async () => {
  for (const downMs of [1_000, 20_000, 200_000]) {
    for (const forgets of [false, true]) {
      await among(2, async ({ nodes, time, peers }) => {
        const [a, b] = [at(peers, 0), at(peers, 1)];
        nodes.hub.down();
        if (forgets) nodes.hub.forget();
        const [c, d] = [
          new SimulatedPeer("r", "c"),
          new SimulatedPeer("r", "d"),
        ];
        assertEquals(await nodes.knock(c, 0), undefined);
        assertEquals(await nodes.knock(d, 1), undefined);
        assertEquals([...a.members.keys()].sort(), ["b", "c"]);
        assertEquals([...b.members.keys()].sort(), ["a", "d"]);
        a.tell("c", 1);
        a.publish("x");
        await time.flow(downMs);
        assertEquals(c.heard.length, 1);
        assertEquals(nodes.node(0).lobby.status.engine?.up, false);
        nodes.hub.up();
        await time.flow(10_000);
        assertEquals([a, b, c, d].map(seen), [
          "b c d",
          "a:x c d",
          "a:x b d",
          "a:x b c",
        ], `after ${downMs} ms`);
        d.tell("a", 2);
        await time.flow(0);
        assertEquals(a.heard.map(({ number }) => number), [2]);
      });
    }
  }
});

Deno.test("Cluster lets one of two stay who have taken one id while the engine was down", async () => {
  await among(2, async ({ nodes, time, peers }) => {
    nodes.hub.down();
    const [first, second] = [
      new SimulatedPeer("r", "x"),
      new SimulatedPeer("r", "x"),
    ];
    assertEquals(await nodes.knock(first, 0), undefined);
    assertEquals(await nodes.knock(second, 1), undefined);
    nodes.hub.up();
    await time.flow(10_000);
    assertEquals(first.socket?.readyState, WebSocket.OPEN);
    assertEquals(second.socket?.readyState, WebSocket.CLOSING);
    assertEquals(peers.map(seen), ["b x", "a x"]);
    at(peers, 1).tell("x", 1);
    await time.flow(0);
    assertEquals(first.heard.length, 1);
  });
});

Deno.test("Cluster keeps the session that went on when its peer changed nodes while the engine was down", async () => {
  await among(2, async ({ nodes, time, peers }) => {
    const [a, b] = [at(peers, 0), at(peers, 1)];
    nodes.hub.down();
    a.end(1006);
    assertEquals(await nodes.knock(a, 1), undefined);
    assertEquals(a.welcome?.session, "restored");
    nodes.hub.up();
    await time.flow(10_000);
    assertEquals(a.socket?.readyState, WebSocket.OPEN);
    assertEquals([seen(a), seen(b)], ["b", "a"]);
    await time.flow(LIMITS.graceMs + 10_000);
    assertEquals([seen(a), seen(b)], ["b", "a"]);
    assertEquals(nodes.node(0).lobby.status.peers, 0);
  });
});

Deno.test("Cluster gives back what was left while the engine was down, also when the node is killed then", async () => {
  await among(2, async ({ nodes, time, peers }) => {
    const a = at(peers, 0);
    nodes.hub.down();
    a.end(1000);
    await time.flow(0);
    nodes.hub.up();
    await time.flow(5_000);
    nodes.node(0).kill();
    a.welcome = undefined;
    assertEquals(await nodes.knock(a, 1), undefined);
  });
});

Deno.test("Cluster hands what was signaled while the engine was down to nobody who came by that id since", async () => {
  await among(2, async ({ nodes, time, peers }) => {
    const [a, b] = [at(peers, 0), at(peers, 1)];
    nodes.hub.down();
    b.end(1000);
    a.tell("b", 1);
    const next = new SimulatedPeer("r", "b");
    assertEquals(await nodes.knock(next, 1), undefined);
    nodes.hub.up();
    await time.flow(5_000);
    assertEquals(next.heard, []);
    a.tell("b", 2);
    await time.flow(0);
    assertEquals(next.heard.map(({ number }) => number), [2]);
  });
});

Deno.test("Cluster knows of whoever left the node to which it had gone that the id is free, also when the engine is down", async () => {
  await among(1, async ({ nodes, time, peers }) => {
    const a = at(peers, 0);
    a.end(1006);
    assertEquals(await nodes.knock(a, 1), undefined);
    assertEquals(a.welcome?.session, "resumed");
    a.end(1000);
    await time.flow(0);
    nodes.hub.down();
    a.welcome = undefined;
    assertEquals(await nodes.knock(a, 0), undefined);
  });
});

Deno.test("Cluster sees whoever came by an id while the engine was down, when it hears only then that another one had been there", async () => {
  await among(1, async ({ nodes, time, peers }) => {
    nodes.hub.down();
    for (const node of [2, 1]) {
      const b = new SimulatedPeer("r", "b");
      assertEquals(await nodes.knock(b, node), undefined);
      if (node === 2) b.end(1000);
    }
    nodes.hub.up();
    await time.flow(10_000);
    assertEquals(seen(at(peers, 0)), "b");
  }, { nodes: 3 });
});

Deno.test("Cluster tells that signals may be lost when a peer comes to a node that has not known it, from one that was killed", async () => {
  await among(2, async ({ nodes, time, peers }) => {
    const [a, b] = [at(peers, 0), at(peers, 1)];
    nodes.node(1).kill();
    a.tell("b", 1);
    b.socket = undefined;
    await time.flow(10_000);
    assertEquals([seen(a), a.joined], ["(b)", ["b"]]);
    assertEquals(await nodes.knock(b, 2), undefined);
    assertEquals(b.welcome?.session, "restored");
    assertEquals([seen(a), a.joined], ["b", ["b", "b"]]);
    a.tell("b", 2);
    await time.flow(0);
    assertEquals(b.heard.map(({ number }) => number), [2]);
  }, { nodes: 3 });
});

Deno.test("Cluster lets newcomers be the youngest when the clocks of nodes differ by a minute", async () => {
  await among(4, ({ peers }) => {
    const times = peers.map(({ welcome }) => welcome?.joinedAt ?? 0);
    assertEquals(times, times.toSorted((a, b) => a - b));
    assertEquals(new Set(times).size, 4);
    return Promise.resolve();
  }, { skewMs: [60_000, -60_000] });
});

Deno.test("Cluster keeps those away who go on elsewhere when a node stops", async () => {
  await among(3, async ({ nodes, time, peers }) => {
    const [a, b, c] = [at(peers, 0), at(peers, 1), at(peers, 2)];
    const draining = nodes.node(0).lobby.drain();
    await time.flow(0);
    b.tell("a", 1);
    a.end(4003);
    assertEquals(await nodes.knock(a, 1), undefined);
    assertEquals(a.welcome?.session, "resumed");
    assertEquals(a.heard.length, 1);
    await time.flow(5_000);
    await draining;
    assertEquals(seen(b), "a (c)");
    c.end(4000);
    assertEquals(await nodes.knock(c, 1), undefined);
    assertEquals(c.welcome?.session, "restored");
    assertEquals([seen(a), seen(b), seen(c)], ["b c", "a c", "a b"]);
  });
});

Deno.test("Cluster waits for those to move who have dropped their sockets when a node stops", async () => {
  await among(3, async ({ nodes, time, peers }) => {
    const [a, b, c] = [at(peers, 0), at(peers, 1), at(peers, 2)];
    const draining = nodes.node(0).lobby.drain();
    a.end(4003);
    c.end(4003);
    await time.flow(1_000);
    b.tell("a", 1);
    await time.flow(0);
    for (const peer of [a, c]) {
      assertEquals(await nodes.knock(peer, 1), undefined);
      assertEquals(peer.welcome?.session, "resumed");
    }
    assertEquals(a.heard.length, 1);
    await draining;
    assertEquals([seen(a), seen(b), seen(c)], ["b c", "a c", "a b"]);
  });
});

Deno.test("Cluster tells those of a node that stops of newcomers elsewhere, who dial them", async () => {
  await among(1, async ({ nodes, time, peers }) => {
    const [a, b] = [at(peers, 0), new SimulatedPeer("r", "b")];
    const draining = nodes.node(0).lobby.drain();
    assertEquals(await nodes.knock(b, 1), undefined);
    assertEquals([seen(a), seen(b)], ["b", "a"]);
    b.tell("a", 1);
    await time.flow(0);
    assertEquals(a.heard.length, 1);
    a.end(4003);
    assertEquals(await nodes.knock(a, 1), undefined);
    await draining;
    assertEquals(a.heard.length, 1);
  });
});

Deno.test("Cluster waits for no node that has just left a room", async () => {
  await among(1, async ({ nodes, time, peers }) => {
    const a = at(peers, 0);
    for (const node of [1, 0, 1]) {
      a.ping();
      a.end(1006);
      await time.flow(10);
      const before = time.passed;
      assertEquals(await nodes.knock(a, node), undefined);
      assertEquals(a.welcome?.session, "resumed");
      assertEquals(time.passed - before < 500, true);
    }
  });
});
