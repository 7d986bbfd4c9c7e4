import type { TurnStatus } from "../protocol.ts";
import { backoffMs } from "./backoff.ts";
import type { DataPlane } from "./data/data_plane.ts";
import { fingerprintsOf } from "./fingerprint.ts";
import { Link } from "./link.ts";
import type { PairReason } from "./pair_reason.ts";
import type { PairSignal, PairSignalBody } from "./pair_signal.ts";
import { nextPairState, type PairEvent, type PairState } from "./pair_state.ts";
import type { Route } from "./path.ts";
import type { Line } from "./peer_connections.ts";

/** How long a connection may take to be made. */
const CONNECT_MS = 15_000;
/** How long ICE may take to recover by itself, where no TURN server is needed for that. */
const PATIENCE_MS = 2_000;
/** How long an ICE restart may take, once it was answered, before a connection of the next generation is made. */
const RESTART_MS = 15_000;
/** How often a restart that got no answer is asked for again, before the same. */
const REPEATS = 2;
/** How many generations in a row the other side may begin at once. */
const FREE_GENERATIONS = 3;
/** Most signals of a generation that are held until it is begun. */
const MAX_HELD = 64;
/** Wait before a pair that broke is dialled again, so that the room can tell of a peer that left. */
const REDIAL_MS = 200;

/** What a pair needs, and whom it tells. */
export interface PairOptions {
  /** Whether this side gives way when both offer at once. */
  readonly polite: boolean;
  /** The last generation used with this peer, 0 if none was. */
  readonly generation: number;
  /** What is said and heard over all connections. The pair ends it. */
  readonly plane: Pick<
    DataPlane,
    "attach" | "detach" | "start" | "adopt" | "end"
  >;
  /** A fresh connection. */
  take(): Line;
  /** Says something to the other side, in order. */
  send(generation: number, signal: PairSignalBody): void;
  /** Why signals reach the peer only later, if so. */
  whySilent(): PairReason | undefined;
  /** What the signaling server says of TURN; `undefined` if its servers are not used. */
  turn(): TurnStatus | undefined;
  /** State, reason or path changed. */
  onChange(pair: Pair): void;
  /** A channel opened; the default one of a generation first. */
  onOpen(pair: Pair, channel: RTCDataChannel): void;
  /** Something arrived on a channel that has opened. */
  onMessage(data: string | ArrayBuffer): void;
  /** A channel that had opened closed. */
  onClose(channel: RTCDataChannel): void;
  /** The other side added a media track. */
  onTrack(event: RTCTrackEvent): void;
  /** Takes what the browser would not do. */
  onError(error: unknown): void;
  /** A description was refused that names another certificate than it may. */
  onImpostor(): void;
}

/**
 * Everything about one remote peer: supervises one connection after the other,
 * each of the next generation, for as long as the peer is in the room.
 */
export class Pair {
  readonly #options: PairOptions;
  #state: PairState = "new";
  #reason: PairReason = "not dialled";
  /** Why the last connection is no more. */
  #trouble: PairReason = "dialled";
  #generation: number;
  #link: Link | undefined;
  /** Labels of the channels that this side has made; the next generation has them too. */
  readonly #made = new Set<string>();
  /** How often the other side has begun a generation since packets flowed, and when it may again. */
  #begun = 0;
  #beginsAt = -Infinity;
  /** What it says of a generation that it may not begin yet: the newest, as all others are over. */
  #held: PairSignal[] = [];
  #holding: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;
  /** Whether the present state was given its time again. */
  #reached = false;
  #announced = false;
  /** Fingerprint of the other side's certificate, once somebody has looked at it. */
  #pinned: string | undefined;

  /** Does nothing yet. */
  constructor(options: PairOptions) {
    this.#options = options;
    this.#generation = options.generation;
  }

  /** Where it stands. */
  get state(): PairState {
    return this.#state;
  }

  /** Why. */
  get reason(): PairReason {
    return this.#reason;
  }

  /** The last generation used. */
  get generation(): number {
    return this.#generation;
  }

  /** The present connection, if there is one. */
  get pc(): RTCPeerConnection | undefined {
    return this.#link?.pc;
  }

  /** How packets travel; `undefined` until that is known. */
  get route(): Route | undefined {
    return this.#link?.route;
  }

  /** The default channel, if it is open. */
  get channel(): RTCDataChannel | undefined {
    const channel = this.#link?.channel;
    return channel?.readyState === "open" ? channel : undefined;
  }

  /** Whether the app has heard of the peer. */
  get announced(): boolean {
    return this.#announced;
  }

  /**
   * Begins a connection of the next generation. Only the impolite side makes
   * the first offer; the polite one asks for it. Chromium now and then stops
   * gathering candidates when a first offer is rolled back, so first offers
   * must never meet.
   */
  dial(reason: PairReason = "dialled"): void {
    const generation = this.#generation + 1;
    if (!this.#options.polite) {
      return this.#renew(generation, reason)?.offer();
    }
    this.#drop();
    // A listener may have ended it.
    if (!this.#move("dialled", reason)) return;
    this.#options.send(generation, { dial: true });
  }

  /**
   * The certificates of both sides, by their fingerprints: from now on the other
   * side may have no other one in this pair. `undefined` while it is not connected.
   */
  pin(): readonly [own: string, other: string] | undefined {
    const [own] = fingerprintsOf(this.pc?.localDescription?.sdp ?? "");
    const other = this.#link?.certificate;
    if (!this.channel || !own || !other) return;
    this.#pinned = other;
    return [own, other];
  }

  /** Takes what the other side says. */
  receive(signal: PairSignal): void {
    if ("description" in signal && this.#pinned !== undefined) {
      const named = fingerprintsOf(signal.description.sdp ?? "");
      if (named.join() !== this.#pinned) return this.#options.onImpostor();
    }
    const offers = "description" in signal &&
      signal.description.type === "offer";
    const { generation } = signal;
    if (generation > this.#generation) {
      const asks = "dial" in signal;
      if (performance.now() < this.#beginsAt) {
        return this.#hold(signal, asks || offers);
      }
      // Anything else belongs to a connection that we never knew.
      if (!asks && !offers) return;
      // The first ones at once; then ever more rarely.
      const many = Math.max(0, ++this.#begun - FREE_GENERATIONS);
      this.#beginsAt = performance.now() + backoffMs(many, 1);
      const link = this.#renew(generation, "dialled");
      return asks ? link?.offer() : link?.receive(signal);
    }
    if (generation < this.#generation) return;
    this.#link?.receive(signal);
    // One restart is enough for both.
    if (this.#state === "disrupted" && (offers || "restart" in signal)) {
      this.#move("restarted", "the other side restarted ICE");
    }
  }

  /** The channel of that name, which need not be open yet; `undefined` while there is no connection. */
  channelNamed(name: string | undefined): RTCDataChannel | undefined {
    return this.#link?.channelNamed(name);
  }

  /** Makes an unanswered offer again: it may have got lost. */
  repeat(): void {
    this.#link?.repeat();
  }

  /** Uses other STUN and TURN servers. Who is relayed needs them before the old ones expire, who has not connected at once. */
  reconfigure(configuration: RTCConfiguration): void {
    const link = this.#link;
    if (!link) return;
    try {
      link.pc.setConfiguration(configuration);
    } catch (error) {
      // The app has closed it, which is told by no event of the connection.
      return this.#options.onError(error);
    }
    // The old route serves until the new one is found (RFC 8445 §9).
    const restarts = this.#state === "connected"
      ? link.route?.relayed
      : this.#state === "connecting" || !this.#options.whySilent();
    if (restarts) link.restart();
  }

  /** The page may be back, or the network, which may be another then (`changed`): whatever waits is tried at once. */
  wake(changed: boolean): void {
    if (!changed) return this.reach();
    switch (this.#state) {
      case "disrupted":
      case "restarting":
        return this.#lose("the network is back");
      case "connected":
        // It is too early for the browser to know that packets have stopped, if they have.
        return this.#link?.restart();
      default:
        return this.reach();
    }
  }

  /** Signals may reach the peer again: what waits for that goes on. */
  reach(): void {
    switch (this.#state) {
      case "failed":
        return this.#retry();
      case "disrupted":
        return this.#lose();
      case "connected":
        return this.#link?.repeat();
      default:
        // What was said meanwhile is on its way, and has all the time it needs; but not for ever.
        if (!this.#reached) this.#arm();
        this.#reached = true;
    }
  }

  /** Ends it for good, without a word to the other side. Ending twice is fine. */
  end(reason: PairReason): void {
    this.#move("ended", reason);
  }

  /**
   * Keeps what begins a generation, and what follows, until it may be begun. Of
   * many that come at once, after an outage or from somebody who means harm,
   * only the newest costs a connection.
   */
  #hold(signal: PairSignal, begins: boolean): void {
    const [first] = this.#held;
    if (begins && signal.generation > (first?.generation ?? 0)) {
      this.#held = [signal];
    } else if (
      signal.generation === first?.generation && this.#held.length < MAX_HELD
    ) this.#held.push(signal);
    this.#holding ??= setTimeout(() => {
      this.#holding = undefined;
      for (const each of this.#held.splice(0)) this.receive(each);
    }, this.#beginsAt - performance.now());
  }

  /** Makes the connection of a generation; `undefined` if a listener ended it meanwhile. */
  #renew(generation: number, reason: PairReason): Link | undefined {
    this.#generation = generation;
    this.#drop();
    const {
      plane,
      take,
      polite,
      send,
      onClose,
      onMessage,
      onTrack,
      onError,
      onImpostor,
    } = this.#options;
    // A listener may have dialled anew, or closed it all, meanwhile.
    if (this.#state === "closed" || this.#generation !== generation) return;
    let line: Line;
    try {
      line = take();
    } catch (error) {
      // There are too many already.
      onError(error);
      const still = this.#move("dialled", reason) && !this.#link;
      if (still) this.#break("the connection closed");
      return;
    }
    const link: Link = this.#link = new Link({
      line,
      polite,
      plane,
      send: (signal) => send(generation, signal),
      onChange: () => this.#follow(link),
      onRoute: () => this.#options.onChange(this),
      onOpen: (channel) => {
        const known = this.#announced;
        this.#announced = true;
        this.#options.onOpen(this, channel);
        if (!known) plane.start();
      },
      onMessage,
      made: this.#made,
      onClose,
      onTrack,
      onError,
      onImpostor,
    });
    this.#move("dialled", reason);
    return this.#link === link ? link : undefined;
  }

  /** Follows what the browser says of the connection. */
  #follow(link: Link): void {
    const { pc: { connectionState }, broken } = link;
    if (link !== this.#link) return;
    if (connectionState === "closed" || broken) {
      return this.#break("the connection closed");
    }
    switch (connectionState) {
      case "failed":
        if (!link.open) return void this.#giveUp(link);
        // A restart that nobody answered yet may still help.
        if (this.#state !== "restarting") return this.#lose("ICE failed");
        return link.unanswered ? undefined : this.#reconsider();
      case "disconnected":
        return void this.#move("stalled", "packets stopped");
      case "connected":
        if (!link.open) return;
        break;
      default:
        // An open channel may be told before the connection that carries it.
        if (!link.open || this.#state !== "connecting") return;
    }
    this.#attempts = this.#begun = 0;
    this.#move("flows", "packets flow");
    link.follow();
  }

  /**
   * Packets do not come back: ICE is restarted, once the other side can be told.
   * Until then the connection may revive by itself, which it could not with
   * credentials that only one side knows.
   */
  #lose(reason: PairReason = "packets did not come back"): void {
    const silent = this.#options.whySilent();
    if (!silent) this.#restart(reason);
    // ICE may fail without a word before.
    else if (this.#state === "connected") this.#move("stalled", silent);
    else this.#tell(silent);
  }

  #restart(reason: PairReason): void {
    this.#link?.restart();
    this.#move("restarted", reason);
  }

  /** ICE has found no way, or nobody answered. */
  async #giveUp(link: Link | undefined): Promise<void> {
    const reason = await link?.why(this.#options.turn()) ??
      "no answer from the peer";
    // A connection may have come about while its statistics were read.
    if (link === this.#link && this.#state === "connecting") {
      this.#break(this.#options.whySilent() ?? reason);
    }
  }

  #break(reason: PairReason): void {
    this.#trouble = reason;
    this.#move("broken", reason);
  }

  #retry(): void {
    const silent = this.#options.whySilent();
    if (silent) this.#tell(silent);
    else this.dial(this.#trouble);
  }

  /** What a restart that brought nothing yet leads to. */
  #reconsider(repeats = 0): void {
    // Who cannot be heard cannot help; the connection may yet be saved.
    if (this.#options.whySilent()) return this.#arm();
    if (!this.#link?.unanswered || repeats === REPEATS) {
      return this.dial("the ICE restart brought nothing");
    }
    this.#link.repeat();
    this.#wait(RESTART_MS, () => this.#reconsider(repeats + 1));
  }

  /** Goes where `event` leads, if anywhere; tells whether it is still there when everybody has heard. */
  #move(event: PairEvent, reason: PairReason): boolean {
    const state = nextPairState(this.#state, event);
    if (!state) return false;
    this.#state = state;
    this.#reached = false;
    if (state === "closed") clearTimeout(this.#holding);
    if (state === "failed" || state === "closed") {
      this.#drop();
      if (state === "closed") this.#options.plane.end();
      // A listener may have dialled anew.
      if (this.#state !== state) return false;
    }
    this.#arm();
    this.#tell(reason);
    return this.#state === state;
  }

  #tell(reason: PairReason): void {
    this.#reason = reason;
    this.#options.onChange(this);
  }

  /** Sets what happens when nothing does. */
  #arm(): void {
    clearTimeout(this.#timer);
    switch (this.#state) {
      case "connecting":
        return this.#wait(CONNECT_MS, () => void this.#giveUp(this.#link));
      case "disrupted":
        // A TURN server that has forgotten us does not remember by itself.
        return this.#wait(
          this.route?.path.startsWith("relay") ? 0 : PATIENCE_MS,
          () => this.#lose(),
        );
      case "restarting":
        return this.#wait(RESTART_MS, () => this.#reconsider());
      case "failed": {
        const backoff = backoffMs(++this.#attempts, Math.random());
        return this.#wait(REDIAL_MS + backoff, () => this.#retry());
      }
    }
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  /** Closes the present connection. */
  #drop(): void {
    const link = this.#link;
    this.#link = undefined;
    link?.close();
  }
}
