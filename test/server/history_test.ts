import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FakeTime } from "../support/fake_time.ts";
import {
  SimulatedPeer,
  type SimulatedServer,
  simulatedServer,
  type Told,
} from "../support/simulated_room.ts";
import { LIMITS } from "../../protocol.ts";

const ROOMS = ["r0", "r1"];
const IDS = ["a", "b", "c", "__proto__"];

/** What can happen; `peer` and `other` are places in the list of peers. */
type Step =
  | {
    readonly do: "join" | "drop" | "vanish" | "resume";
    readonly peer: number;
  }
  | { readonly do: "leave" | "ping" | "claim"; readonly peer: number }
  | { readonly do: "signal"; readonly peer: number; readonly to: string }
  | {
    readonly do: "publish";
    readonly peer: number;
    readonly presence: string | null;
  }
  | { readonly do: "steal"; readonly peer: number; readonly other: number }
  | { readonly do: "wait" | "restart" };

const peer = fc.nat(ROOMS.length * IDS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  // Most of what happens is what peers do.
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("join", "drop", "vanish", "resume"),
      peer,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("leave", "ping", "claim"),
      peer,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("signal"),
      peer,
      to: fc.constantFrom(...IDS, "nobody"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("publish"),
      peer,
      presence: fc.constantFrom(null, "x", "y"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("steal"), peer, other: peer }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("wait", "restart") }),
  },
) as fc.Arbitrary<Step>;

/** Plays a history against the real rooms, and a model of what must come of it. */
class Play {
  readonly peers = ROOMS.flatMap((room) =>
    IDS.map((id) => new SimulatedPeer(room, id))
  );
  readonly #time: FakeTime;
  #server: SimulatedServer;
  /** What each peer with a session must have heard in it, and its membership. */
  readonly #model = new Map<SimulatedPeer, { due: Told[]; joinedAt: number }>();
  /** Who has not come to this server yet. */
  #restarted = new Set<SimulatedPeer>();
  #number = 0;
  #ticks = 0;

  constructor(time: FakeTime) {
    this.#time = time;
    this.#server = simulatedServer(() => this.#now());
  }

  /** A clock that stands still for nobody. */
  #now(): number {
    return this.#time.passed + ++this.#ticks;
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case "wait":
        return this.#wait();
      case "restart":
        return this.#restart();
      default:
        return await this.#act(this.#peer(step.peer), step);
    }
  }

  /** Everybody comes back who has a session, and nobody waits for others any longer; then all must agree. */
  async converge(): Promise<void> {
    for (const peer of this.#model.keys()) {
      if (peer.live) peer.ping();
      else await this.#resume(peer);
    }
    for (const peer of this.#model.keys()) peer.losePatience();
    for (const [peer, { due }] of this.#model) {
      assertEquals(peer.heard, due, `what ${peer.id} in ${peer.room} heard`);
      const others = [...this.#model.keys()].filter((other) =>
        other.room === peer.room && other !== peer
      );
      const expected = others.map(({ id, presence }) => ({
        id,
        joinedAt: this.#model.get(this.#find(peer.room, id))?.joinedAt,
        presence,
        away: false,
      }));
      const byId = (a: { id: string }, b: { id: string }) =>
        a.id < b.id ? -1 : 1;
      assertEquals(
        [...peer.members.values()].sort(byId),
        expected.sort(byId) as typeof peer.members extends
          ReadonlyMap<string, infer M> ? M[] : never,
        `what ${peer.id} in ${peer.room} sees`,
      );
    }
    const { peers } = this.#server.lobby.status;
    assertEquals(peers, this.#model.size);
  }

  async #act(
    peer: SimulatedPeer,
    step: Exclude<Step, { do: "wait" | "restart" }>,
  ): Promise<void> {
    const known = this.#model.get(peer);
    switch (step.do) {
      case "join":
        // Joining again while there is a session is `claim`.
        if (!known) await this.#begin(peer);
        return;
      case "claim":
        // Somebody else, who has no token.
        if (known && this.#isHere(peer)) await this.#refused(peer, undefined);
        return;
      case "resume":
        return known && !peer.live ? await this.#resume(peer) : undefined;
      case "drop":
        if (known && peer.live) peer.end(1006);
        return;
      case "vanish":
        if (known && peer.socket) peer.socket.silent = true;
        return;
      case "leave":
        if (!known || !peer.live) return;
        peer.end(1000);
        this.#model.delete(peer);
        return;
      case "ping":
        return peer.live ? peer.ping() : undefined;
      case "publish":
        return known && peer.live ? peer.publish(step.presence) : undefined;
      case "signal":
        return known && peer.live ? this.#signal(peer, step.to) : undefined;
      case "steal": {
        const { welcome } = this.#peer(step.other);
        const foreign = this.#peer(step.other) !== peer;
        if (known && this.#isHere(peer) && foreign && welcome) {
          await this.#refused(peer, welcome.resume);
        }
        return;
      }
      default:
        return step satisfies never;
    }
  }

  async #begin(peer: SimulatedPeer): Promise<void> {
    peer.members = new Map();
    peer.heard = [];
    peer.presence = null;
    assertEquals(await peer.knock(this.#server, undefined), undefined);
    assertEquals(peer.welcome?.session, "new");
    this.#restarted.delete(peer);
    this.#model.set(peer, { due: [], joinedAt: peer.welcome?.joinedAt ?? 0 });
  }

  async #resume(peer: SimulatedPeer): Promise<void> {
    const known = this.#model.get(peer);
    const here = this.#isHere(peer);
    const knocking = peer.knock(this.#server, peer.welcome?.resume);
    // A socket that is asked whether it lives has a second to answer.
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    this.#time.pass(1_000);
    assertEquals(await knocking, undefined);
    assertEquals(peer.welcome?.session, here ? "resumed" : "restored");
    assertEquals(peer.welcome?.joinedAt, known?.joinedAt, "the role stays");
    if (!here) known?.due.splice(0);
    this.#restarted.delete(peer);
  }

  async #refused(
    { room, id }: SimulatedPeer,
    token: string | undefined,
  ): Promise<void> {
    const thief = new SimulatedPeer(room, id);
    const knocking = thief.knock(this.#server, token);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    assertEquals(await knocking, "id-taken");
  }

  #signal(peer: SimulatedPeer, to: string): void {
    const number = ++this.#number;
    peer.tell(to, number);
    const addressee = IDS.includes(to) && this.#find(peer.room, to);
    if (addressee && this.#isHere(addressee)) {
      this.#model.get(addressee)?.due.push({ from: peer.id, to, number });
    }
  }

  /** The grace time passes: who is away is gone, and whose socket is dead was found out. */
  #wait(): void {
    for (const peer of this.#model.keys()) {
      if (!peer.live) peer.end(1006);
    }
    this.#time.pass(LIMITS.graceMs);
    for (const peer of [...this.#model.keys()]) {
      if (peer.live) peer.losePatience();
      else {
        this.#model.delete(peer);
        peer.welcome = undefined;
      }
    }
  }

  #restart(): void {
    this.#server = simulatedServer(() => this.#now());
    for (const peer of this.#model.keys()) {
      // What was killed says no more.
      if (peer.socket) peer.socket.silent = true;
      peer.socket = undefined;
    }
    this.#restarted = new Set(this.#model.keys());
  }
  /** Whether the server knows of its session. */
  #isHere(peer: SimulatedPeer): boolean {
    return this.#model.has(peer) && !this.#restarted.has(peer);
  }

  #peer(index: number): SimulatedPeer {
    return this.peers[index] ?? this.#find("", "");
  }

  #find(room: string, id: string): SimulatedPeer {
    const found = this.peers.find((peer) =>
      peer.room === room && peer.id === id
    );
    if (!found) throw new Error(`There is no ${id} in ${room}`);
    return found;
  }
}

Deno.test("Lobby keeps ids unique, views equal, and signals with whom they are for, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80, size: "max" }),
      async (history) => {
        using time = new FakeTime();
        const play = new Play(time);
        for (const step of history) await play.run(step);
        await play.converge();
        // Nothing is left that would end a session later; a server that was killed may have left something.
        time.pass(LIMITS.graceMs);
        // Nor does anything count a socket for ever that never answered its close.
        time.pass(16 * 60_000);
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        assertEquals(time.timers, 0);
        await play.converge();
      },
    ),
    { numRuns: 2_000 },
  );
});
