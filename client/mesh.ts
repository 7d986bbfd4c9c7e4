import { isPolite, type Member, type TurnStatus } from "../protocol.ts";
import { DataPlane, type DataPlaneOptions } from "./data/data_plane.ts";
import type { Names } from "./data/lane.ts";
import type { Debug } from "./debug.ts";
import type { ConnectionEvents, Message } from "./events.ts";
import { Pair } from "./pair.ts";
import type { PairReason } from "./pair_reason.ts";
import { type PairSignalBody, parsePairSignal } from "./pair_signal.ts";
import type { PeerConnections } from "./peer_connections.ts";
import {
  isFinal,
  protectionOf,
  reasonOf,
  type UntrustedCode,
} from "./untrusted.ts";

/** Why nothing can be waited for any more. */
const CLOSED = "the connection was closed";

/** What a mesh needs, and whom it tells. */
export interface MeshOptions {
  /** Where connections come from. */
  readonly peerConnections: PeerConnections;
  /** Carries `data` to a peer through the server. */
  readonly signal: (peerId: string, data: string, generation: number) => void;
  /** Why there must be no pair with a peer, if so. */
  readonly whyNot: (peerId: string) => PairReason | undefined;
  /** A peer is protected, and we are not. */
  readonly onProtected: (peerId: string, code: UntrustedCode) => void;
  /** What we and a peer are called, where peers prove who they are. */
  readonly names: (peerId: string) => Omit<Names, "onImpostor"> | undefined;
  /** Whether signals leave now. */
  readonly joined: () => boolean;
  /** Packets of a pair have stopped: the socket may be dead, too. */
  readonly onStall: () => void;
  /** What the server says of TURN; `undefined` if its servers are not used. */
  readonly turn: () => TurnStatus | undefined;
  /** What data planes need of the app. */
  readonly data:
    & Pick<
      DataPlaneOptions,
      "maxMessageBytes" | "requestHandler" | "onFile" | "channels"
    >
    & {
      /** A message has come. */
      onMessage(message: Message): void;
    };
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

/** All pairs of one membership: who is dialled, which signal belongs to which pair, and what the app hears of them. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #pairs = new Map<string, Pair>();
  readonly #planes = new Map<string, DataPlane>();
  /** The last generation used with a peer whose pair has ended, so that late signals of it are known as such. */
  readonly #generations = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  /** Ids of those that would have been dialled, had they been trusted. */
  readonly #untrusted = new Set<string>();
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

  /** Ids of the peers that the app knows: connected now, or being connected again. */
  get met(): string[] {
    return [...this.#pairs.keys()].filter((id) => this.plane(id));
  }

  /** The data plane of a peer that the app knows. */
  plane(peerId: string): DataPlane | undefined {
    return this.#pairs.get(peerId)?.announced
      ? this.#planes.get(peerId)
      : undefined;
  }

  /** The pair with a peer, if there is one. */
  pair(peerId: string): Pair | undefined {
    return this.#pairs.get(peerId);
  }

  /** The default channel of a peer, if it is open. */
  channel(peerId: string): RTCDataChannel | undefined {
    return this.#pairs.get(peerId)?.channel;
  }

  /**
   * Starts anew as another membership: the others have seen the old one leave.
   * Returns whom to dial again: everybody who was dialled or is waited for.
   */
  rejoin(self: Pick<Member, "id" | "joinedAt">): string[] {
    const dialled = [...this.#pairs.keys()];
    this.#self = self;
    for (const id of dialled) this.#end(id, "the session was lost");
    this.#generations.clear();
    return [...dialled, ...this.#untrusted, ...this.#wanted()];
  }

  /** Takes over who is in the room; `left` are gone, `joined` are dialled where somebody waits for them. */
  follow(
    members: ReadonlyMap<string, Member>,
    joined: readonly Member[],
    left: readonly Member[],
  ): void {
    this.#members = members;
    for (const { id } of left) {
      // The same name, another membership: what waits for it may go on.
      if (members.has(id)) this.#end(id, "the peer left", 0);
      else {
        this.drop(id, "the peer left");
        this.#generations.delete(id);
      }
    }
    const wanted = this.#wanted();
    // The newcomer dials; we do only where somebody asked for it before.
    for (const { id } of joined) if (wanted.has(id)) this.dial(id);
  }

  /** Dials a member, unless there is a pair already. */
  dial(peerId: string): void {
    if (!this.#pairs.has(peerId)) this.#makePair(peerId)?.dial();
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
      const whyNot = this.#options.whyNot(peerId);
      if (isFinal(whyNot)) throw networkError(whyNot);
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
    const code = protectionOf(data);
    if (code) return this.#options.onProtected(from, code);
    const signal = parsePairSignal(data);
    const member = this.#members.get(from);
    const known = this.#generation(from);
    const pair = this.#pairs.get(from);
    const here = member && signal?.from === member.joinedAt &&
      signal.to === this.#self.joinedAt;
    if (!here) {
      return this.#options.debug("signal dropped", from);
    }
    const { generation } = signal;
    if ("bye" in signal) {
      // Also for a pair that broke here and waits to be dialled again. What the
      // polite side dials is of the generation after: an equal one came before.
      const stale = generation < known ||
        generation === known && pair && isPolite(this.#self, member);
      return stale
        ? undefined
        : this.drop(from, "the other side ended it", generation);
    }
    if (pair) return pair.receive(signal);
    if (generation > known) {
      if (this.#options.whyNot(from)) {
        // It would dial again and again.
        this.#generations.set(from, generation + 1);
        return this.#signal(from, generation + 1, { bye: true });
      }
      const made = this.#makePair(from);
      made?.receive(signal);
      // It was of a pair that we never knew.
      if (made?.state === "new") {
        this.#pairs.delete(from);
        this.#planes.delete(from);
      }
    } else if ("dial" in signal || "description" in signal) {
      // It has ended, and the word of that got lost.
      this.#signal(from, known, { bye: true });
    }
  }

  /**
   * Ends the pair with a peer, or with all, for good, and says so. It uses up a
   * generation: the other side may see the channel close before it hears the
   * word, and dial again in vain.
   */
  bye(peerId?: string): void {
    const ids = peerId === undefined ? [...this.#members.keys()] : [peerId];
    for (const id of ids) this.#bye(id, "it was ended");
  }

  /** Ends the pair with a peer without a word, and gives up what waits for it. */
  drop(peerId: string, reason: PairReason, generation?: number): void {
    const waiters = [...this.#waiters].filter((each) => each.peerId === peerId);
    // A listener may wait anew: that one is not given up.
    this.#end(peerId, reason, generation);
    for (const { reject } of waiters) reject(networkError(reason));
  }

  /** A peer is trusted: it is dialled if it was to be, or told again what it may not have understood. */
  trusted(peerId: string): void {
    if (this.#untrusted.delete(peerId)) this.dial(peerId);
    else this.repeat(peerId);
  }

  /** A peer is not trusted, and told so if there is a pair. */
  refuse(peerId: string, reason: PairReason): void {
    const waits = this.#untrusted.has(peerId);
    // Whoever said it may have been somebody else: nothing is used up that the peer still needs.
    if (this.#pairs.has(peerId)) this.#bye(peerId, reason);
    else this.drop(peerId, reason);
    if (waits) this.#untrusted.add(peerId);
  }

  /** Says something to a peer which only shows that we are here, and not protected. */
  expose(peerId: string): void {
    this.#signal(peerId, 0, { bye: true });
  }

  /** Says to a peer again what it has not answered: it may have got lost. */
  repeat(peerId: string): void {
    this.#pairs.get(peerId)?.repeat();
  }

  /** Signals reach a peer again, or all. */
  reach(peerId?: string): void {
    for (const [id, pair] of this.#pairs) {
      if (peerId === undefined || id === peerId) pair.reach();
    }
  }

  /** The page may be back, or the network, which may be another then (`changed`). */
  wake(changed: boolean): void {
    for (const pair of this.#pairs.values()) pair.wake(changed);
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
    return this.#pairs.get(peerId)?.generation ??
      this.#generations.get(peerId) ?? 0;
  }

  #bye(peerId: string, reason: PairReason): void {
    const generation = this.#generation(peerId) + 1;
    this.#signal(peerId, generation, { bye: true });
    this.drop(peerId, reason, generation);
  }

  #signal(peerId: string, generation: number, body: PairSignalBody): void {
    const to = this.#members.get(peerId)?.joinedAt;
    if (to === undefined) return;
    const { joinedAt: from } = this.#self;
    const data = JSON.stringify({ to, from, generation, ...body });
    this.#options.signal(peerId, data, generation);
  }

  #makePair(peerId: string): Pair | undefined {
    const {
      peerConnections,
      whyNot,
      names,
      joined,
      onStall,
      turn,
      data,
      emit,
      debug,
    } = this.#options;
    const member = this.#members.get(peerId);
    if (!member || this.#closed) return;
    if (whyNot(peerId)) return void this.#untrusted.add(peerId);
    const polite = isPolite(this.#self, member);
    const named = names(peerId);
    const plane = new DataPlane({
      ...data,
      peer: peerId,
      polite,
      onMessage: (message) => data.onMessage({ data: message, peer: peerId }),
      onUndelivered: (messages) =>
        emit("undelivered", { peer: peerId, messages }),
      onViolation: () => this.#bye(peerId, "the peer broke the protocol"),
      names: named && {
        ...named,
        onImpostor: () => {
          this.#bye(peerId, reasonOf("identity-mismatch"));
          emit("untrusted", { peer: peerId, code: "identity-mismatch" });
        },
      },
    });
    const pair = new Pair({
      polite,
      plane,
      generation: this.#generation(peerId),
      take: () => peerConnections.take(),
      send: (generation, signal) => this.#signal(peerId, generation, signal),
      whySilent: () =>
        !joined()
          ? "signaling is down"
          : this.#members.get(peerId)?.away
          ? "signaling of the peer is down"
          : undefined,
      turn,
      onChange: ({ state, reason, route }) => {
        if (state === "disrupted") onStall();
        const path = route?.path ?? null;
        emit("peer-state", { peer: peerId, state, reason, path });
      },
      onOpen: (pair, channel) => {
        if (channel === pair.channel) emit("peer", [peerId, channel]);
        emit("datachannel", channel);
        this.#serve(peerId);
      },
      onMessage: (data) => emit("message", { data, peer: peerId }),
      onClose: (channel) => emit("webrtc-close", channel),
      onTrack: ({ track, streams }) =>
        emit("track", { peer: peerId, track, streams }),
      onError: (error) => debug("pair", peerId, error),
      onImpostor: () =>
        emit("untrusted", { peer: peerId, code: "fingerprint-mismatch" }),
    });
    this.#pairs.set(peerId, pair);
    this.#planes.set(peerId, plane);
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

  /** Ends a pair, if there is one, and tells the app if it knew the peer. */
  #end(peerId: string, reason: PairReason, generation?: number): void {
    this.#untrusted.delete(peerId);
    const last = generation ?? this.#generation(peerId);
    const pair = this.#pairs.get(peerId);
    // First: a listener may dial anew. Who is not here begins from nothing.
    if (this.#members.has(peerId)) this.#generations.set(peerId, last);
    if (!pair) return;
    this.#pairs.delete(peerId);
    this.#planes.delete(peerId);
    pair.end(reason);
    if (pair.announced) this.#options.emit("peer-disconnect", peerId);
  }
}

function networkError(reason: string): DOMException {
  return new DOMException(`Cannot connect to peer: ${reason}`, "NetworkError");
}
