import { Negotiation } from "./negotiation.ts";
import type { PairSignalBody } from "./pair_signal.ts";
import { type Path, readPath } from "./path.ts";
import type { Line } from "./peer_connections.ts";

/**
 * Where a pair stands.
 *
 * - `connecting`: it was dialled and never connected yet
 * - `connected`: its default channel is open and packets flow
 * - `disrupted`: it was connected and packets stopped; ICE may recover by itself
 * - `restarting`: ICE gave up and was restarted (W3C WebRTC §4.4.2, `restartIce`)
 * - `closed`: it is gone for good
 */
export type PairState =
  | "connecting"
  | "connected"
  | "disrupted"
  | "restarting"
  | "closed";

/** Where a pair goes from `current`, given its connection and whether its default channel has opened. */
export function nextState(
  current: PairState,
  connection: RTCPeerConnectionState,
  open: boolean,
): PairState {
  switch (connection) {
    case "closed":
      return "closed";
    case "failed":
      return "restarting";
    case "disconnected":
      return open ? "disrupted" : current;
    case "connected":
      return open ? "connected" : current;
    case "new":
    case "connecting":
      // An open channel may be told before the connection that carries it. An
      // ICE restart passes here too: what was connected stays so until it is not.
      return open && current === "connecting" ? "connected" : current;
    default:
      return connection satisfies never;
  }
}

/**
 * How a pair ended: the other side said goodbye to it, or it broke, by a closed
 * channel or by not connecting in time.
 */
export type PairEnding = "bye" | "broken";

/** How long a pair may take to connect. */
export const CONNECT_MS = 15_000;

/** What a pair needs, and whom it tells. */
export interface PairOptions {
  /** The connection to use, fresh, with its default channel. The pair closes it. */
  readonly line: Line;
  /** Whether this side gives way when both offer at once. */
  readonly polite: boolean;
  /** Counts the connections with this peer. */
  readonly generation: number;
  /** Says something to the other side, in order. */
  send(signal: PairSignalBody): void;
  /** The state or the path changed. */
  onChange(pair: Pair): void;
  /** A channel opened; the default one first, once. */
  onOpen(pair: Pair, channel: RTCDataChannel): void;
  /** Something arrived on a channel that has opened. */
  onMessage(pair: Pair, data: string | ArrayBuffer): void;
  /** A channel that had opened closed. */
  onClose(pair: Pair, channel: RTCDataChannel): void;
  /** The other side added a media track. */
  onTrack(pair: Pair, event: RTCTrackEvent): void;
  /** The pair ended, not by {@linkcode Pair.close}. */
  onEnd(pair: Pair, ending: PairEnding): void;
  /** Takes what the browser would not do. */
  onError(error: unknown): void;
}

/** Everything about one remote peer: one RTCPeerConnection, its negotiation, its channels. */
export class Pair {
  readonly pc: RTCPeerConnection;
  readonly generation: number;
  /** The default channel. */
  readonly channel: RTCDataChannel;
  readonly #options: PairOptions;
  readonly #negotiation: Negotiation;
  readonly #channels = new Map<string, RTCDataChannel>();
  readonly #opened = new Set<RTCDataChannel>();
  #state: PairState = "connecting";
  #announced = false;
  readonly #patience: ReturnType<typeof setTimeout>;
  #path: Path | undefined;

  /** Listens to the connection, and waits for the other side unless {@linkcode Pair.offer} is called. */
  constructor(options: PairOptions) {
    const { line, generation, polite, send, onError } = options;
    const { pc, channel } = line;
    this.pc = pc;
    this.channel = channel;
    this.generation = generation;
    this.#options = options;
    this.#negotiation = new Negotiation({ pc, polite, send, onError });
    this.#watch(channel);
    pc.ondatachannel = ({ channel }) => {
      if (!this.#channels.has(channel.label)) {
        this.#channels.set(channel.label, channel);
      }
      this.#watch(channel);
    };
    pc.onconnectionstatechange = () => this.#update();
    pc.ontrack = (event) => options.onTrack(this, event);
    this.#patience = setTimeout(() => this.#end("broken"), CONNECT_MS);
  }

  /** Where it stands. */
  get state(): PairState {
    return this.#state;
  }

  /** How its packets travel; `undefined` until it has connected. */
  get path(): Path | undefined {
    return this.#path;
  }

  /** Whether the app has heard of it. */
  get announced(): boolean {
    return this.#announced;
  }

  /** Uses other STUN and TURN servers; a pair that has not connected gathers again with them (W3C WebRTC §4.4.2, `setConfiguration`). */
  reconfigure(configuration: RTCConfiguration): void {
    this.pc.setConfiguration(configuration);
    if (this.#state === "connecting") this.pc.restartIce();
  }

  /** Makes an unanswered offer again. */
  repeat(): void {
    this.#negotiation.repeat();
  }

  /** Makes the first offer. */
  offer(): void {
    this.#negotiation.offer();
  }

  /** Takes a signal of the other side that belongs to this generation. */
  receive(signal: PairSignalBody): void {
    if ("bye" in signal) this.#end("bye");
    else this.#negotiation.receive(signal);
  }

  /** The channel of that name: the default one without a name, else the one that either side has opened. */
  channelNamed(name: string | undefined): RTCDataChannel {
    if (name === undefined) return this.channel;
    let channel = this.#channels.get(name);
    if (
      !channel || channel.readyState === "closing" ||
      channel.readyState === "closed"
    ) {
      channel = this.pc.createDataChannel(name);
      this.#channels.set(name, channel);
      this.#watch(channel);
    }
    return channel;
  }

  /** Closes connection and channels. Closing twice is fine. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#patience);
    this.#negotiation.close();
    const { pc } = this;
    pc.ondatachannel = pc.onconnectionstatechange = pc.ontrack = null;
    pc.close();
    // A channel's own close event comes only later, and in Firefox sometimes not at all.
    for (const channel of this.#opened) this.#closed(channel);
    const ice = pc.sctp?.transport?.iceTransport;
    if (ice) ice.onselectedcandidatepairchange = null;
  }

  #watch(channel: RTCDataChannel): void {
    channel.binaryType = "arraybuffer";
    channel.onopen = () => this.#open(channel);
    channel.onmessage = ({ data }) => {
      // Nothing arrives on a channel before it was announced.
      this.#open(channel);
      if (this.#opened.has(channel)) this.#options.onMessage(this, data);
    };
    channel.onclose = () => {
      this.#closed(channel);
      // Neither side closes the default channel of a living pair.
      if (channel === this.channel) this.#end("broken");
    };
    if (channel.readyState === "open") this.#open(channel);
  }

  #open(channel: RTCDataChannel): void {
    if (this.#opened.has(channel) || this.#state === "closed") return;
    // Should another channel tell first, the app still hears of the peer before.
    if (this.channel.readyState === "open" && channel !== this.channel) {
      this.#open(this.channel);
    }
    this.#opened.add(channel);
    if (channel === this.channel) {
      this.#announced = true;
      clearTimeout(this.#patience);
      this.#update();
      // A listener may have ended it.
      if (this.state === "closed") return;
    }
    this.#options.onOpen(this, channel);
  }

  #closed(channel: RTCDataChannel): void {
    if (this.#channels.get(channel.label) === channel) {
      this.#channels.delete(channel.label);
    }
    if (this.#opened.delete(channel)) this.#options.onClose(this, channel);
  }

  #end(ending: PairEnding): void {
    if (this.#state === "closed") return;
    this.close();
    this.#options.onEnd(this, ending);
  }

  #update(): void {
    const { connectionState } = this.pc;
    const open = this.#opened.has(this.channel);
    const state = nextState(this.#state, connectionState, open);
    if (state === "closed") return this.#end("broken");
    // The next offer carries new ICE credentials; the negotiation sends it.
    if (connectionState === "failed") this.pc.restartIce();
    this.#set(state);
    if (state === "connected") this.#followPath();
  }

  #set(state: PairState): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#options.onChange(this);
  }

  #followPath(): void {
    void this.#readPath();
    // ICE may move to a better path later; Firefox does not tell.
    const ice = this.pc.sctp?.transport?.iceTransport;
    if (ice) ice.onselectedcandidatepairchange = () => void this.#readPath();
  }

  async #readPath(): Promise<void> {
    const report = await this.pc.getStats().catch(() => undefined);
    const path = report &&
      readPath(report as unknown as Iterable<[string, unknown]>);
    if (!path || path === this.#path || this.#state === "closed") return;
    this.#path = path;
    this.#options.onChange(this);
  }
}
