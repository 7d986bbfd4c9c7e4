import { assertEquals } from "@std/assert";
import type { TurnStatus } from "../../protocol.ts";
import { Pair } from "../../client/pair.ts";
import type { PairReason } from "../../client/pair_reason.ts";
import type { PairSignalBody } from "../../client/pair_signal.ts";
import { PeerConnections } from "../../client/peer_connections.ts";
import {
  type FakeDataChannel,
  FakePeerConnections,
  sdpOf,
} from "./fake_peer_connection.ts";
import { FakeTime } from "./fake_time.ts";
import { NO_DATA } from "./no_data.ts";

/** Which side of a pair it is. */
export type Side = "polite" | "impolite";

/** What can be different about a pair. */
export interface SupervisedPairOptions {
  /** Last generation used. @default 0 */
  readonly generation?: number;
  /** Called at every change, after it was written down. */
  readonly onChange?: () => void;
  /** Called when a channel has opened. */
  readonly onOpen?: () => void;
  /** Called when a channel has closed. */
  readonly onClose?: () => void;
}

/** A pair that a test plays the browser, the network and the other side for. Time is fake until it is disposed. */
export class SupervisedPair implements AsyncDisposable {
  readonly time: FakeTime = new FakeTime();
  readonly fakes: FakePeerConnections = new FakePeerConnections();
  readonly peerConnections: PeerConnections = new PeerConnections({
    RTCPeerConnection: this.fakes.RTCPeerConnection,
    iceTransportPolicy: "all",
  });
  readonly pair: Pair;
  /** What it said, but for candidates, with the generation: "1 offer", "1 offer again", "2 dial", … */
  readonly said: string[] = [];
  /** Every change: state and reason. */
  readonly changes: string[] = [];
  /** Labels of the channels that opened, closed, and what arrived on them. */
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly messages: unknown[] = [];
  /** What the browser would not do. At the end there must be none that a test has not taken. */
  readonly errors: unknown[] = [];
  /** Why signals reach the other side only later. */
  silent: PairReason | undefined;
  /** What the server says of TURN. */
  turn: TurnStatus | undefined;
  /** What `Math.random` gives. */
  random = 0.5;
  readonly #polite: boolean;
  readonly #random = Math.random;
  /** The other side's credentials. */
  #ufrags = 0;
  /** The last offer of either side. */
  #offer = 0;
  #last: string | undefined;

  constructor(side: Side, options: SupervisedPairOptions = {}) {
    const { generation = 0, onChange, onOpen, onClose } = options;
    Math.random = () => this.random;
    this.#polite = side === "polite";
    this.pair = new Pair({
      plane: NO_DATA,
      polite: this.#polite,
      generation,
      take: () => this.peerConnections.take(),
      send: (generation, signal) => this.#hear(generation, signal),
      whySilent: () => this.silent,
      turn: () => this.turn,
      onChange: ({ state, reason }) => {
        this.changes.push(`${state}: ${reason}`);
        onChange?.();
      },
      onOpen: (_pair, { label }) => {
        this.opened.push(label);
        onOpen?.();
      },
      onMessage: (data) => this.messages.push(data),
      onClose: ({ label }) => {
        this.closed.push(label);
        onClose?.();
      },
      onTrack: () => {},
      onError: (error) => this.errors.push(error),
      onImpostor: () => {},
    });
  }

  /** State and reason. */
  get now(): string {
    return `${this.pair.state}: ${this.pair.reason}`;
  }

  /** How one with this role asks for an ICE restart. */
  get restart(): "offer" | "restart" {
    return this.#polite ? "restart" : "offer";
  }

  /** How one with this role asks for the next generation. */
  get next(): "offer" | "dial" {
    return this.#polite ? "dial" : "offer";
  }

  /** The other side says something. */
  async hear(
    signal: PairSignalBody,
    generation: number = this.pair.generation,
  ): Promise<void> {
    this.pair.receive({ to: 1, from: 2, generation, ...signal });
    await this.time.flow(0);
  }

  /** The other side offers, with fresh credentials. */
  async offer(generation?: number): Promise<void> {
    const sdp = sdpOf(`remote${++this.#ufrags}`);
    const signal = { description: { type: "offer", sdp }, offer: 1 } as const;
    await this.hear(signal, generation);
  }

  /** The other side answers an offer, the last one unless told otherwise. */
  async answer(offer: number = this.#offer): Promise<void> {
    const sdp = sdpOf(`remote${++this.#ufrags}`);
    await this.hear({ description: { type: "answer", sdp }, offer });
  }

  /** The other side does as it was asked: with an answer, or with an offer. */
  async oblige(): Promise<void> {
    if (this.#polite) await this.offer();
    else await this.answer();
  }

  /** Dials, and both sides have described themselves. */
  async negotiate(): Promise<void> {
    this.pair.dial();
    await this.time.flow(0);
    if (this.#polite) await this.offer(this.pair.generation + 1);
    else await this.answer();
  }

  /** The other side brings about the next generation, and both sides have described themselves. */
  async negotiateAgain(): Promise<void> {
    const generation = this.pair.generation + 1;
    if (this.#polite) return await this.offer(generation);
    await this.hear({ dial: true }, generation);
    await this.answer();
  }

  /** Packets flow over the present connection. */
  async flow(): Promise<void> {
    this.fakes.last.become("connected");
    this.defaultChannel.open();
    await this.time.flow(0);
  }

  /** Dials and connects; what happened is forgotten. */
  async connect(): Promise<void> {
    await this.negotiate();
    await this.flow();
    assertEquals(this.now, "connected: packets flow");
    this.forget();
  }

  /** Connects, and loses packets for longer than it has patience. */
  async restarting(): Promise<void> {
    await this.connect();
    this.fakes.last.become("disconnected");
    await this.time.flow(2_000);
    assertEquals(this.now, "restarting: packets did not come back");
    this.forget();
  }

  /** The default channel of the present connection. */
  get defaultChannel(): FakeDataChannel {
    return this.channelNamed("webrtc");
  }

  /** The channel of the present connection with that label. */
  channelNamed(label: string): FakeDataChannel {
    const channel = this.fakes.last.channels.find((each) =>
      each.label === label
    );
    if (!channel) throw new Error(`There is no channel ${label}`);
    return channel;
  }

  /** Forgets what was said and what happened. */
  forget(): void {
    for (const { said, changes, opened, closed } of [this]) {
      for (const list of [said, changes, opened, closed]) list.length = 0;
    }
  }

  /** Ends the pair. Nothing may be left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.pair.end("it was ended");
    await this.time.flow(0);
    const { time, fakes, pair } = this;
    const { timers } = time;
    time[Symbol.dispose]();
    Math.random = this.#random;
    assertEquals(
      [this.errors, fakes.open.length, timers, pair.state],
      [[], 0, 0, "closed"],
      "errors, open connections, timers, state",
    );
  }

  #hear(generation: number, signal: PairSignalBody): void {
    if ("candidates" in signal) return;
    let what = Object.keys(signal).join();
    if ("description" in signal) {
      const { description: { type, sdp }, offer } = signal;
      if (type === "offer") this.#offer = offer;
      const again = this.#last === `${type} ${sdp}`;
      this.#last = `${type} ${sdp}`;
      what = again ? `${type} again` : type;
    }
    this.said.push(`${generation} ${what}`);
  }
}
