import { isPolite, type Member } from "../protocol.ts";
import { backoffMs } from "./backoff.ts";
import type { Debug } from "./debug.ts";
import type { ConnectionEvents } from "./events.ts";
import { CONNECT_MS, Pair } from "./pair.ts";
import { type PairSignalBody, parsePairSignal } from "./pair_signal.ts";
import type { PeerConnections } from "./peer_connections.ts";

/** Wait before a pair that broke is dialled again, so that the room can tell of a peer that left. */
const REDIAL_MS = 200;

/** Why nothing can be waited for any more. */
const CLOSED = "the connection was closed";

/** What a mesh needs, and whom it tells. */
export interface MeshOptions {
  /** Where connections come from. */
  readonly peerConnections: PeerConnections;
  /** Carries `data` to a peer through the server. */
  readonly signal: (peerId: string, data: string) => void;
  /** Tells the app. */
  readonly emit: <Name extends keyof ConnectionEvents>(
    event: Name,
    ...payload: Parameters<ConnectionEvents[Name]>
  ) => void;
  /** Takes what a developer may want to see. */
  readonly debug: Debug;
}

/** Somebody who waits for a channel to a peer, which need not be in the room yet. */
interface Waiter {
  readonly peerId: string;
  readonly channelName: string | undefined;
  readonly resolve: (channel: RTCDataChannel) => void;
  readonly reject: (error: unknown) => void;
}

/** A pair that broke, or was asked for, and will be dialled again. */
interface Redial {
  readonly attempts: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** All pairs of one membership: who dials whom, which signal belongs to which pair, and what happens when one breaks. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #pairs = new Map<string, Pair>();
  /** The last generation used with a peer; outlives the pair, so that late signals of it are known as such. */
  readonly #generations = new Map<string, number>();
  readonly #redials = new Map<string, Redial>();
  readonly #waiters = new Set<Waiter>();
  #self: Pick<Member, "id" | "joinedAt">;
  #members: ReadonlyMap<string, Member> = new Map();
  #closed = false;

  /** A mesh without pairs. */
  constructor(self: Pick<Member, "id" | "joinedAt">, options: MeshOptions) {
    this.#self = self;
    this.#options = options;
  }

  /** Ids of the peers whose default channel is open. */
  get connected(): string[] {
    return [...this.#pairs.keys()].filter((id) => this.channel(id));
  }

  /** The pair with a peer, if there is one. */
  pair(peerId: string): Pair | undefined {
    return this.#pairs.get(peerId);
  }

  /** The default channel of a peer, if it is open. */
  channel(peerId: string): RTCDataChannel | undefined {
    const channel = this.#pairs.get(peerId)?.channel;
    return channel?.readyState === "open" ? channel : undefined;
  }

  /**
   * Starts anew as another membership: the others have seen the old one leave.
   * Returns whom to dial again: everybody who was dialled or is waited for.
   */
  rejoin(self: Pick<Member, "id" | "joinedAt">): string[] {
    const dialled = [...this.#pairs.keys(), ...this.#redials.keys()];
    this.#self = self;
    this.#generations.clear();
    for (const id of dialled) {
      this.#rest(id);
      this.#forget(id);
    }
    return [...dialled, ...this.#wanted()];
  }

  /** Takes over who is in the room; `left` are gone, `joined` are dialled where somebody waits for them. */
  follow(
    members: ReadonlyMap<string, Member>,
    joined: readonly Member[],
    left: readonly Member[],
  ): void {
    this.#members = members;
    for (const { id } of left) {
      this.#generations.delete(id);
      if (members.has(id)) {
        // The same name, another membership: what waits for it may go on.
        this.#rest(id);
        this.#forget(id);
      } else {
        this.drop(id, "the peer left");
      }
    }
    const wanted = this.#wanted();
    // The newcomer dials; we do only where somebody asked for it before.
    for (const { id } of joined) if (wanted.has(id)) this.dial(id);
  }

  /**
   * Dials a member, unless there is a pair already. Only the impolite side makes
   * the first offer; the polite one asks for it. Chromium now and then stops
   * gathering candidates when a first offer is rolled back, so first offers
   * must never meet.
   */
  dial(peerId: string): void {
    const member = this.#members.get(peerId);
    if (!member || this.#pairs.has(peerId) || this.#closed) return;
    const generation = this.#generation(peerId) + 1;
    if (!isPolite(this.#self, member)) {
      return this.#makePair(peerId, generation)?.offer();
    }
    this.#signal(peerId, generation, { dial: true });
    // Should the question or its answer get lost.
    this.#dialLater(peerId, CONNECT_MS);
  }

  /**
   * Dials a peer now, or as soon as it joins; resolves with its channel of that
   * name when it is open.
   */
  open(
    peerId: string,
    channelName: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<RTCDataChannel> {
    let waiter: Waiter | undefined;
    const abort = () => waiter?.reject(signal?.reason);
    return new Promise<RTCDataChannel>((resolve, reject) => {
      signal?.throwIfAborted();
      if (peerId === this.#self.id) {
        throw new RangeError(
          `Cannot connect to peer: "${peerId}" is the own id`,
        );
      }
      if (this.#closed) throw networkError(CLOSED);
      waiter = { peerId, channelName, resolve, reject };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abort);
      this.dial(peerId);
      if (this.channel(peerId)) this.#serve(peerId);
    }).finally(() => {
      signal?.removeEventListener("abort", abort);
      if (waiter) this.#waiters.delete(waiter);
    });
  }

  /** Takes what a peer said through the server. */
  hear(from: string, data: string): void {
    const signal = parsePairSignal(data);
    const known = this.#generation(from);
    if (
      !signal || !this.#members.has(from) ||
      signal.to !== this.#self.joinedAt || signal.generation < known
    ) {
      return this.#options.debug("signal dropped", from);
    }
    if ("bye" in signal) {
      // Also for a pair that broke here and waits to be dialled again.
      this.#generations.set(from, signal.generation);
      return this.drop(from, "the other side ended it");
    }
    if (signal.generation > known) {
      const asks = "dial" in signal;
      const offers = "description" in signal &&
        signal.description.type === "offer";
      // Anything else belongs to a pair that we never knew.
      if (!asks && !offers) return;
      this.#generations.set(from, signal.generation);
      this.#forget(from);
      // A listener may have dialled anew, or closed it all, meanwhile.
      if (this.#generation(from) !== signal.generation) return;
      const pair = this.#makePair(from, signal.generation);
      if (asks) return pair?.offer();
    }
    this.#pairs.get(from)?.receive(signal);
  }

  /**
   * Ends the pair with a peer, or with all, for good, and says so. It uses up a
   * generation: the other side may see the channel close before it hears the
   * word, and dial again in vain.
   */
  bye(peerId?: string): void {
    const ids = peerId === undefined ? [...this.#members.keys()] : [peerId];
    for (const id of ids) {
      const generation = this.#generation(id) + 1;
      this.#generations.set(id, generation);
      this.#signal(id, generation, { bye: true });
      this.drop(id, "it was ended");
    }
  }

  /** Ends the pair with a peer without a word, and gives up what waits for it. */
  drop(peerId: string, reason: string): void {
    const waiters = [...this.#waiters].filter((each) => each.peerId === peerId);
    this.#rest(peerId);
    // A listener may wait anew: that one is not given up.
    this.#forget(peerId);
    for (const { reject } of waiters) reject(networkError(reason));
  }

  /** Makes an offer to a peer again that it has not answered: it may have got lost. */
  repeat(peerId: string): void {
    this.#pairs.get(peerId)?.repeat();
  }

  /** Uses the present STUN and TURN servers for the pairs that there are. */
  reconfigure(): void {
    const { configuration } = this.#options.peerConnections;
    for (const pair of this.#pairs.values()) pair.reconfigure(configuration);
  }

  /** Ends everything. */
  close(): void {
    this.#closed = true;
    for (const id of [...this.#members.keys()]) this.drop(id, CLOSED);
    for (const { reject } of this.#waiters) reject(networkError(CLOSED));
    // A listener may have closed it in the middle of something: nobody is left to dial.
    this.#members = new Map();
    this.#options.peerConnections.close();
  }

  /** Ids of the peers that somebody waits for. */
  #wanted(): Set<string> {
    return new Set([...this.#waiters].map(({ peerId }) => peerId));
  }

  #generation(peerId: string): number {
    return this.#generations.get(peerId) ?? 0;
  }

  #signal(peerId: string, generation: number, body: PairSignalBody): void {
    const to = this.#members.get(peerId)?.joinedAt;
    if (to === undefined) return;
    const data = JSON.stringify({ to, generation, ...body });
    this.#options.signal(peerId, data);
  }

  #makePair(peerId: string, generation: number): Pair | undefined {
    const { peerConnections, emit, debug } = this.#options;
    const member = this.#members.get(peerId);
    if (!member || this.#closed) return;
    const pair = new Pair({
      line: peerConnections.take(),
      polite: isPolite(this.#self, member),
      generation,
      send: (signal) => this.#signal(peerId, generation, signal),
      onChange: ({ state, path }) =>
        emit("peer-state", { peer: peerId, state, path: path ?? null }),
      onOpen: (pair, channel) => {
        if (channel === pair.channel) {
          this.#rest(peerId);
          emit("peer", [peerId, channel]);
        }
        emit("datachannel", channel);
        this.#serve(peerId);
      },
      onMessage: (_, data) => emit("message", { data, peer: peerId }),
      onClose: (_, channel) => emit("webrtc-close", channel),
      onTrack: (_, { track, streams }) =>
        emit("track", { peer: peerId, track, streams }),
      onEnd: (pair, ending) => {
        if (this.#pairs.get(peerId) !== pair) return;
        if (ending === "broken") this.#redial(peerId);
        else this.drop(peerId, "the other side ended it");
      },
      onError: (error) => debug("pair", peerId, error),
    });
    this.#pairs.set(peerId, pair);
    this.#generations.set(peerId, generation);
    emit("peer-state", { peer: peerId, state: pair.state, path: null });
    return pair;
  }

  /** Gives those who wait for a peer the channels that are open, and opens those that are not there yet. */
  #serve(peerId: string): void {
    for (const { peerId: id, channelName, resolve } of this.#waiters) {
      if (id !== peerId) continue;
      const channel = this.#pairs.get(peerId)?.channelNamed(channelName);
      if (channel?.readyState === "open") resolve(channel);
    }
  }

  /** Dials a pair that broke again, with backoff, for as long as the room says that the peer is there. */
  #redial(peerId: string): void {
    const attempts = this.#redials.get(peerId)?.attempts ?? 0;
    const delayMs = REDIAL_MS + backoffMs(attempts + 1, Math.random());
    this.#dialLater(peerId, delayMs);
    // Last: a listener may end it all.
    this.#forget(peerId);
  }

  #dialLater(peerId: string, delayMs: number): void {
    const { timer, attempts = 0 } = this.#redials.get(peerId) ?? {};
    clearTimeout(timer);
    this.#redials.set(peerId, {
      attempts: attempts + 1,
      timer: setTimeout(() => this.dial(peerId), delayMs),
    });
  }

  /** Nothing is left to dial again. */
  #rest(peerId: string): void {
    clearTimeout(this.#redials.get(peerId)?.timer);
    this.#redials.delete(peerId);
  }

  /** Closes a pair, if there is one, and tells the app if it knew the peer. */
  #forget(peerId: string): void {
    const pair = this.#pairs.get(peerId);
    if (!pair) return;
    const { emit } = this.#options;
    this.#pairs.delete(peerId);
    pair.close();
    emit("peer-state", { peer: peerId, state: "closed", path: null });
    if (pair.announced) emit("peer-disconnect", peerId);
  }
}

function networkError(reason: string): DOMException {
  return new DOMException(`Cannot connect to peer: ${reason}`, "NetworkError");
}
