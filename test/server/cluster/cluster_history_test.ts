import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LIMITS } from "../../../protocol.ts";
import { FakeTime } from "../../support/fake_time.ts";
import type { Backplane } from "../../../server/backplane/backplane.ts";
import { natsBackplane } from "../../../server/backplane/nats_backplane.ts";
import { redisBackplane } from "../../../server/backplane/redis_backplane.ts";
import {
  type Engine,
  hasNats,
  hasRedis,
  startNats,
  startRedis,
} from "../../support/engine.ts";
import { SimulatedNodes } from "../../support/simulated_nodes.ts";
import {
  SimulatedPeer,
  simulatedServer,
  type Told,
} from "../../support/simulated_room.ts";

const ROOMS = ["r0", "r1"];
const IDS = ["a", "b", "c", "__proto__"];

/** What can happen; `peer` and `other` are places in the list of peers, `node` is one in that of nodes. */
type Step =
  & { readonly peer: number; readonly node: number }
  & (
    | {
      readonly do:
        | "join"
        | "drop"
        | "resume"
        | "leave"
        | "ping"
        | "claim"
        | "wait"
        | "outage";
    }
    | { readonly do: "vanish" | "kill" }
    | { readonly do: "signal"; readonly to: string }
    | { readonly do: "publish"; readonly presence: string | null }
    | { readonly do: "steal"; readonly other: number }
  );

const peer = fc.nat(ROOMS.length * IDS.length - 1);

/** What happens to so many nodes; most of it is what peers do, and some `rare`. */
function steps(
  nodes: number,
  rare: readonly Step["do"][] = [],
): fc.Arbitrary<Step> {
  const node = fc.nat(nodes - 1);
  const simple = (...kinds: Step["do"][]) =>
    fc.record({ do: fc.constantFrom(...kinds), peer, node });
  return fc.oneof(
    { weight: 9, arbitrary: simple("join", "drop", "resume") },
    { weight: 3, arbitrary: simple("leave", "ping", "claim") },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("signal"),
        peer,
        node,
        to: fc.constantFrom(...IDS, "nobody"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("publish"),
        peer,
        node,
        presence: fc.constantFrom(null, "x", "y"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("steal"),
        peer,
        node,
        other: peer,
      }),
    },
    ...rare.length > 0 ? [{ weight: 2, arbitrary: simple(...rare) }] : [],
  ) as fc.Arbitrary<Step>;
}

/** Where a history is played: the nodes of some engine. */
interface Stage {
  /** Lets a peer ask a node for a seat, and answers with how it was refused, if it was. */
  knock(
    peer: SimulatedPeer,
    node: number,
    token?: string,
  ): Promise<string | undefined>;
  /** Resolves as soon as `check` passes, with what it threw last if it never does. */
  until(check: () => void): Promise<void>;
  /** The time, in milliseconds. */
  now(): number;
  /** Time passes, where it can be made to. */
  pass(ms: number): Promise<void>;
  /** Kills a node, and starts another one in its place. */
  kill(node: number): Promise<void>;
  /** Takes the engine away, or gives it back. */
  outage(down: boolean): Promise<void>;
}

/** What must come of a history. */
interface Known {
  /** What the peer must have heard in its session. */
  readonly due: Told[];
  readonly joinedAt: number;
  /** The node that has its session; `undefined` once that was killed. */
  node: number | undefined;
}

/** Plays a history against real rooms on some nodes, and a model of what must come of it. */
class Play {
  readonly peers: readonly SimulatedPeer[];
  readonly #stage: Stage;
  readonly #model = new Map<SimulatedPeer, Known>();
  /** Who left in this outage, and which node: no other one can know. */
  readonly #left = new Map<SimulatedPeer, Known["node"]>();
  /** Who has come to a node instead of one that was killed, in this outage: no other one can know. */
  readonly #restored = new Set<SimulatedPeer>();
  /** Whose ids a killed node still has in the engine: they came back to another one, and left that, in an outage. */
  readonly #claimed = new Set<SimulatedPeer>();
  #number = 0;
  #down = false;
  #waitedAt = 0;

  constructor(stage: Stage, prefix = "") {
    this.#stage = stage;
    this.peers = ROOMS.flatMap((room) =>
      IDS.map((id) => new SimulatedPeer(prefix + room, id))
    );
  }

  async run(step: Step): Promise<void> {
    await this.#act(this.#peer(step.peer), step);
    await this.#agree();
    // Asking takes time, in which somebody might be given up.
    const passed = this.#stage.now() - this.#waitedAt;
    if (passed > LIMITS.graceMs / 2) await this.#wait();
  }

  /** Everybody comes back who has a session; then all must agree. */
  async converge(): Promise<void> {
    if (this.#down) await this.#outage();
    for (const [index, peer] of [...this.#model.keys()].entries()) {
      if (peer.live) peer.ping();
      else await this.#resume(peer, index % 2);
    }
    for (const peer of this.#model.keys()) peer.losePatience();
    await this.#agree();
    await this.#stage.until(() => {
      for (const [peer, { due }] of this.#model) {
        assertEquals(sorted(peer.heard), sorted(due), nameOf(peer));
        for (const other of this.peers) {
          const of = (all: readonly Told[]) =>
            all.filter(({ from }) => from === other.id);
          assertEquals(of(peer.heard), of(due), `${nameOf(peer)}, in order`);
        }
        for (const { id, away } of peer.members.values()) {
          assertEquals(away, false, `${id} is there for ${nameOf(peer)}`);
        }
      }
    });
  }

  /** All who have a socket see the same, sooner or later. */
  async #agree(): Promise<void> {
    if (this.#down) return;
    await this.#stage.until(() => {
      for (const peer of this.#model.keys()) {
        if (!peer.live || this.#model.get(peer)?.node === undefined) continue;
        // Of those whose node was killed it depends who has seen them.
        const isLost = (id: string) =>
          [...this.#model].some(([other, { node }]) =>
            node === undefined && other.id === id && other.room === peer.room
          );
        const seen = [...peer.members.values()]
          .filter(({ id }) => !isLost(id))
          .map(({ id, joinedAt, presence }) => [id, joinedAt, presence]);
        const others = [...this.#model].filter(([other, { node }]) =>
          other.room === peer.room && other !== peer && node !== undefined
        );
        const expected = others.map(([{ id, presence }, { joinedAt }]) => [
          id,
          joinedAt,
          presence,
        ]);
        assertEquals(sorted(seen), sorted(expected), nameOf(peer));
      }
    });
  }

  async #act(peer: SimulatedPeer, step: Step): Promise<void> {
    const known = this.#model.get(peer);
    const live = known?.node !== undefined && peer.live;
    switch (step.do) {
      case "join":
        return known ? undefined : await this.#begin(peer, step.node);
      case "claim":
        return known && !this.#down
          ? await this.#refused(peer, step.node, undefined)
          : undefined;
      case "resume":
        return known && !live ? await this.#resume(peer, step.node) : undefined;
      case "drop":
        return live ? peer.end(1006) : undefined;
      case "vanish":
        if (live && peer.socket) peer.socket.silent = true;
        return;
      case "leave":
        if (!live) return;
        peer.end(1000);
        this.#model.delete(peer);
        if (this.#down) this.#left.set(peer, known.node);
        if (this.#restored.has(peer)) this.#claimed.add(peer);
        return;
      case "ping":
        return live ? peer.ping() : undefined;
      case "publish":
        return live ? peer.publish(step.presence) : undefined;
      case "signal":
        return live ? this.#signal(peer, step.to) : undefined;
      case "steal": {
        const { welcome } = this.#peer(step.other);
        if (this.#down || !known || !welcome) return;
        if (this.#peer(step.other) === peer) return;
        return await this.#refused(peer, step.node, welcome.resume);
      }
      case "wait":
        return await this.#wait();
      case "kill":
        return await this.#kill(step.node);
      case "outage":
        return await this.#outage();
      default:
        return step satisfies never;
    }
  }

  async #begin(peer: SimulatedPeer, node: number): Promise<void> {
    peer.members = new Map();
    peer.heard = [];
    peer.presence = null;
    peer.welcome = undefined;
    const refused = await this.#stage.knock(peer, node);
    const left = this.#left.get(peer);
    const mayBeTaken = left !== undefined && left !== node ||
      this.#claimed.has(peer);
    if (mayBeTaken && refused === "id-taken") return;
    assertEquals(refused, undefined, nameOf(peer));
    assertEquals(peer.welcome?.["session"], "new");
    const joinedAt = peer.welcome?.["joinedAt"] ?? 0;
    this.#model.set(peer, { due: [], joinedAt, node });
  }

  async #resume(peer: SimulatedPeer, wish: number): Promise<void> {
    const known = this.#model.get(peer);
    if (!known) return;
    // What becomes of two halves of one session has tests of its own.
    const node = this.#down ? known.node ?? wish : wish;
    const refused = await this.#stage.knock(peer, node);
    assertEquals(refused, undefined, nameOf(peer));
    const here = known.node !== undefined;
    assertEquals(peer.welcome?.session, here ? "resumed" : "restored");
    assertEquals(peer.welcome?.joinedAt, known.joinedAt, "the role stays");
    if (!here) {
      known.due.splice(0);
      if (this.#down) this.#restored.add(peer);
    }
    known.node = node;
    peer.losePatience();
  }

  async #refused(
    { room, id }: SimulatedPeer,
    node: number,
    token: string | undefined,
  ): Promise<void> {
    const thief = new SimulatedPeer(room, id);
    assertEquals(await this.#stage.knock(thief, node, token), "id-taken");
  }

  #signal(peer: SimulatedPeer, to: string): void {
    const number = ++this.#number;
    peer.tell(to, number);
    const addressee = this.peers.find(({ room, id }) =>
      room === peer.room && id === to
    );
    const known = addressee && this.#model.get(addressee);
    if (known?.node === undefined) return;
    // While the engine is down not everybody is known everywhere, and some who have left are.
    const isKnown = peer.id === to ||
      peer.members.get(to)?.joinedAt === known.joinedAt;
    if (this.#down && !isKnown) return;
    const isNear = this.#model.get(peer)?.node === known.node;
    if (addressee && this.#restored.has(addressee) && !isNear) return;
    known.due.push({ from: peer.id, to, number });
  }

  /** The grace time passes: who is away is gone, and whose socket is dead was found out. */
  async #wait(): Promise<void> {
    if (this.#down) await this.#outage();
    for (const peer of this.#model.keys()) if (!peer.live) peer.end(1006);
    await this.#stage.pass(2 * LIMITS.graceMs);
    this.#waitedAt = this.#stage.now();
    this.#claimed.clear();
    for (const [peer, { node }] of [...this.#model]) {
      if (peer.live && node !== undefined) peer.losePatience();
      else this.#model.delete(peer);
    }
  }

  async #kill(node: number): Promise<void> {
    if (this.#down) return;
    for (const [peer, known] of this.#model) {
      if (known.node !== node) continue;
      known.node = undefined;
      // What was killed says no more.
      if (peer.socket) peer.socket.silent = true;
      peer.socket = undefined;
    }
    await this.#stage.kill(node);
  }

  async #outage(): Promise<void> {
    this.#down = !this.#down;
    this.#left.clear();
    this.#restored.clear();
    await this.#stage.outage(this.#down);
  }

  #peer(index: number): SimulatedPeer {
    const peer = this.peers[index];
    if (!peer) throw new Error(`There is no peer ${index}`);
    return peer;
  }
}

function nameOf({ room, id }: SimulatedPeer): string {
  return `${id} in ${room}`;
}

function sorted<T>(values: readonly T[]): T[] {
  const key = (value: T) => JSON.stringify(value);
  return values.toSorted((a, b) => key(a) < key(b) ? -1 : 1);
}

for (const count of [2, 3]) {
  Deno.test(`Cluster keeps ids unique, views equal, and signals with whom they are for, whatever happens to ${count} nodes`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps(count, ["vanish", "wait", "kill", "outage"]), {
          maxLength: 60,
          size: "max",
        }),
        async (history) => {
          using time = new FakeTime();
          const nodes = new SimulatedNodes(time);
          await nodes.start(count);
          const play = new Play({
            knock: (...asked) => nodes.knock(...asked),
            until: async (check) => {
              await time.flow(0);
              check();
            },
            now: () => time.passed,
            pass: (ms) => time.flow(ms),
            kill: (node) => nodes.replace(node),
            outage: async (down) => {
              if (down) return nodes.hub.down();
              nodes.hub.up();
              await time.flow(5_000);
            },
          });
          for (const step of history) await play.run(step);
          await play.converge();
          await nodes.close();
          await time.flow(16 * 60_000);
          assertEquals(time.timers, 0);
        },
      ),
      { numRuns: 500 },
    );
  });
}

const ENGINES: readonly (readonly [
  name: string,
  has: boolean,
  start: () => Promise<Engine>,
  backplane: (options: { url: string }) => Backplane,
])[] = [
  ["Redis", await hasRedis(), startRedis, redisBackplane],
  ["NATS", await hasNats(), startNats, natsBackplane],
];

for (const [name, has, start, backplane] of ENGINES) {
  Deno.test({
    name:
      `Cluster keeps ids unique, views equal, and signals with whom they are for when ${name} is between two nodes`,
    ignore: !has,
    fn: async () => {
      await using engine = await start();
      const nodes = [0, 1].map(() =>
        simulatedServer(Date.now, backplane({ url: engine.url }))
      );
      await until(() => {
        const known = nodes.map(({ lobby }) => lobby.status.engine?.nodes);
        assertEquals(known, [2, 2]);
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(steps(2), { maxLength: 40, size: "max" }),
          async (history) => {
            const play = new Play({
              knock: (peer, node, token = peer.welcome?.resume) => {
                const server = nodes[node];
                if (!server) throw new Error(`There is no node ${node}`);
                return peer.knock(server, token);
              },
              until,
              now: () => 0,
              pass: () => Promise.resolve(),
              kill: () => Promise.resolve(),
              outage: () => Promise.resolve(),
            }, `${++run}-`);
            for (const step of history) await play.run(step);
            await play.converge();
          },
        ),
        { numRuns: 30 },
      );
      await Promise.all(nodes.map(({ lobby }) => lobby.drain()));
    },
  });
}

/** How long what other nodes say may take. */
const PATIENCE_MS = 10_000;

/** Resolves as soon as `check` passes. */
async function until(check: () => void): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (performance.now() - startedAt > PATIENCE_MS) throw error;
    }
    // Lets frames come in.
    await new Promise((resolve) => setTimeout(resolve));
  }
}
