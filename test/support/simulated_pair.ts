import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Pair } from "../../client/pair.ts";
import { parsePairSignal } from "../../client/pair_signal.ts";
import { PeerConnections } from "../../client/peer_connections.ts";
import {
  type FakePeerConnection,
  FakePeerConnections,
  ufragOf,
} from "./fake_peer_connection.ts";
import { FakeTime } from "./fake_time.ts";
import { NO_DATA } from "./no_data.ts";

/** How often the network looks what has become of the connections. */
const TICK_MS = 250;
/** How long a signal takes. */
const LATENCY_MS = 30;
/** How long after the last packet ICE is disconnected. */
const STALL_MS = 3_000;

/** What makes one history differ from another. */
export interface SimulatedPairOptions {
  /** How long ICE looks for a way before it fails. */
  readonly failMs: number;
  /** Stands in for `Math.random`. */
  readonly random: () => number;
}

/** One side. */
export class SimulatedSide {
  readonly fakes: FakePeerConnections = new FakePeerConnections();
  readonly pair: Pair;
  /** What it said, with the generation: "1 offer", "1 restart", …; no candidates. */
  readonly said: string[] = [];
  /** Every state it was in. */
  readonly states: string[] = [];
  /** Labels of the channels that are open, as the app has heard. */
  readonly channels: string[] = [];
  readonly errors: unknown[] = [];
  /** Whether its signaling is down. */
  silent = false;
  /** Whether what it says gets lost, and nobody knows. */
  losing = false;
  /** How long what it says is on its way. */
  latencyMs: number = LATENCY_MS;
  /** Signals that wait until both sides can be reached. */
  readonly mailbox: string[] = [];
  #arrivesAt = 0;
  readonly #other: () => SimulatedSide;
  readonly #time: FakeTime;

  constructor(polite: boolean, other: () => SimulatedSide, time: FakeTime) {
    this.#other = other;
    this.#time = time;
    const peerConnections = new PeerConnections({
      RTCPeerConnection: this.fakes.RTCPeerConnection,
      iceTransportPolicy: "all",
    });
    this.pair = new Pair({
      plane: NO_DATA,
      polite,
      generation: 0,
      take: () => peerConnections.take(),
      send: (generation, signal) => {
        const said = "description" in signal
          ? signal.description.type
          : `${Object.keys(signal)}`;
        if (said !== "candidates") this.said.push(`${generation} ${said}`);
        this.#send(JSON.stringify({ to: 1, from: 2, generation, ...signal }));
      },
      whySilent: () =>
        this.silent
          ? "signaling is down"
          : other().silent
          ? "signaling of the peer is down"
          : undefined,
      turn: () => undefined,
      onChange: ({ state }) => {
        if (this.states.at(-1) !== state) this.states.push(state);
      },
      onOpen: (_pair, { label }) => this.channels.push(label),
      onMessage: () => {},
      onClose: ({ label }) => {
        this.channels.splice(this.channels.indexOf(label), 1);
      },
      onTrack: () => {},
      onError: (error) => this.errors.push(error),
      onImpostor: () => {},
    });
  }

  /** The only open connection. */
  get pc(): FakePeerConnection | undefined {
    const { open } = this.fakes;
    assertLessOrEqual(open.length, 1, "open connections of one side");
    return open[0];
  }

  /** What waited arrives. */
  deliver(): void {
    for (const data of this.mailbox.splice(0)) this.#send(data);
  }

  #send(data: string): void {
    if (this.silent || this.#other().silent) {
      return void this.mailbox.push(data);
    }
    if (this.losing) return;
    const { passed } = this.#time;
    this.#arrivesAt = Math.max(this.#arrivesAt, passed + this.latencyMs);
    setTimeout(() => {
      const signal = parsePairSignal(data);
      if (signal) this.#other().pair.receive(signal);
    }, this.#arrivesAt - passed);
  }
}

/** Both sides of a pair, the server between them and the network, with all that can go wrong. Time is fake until it is disposed. */
export class SimulatedPair implements Disposable {
  readonly time: FakeTime = new FakeTime();
  readonly polite: SimulatedSide;
  readonly impolite: SimulatedSide;
  /** Whether packets pass. */
  up = true;
  readonly #failMs: number;
  readonly #random = Math.random;
  readonly #ticking: ReturnType<typeof setInterval>;
  /** What the network knows of each connection. */
  readonly #known = new Map<FakePeerConnection, Known>();
  /** Ways that were found, and whether they still are. */
  readonly #ways = new Map<string, boolean>();
  /** Connections that no ICE restart can save. */
  readonly #cursed = new WeakSet<FakePeerConnection>();

  constructor(options: SimulatedPairOptions) {
    Math.random = options.random;
    this.#failMs = options.failMs;
    const { time } = this;
    this.polite = new SimulatedSide(true, () => this.impolite, time);
    this.impolite = new SimulatedSide(false, () => this.polite, time);
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Both sides. */
  get sides(): readonly [SimulatedSide, SimulatedSide] {
    return [this.polite, this.impolite];
  }

  /** The addresses change: what was found leads nowhere, an ICE restart finds another way. */
  move(): void {
    for (const way of this.#ways.keys()) this.#ways.set(way, false);
  }

  /** No ICE restart helps the present connections any more. */
  curse(): void {
    for (const { pc } of this.sides) if (pc) this.#cursed.add(pc);
  }

  /** The signaling of a side goes down, or is back, and both sides are told. */
  silence(side: SimulatedSide, silent: boolean): void {
    if (side.silent === silent) return;
    side.silent = silent;
    if (silent) return;
    const other = side === this.polite ? this.impolite : this.polite;
    if (!other.silent) { for (const each of this.sides) each.deliver(); }
    side.pair.wake(false);
    other.pair.reach();
  }

  /** Every fault ends. */
  mend(): void {
    this.up = true;
    for (const side of this.sides) {
      side.losing = false;
      side.latencyMs = LATENCY_MS;
      this.silence(side, false);
    }
  }

  /** Both sides are connected, with each other, and keep nothing else. */
  assertConnected(): void {
    const { polite, impolite } = this;
    const here = polite.pc;
    const there = impolite.pc;
    const of = ({ pair }: SimulatedSide) => [pair.state, pair.generation];
    assertEquals(of(polite), ["connected", impolite.pair.generation]);
    assertEquals(of(impolite), ["connected", polite.pair.generation]);
    for (const { pair, pc } of this.sides) {
      assertEquals<unknown>(pair.pc, pc);
      assertEquals(pair.channel?.readyState, "open");
    }
    assertEquals(here && this.#partner(here), there);
    assertEquals(polite.channels.toSorted(), impolite.channels.toSorted());
    assertEquals([polite.errors, impolite.errors], [[], []]);
  }

  /** Ends both pairs. Nothing may be left of them. */
  async end(): Promise<void> {
    for (const { pair } of this.sides) pair.end("it was ended");
    clearInterval(this.#ticking);
    // The last signals arrive at nobody.
    await this.time.flow(60_000);
    const left = this.sides.map(({ fakes, channels }) => [
      fakes.open.length,
      channels,
    ]);
    assertEquals([left, this.time.timers], [[[0, []], [0, []]], 0]);
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
    Math.random = this.#random;
  }

  #tick(): void {
    const pcs = this.sides.flatMap(({ pc }) => pc ?? []);
    for (const pc of pcs) this.#find(pc);
    for (const pc of pcs) this.#connect(pc);
  }

  /** Notices the descriptions of both sides. */
  #find(pc: FakePeerConnection): void {
    const local = ufragOf(pc.currentLocalDescription);
    const remote = ufragOf(pc.currentRemoteDescription);
    if (!local || !remote) return;
    const way = [local, remote].sort().join();
    const { passed } = this.time;
    let known = this.#known.get(pc);
    if (!known) this.#known.set(pc, known = { ways: new Set(), since: passed });
    if (known.ways.has(way)) return;
    known.ways.add(way);
    known.since = passed;
    if (!this.#ways.has(way)) this.#ways.set(way, true);
    // ICE looks for a way anew; a way that still leads somewhere is used meanwhile.
    if (pc.connectionState !== "connected") pc.become("connecting");
  }

  #connect(pc: FakePeerConnection): void {
    const known = this.#known.get(pc);
    if (!known) return;
    const partner = this.#partner(pc);
    const { passed } = this.time;
    const { connectionState } = pc;
    if (partner) {
      known.since = passed;
      known.partner = partner;
      if (connectionState !== "connected") pc.become("connected");
      for (const channel of pc.channels) {
        if (channel.readyState !== "connecting") continue;
        channel.open();
        if (!channel.negotiated) partner.announce(channel.label);
      }
    } else if (this.up && known.partner?.connectionState === "closed") {
      // DTLS says goodbye.
      known.partner = undefined;
      for (const channel of [...pc.channels]) {
        if (channel.readyState === "open") channel.end();
      }
    } else if (connectionState === "connected") {
      if (passed - known.since < STALL_MS) return;
      known.since = passed;
      pc.become("disconnected");
    } else if (connectionState !== "failed") {
      if (passed - known.since >= this.#failMs) pc.become("failed");
    }
  }

  /** The connection of the other side that packets reach. */
  #partner(pc: FakePeerConnection): FakePeerConnection | undefined {
    if (!this.up || this.#cursed.has(pc)) return;
    const ways = this.#known.get(pc)?.ways ?? [];
    for (const { pc: other } of this.sides) {
      if (!other || other === pc || this.#cursed.has(other)) continue;
      const known = this.#known.get(other)?.ways;
      for (const way of ways) {
        if (known?.has(way) && this.#ways.get(way)) return other;
      }
    }
  }
}

/** What the network knows of a connection. */
interface Known {
  /** Ways that it knows of: the credentials of both sides. */
  readonly ways: Set<string>;
  /** When the last packet came, or it began to look for a way. */
  since: number;
  /** Whom packets came from last. */
  partner?: FakePeerConnection | undefined;
}
