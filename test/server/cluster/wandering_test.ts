import { assertEquals } from "@std/assert";
import type { LinkOptions } from "../../../server/backplane/backplane.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { SimulatedNodes } from "../../support/simulated_nodes.ts";
import { SimulatedPeer } from "../../support/simulated_room.ts";

/** Three nodes with a peer of one room at each, "0" to "2", and what is lost between them. */
class Wander {
  readonly time: FakeTime;
  readonly nodes: SimulatedNodes;
  readonly peers: SimulatedPeer[] = [];
  /** Whether a frame is lost, by the places of the two nodes. */
  loses: (from: number, to: number, frame: string) => boolean = () => false;

  constructor(time: FakeTime) {
    this.time = time;
    this.nodes = new SimulatedNodes(time);
    const { hub } = this.nodes;
    const open = hub.open.bind(hub);
    hub.open = (options: LinkOptions) => {
      const link = open(options);
      const send = link.send.bind(link);
      link.send = (to, frame) => {
        const [from, at] = [options.node, to].map((name) => this.#place(name));
        if (!this.loses(from ?? -1, at ?? -1, frame)) send(to, frame);
      };
      return link;
    };
  }

  async start(at: readonly number[]): Promise<void> {
    await this.nodes.start(3);
    for (const node of at) await this.join(`${node}`, node);
  }

  async join(id: string, node: number): Promise<SimulatedPeer> {
    const peer = new SimulatedPeer("r", id);
    assertEquals(await this.nodes.knock(peer, node), undefined);
    this.peers.push(peer);
    await this.time.flow(100);
    return peer;
  }

  /** Whom all see but for one. */
  seen(but: SimulatedPeer): string[] {
    return this.peers.filter((peer) => peer !== but)
      .map(({ members }) => [...members.keys()].sort().join(" "));
  }

  #place(name: string): number {
    return this.nodes.nodes.findIndex((node) => node.name === name);
  }
}

async function wander(
  at: readonly number[],
  run: (test: Wander) => Promise<void>,
): Promise<void> {
  using time = new FakeTime();
  const test = new Wander(time);
  await test.start(at);
  await run(test);
  await test.nodes.close();
}

Deno.test("Cluster tells others of no leave when the only peer of a node moves", async () => {
  await wander([2], async (test) => {
    const { nodes, time, peers: [other] } = test;
    const x = await test.join("x", 0);
    const told: string[] = [];
    const socket = other?.socket;
    const send = socket?.send.bind(socket);
    if (socket) {
      socket.send = (frame) => {
        told.push(JSON.parse(frame).type);
        send?.(frame);
      };
    }
    for (const node of [1, 0, 1]) {
      x.ping();
      x.end(1006);
      await time.flow(100);
      assertEquals(await nodes.knock(x, node), undefined);
      assertEquals(x.welcome?.session, "resumed");
      // Long enough for all that is told late.
      await time.flow(20_000);
    }
    const turns = ["away", "back"];
    assertEquals(told, [...turns, ...turns, ...turns]);
    other?.tell("x", 1);
    await time.flow(0);
    assertEquals(x.heard.length, 1);
  });
});

Deno.test("Cluster lets a peer go that never got to the node that was to have it", async () => {
  for (const killed of [true, false]) {
    await wander([0, 2], async (test) => {
      const { nodes, time } = test;
      const x = await test.join("x", 0);
      const token = x.welcome?.resume;
      x.end(1006);
      await time.flow(100);
      test.loses = (from, to, frame) => {
        if (to !== 1 || from !== 0) return false;
        if (killed && frame.includes("yielded")) nodes.node(1).kill();
        return true;
      };
      void x.knock(nodes.node(1), token);
      await time.flow(5_000);
      test.loses = () => false;
      await time.flow(180_000);
      assertEquals(test.seen(x), ["2", "0"], `killed: ${killed}`);
    });
  }
});

Deno.test("Cluster believes no node that says late that a peer is there, which has gone on since", async () => {
  await wander([1, 2], async (test) => {
    const { nodes, time, peers: [, c] } = test;
    const x = await test.join("x", 0);
    test.loses = (from, to) => from === 1 && to === 2;
    for (const node of [1, 0]) {
      x.ping();
      x.end(1006);
      await time.flow(50);
      assertEquals(await nodes.knock(x, node), undefined);
    }
    test.loses = () => false;
    await time.flow(10_000);
    x.publish("news");
    await time.flow(100);
    assertEquals(c?.members.get("x")?.presence, "news");
    x.end(1000);
    await time.flow(10_000);
    assertEquals(test.seen(x), ["2", "1"]);
  });
});

Deno.test("Cluster keeps signals in order that were sent to the node from which their peer comes", async () => {
  await wander([0], async (test) => {
    const { nodes, time, peers: [friend] } = test;
    const x = await test.join("x", 1);
    x.ping();
    x.end(1006);
    await time.flow(50);
    const knocking = x.knock(nodes.node(0), x.welcome?.resume);
    // One more with every few microtasks, whatever happens meanwhile.
    for (let number = 0; number < 100; number++) {
      friend?.tell("x", number);
      await Promise.resolve();
    }
    await time.flow(5_000);
    assertEquals(await knocking, undefined);
    assertEquals(x.welcome?.session, "resumed");
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    assertEquals(x.heard.map(({ number }) => number), numbers);
  });
});
