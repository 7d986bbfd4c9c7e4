import { createNanoEvents } from "nanoevents";
import type { PartySocket } from "partysocket";
import {
  CLOSE,
  exceedsBytes,
  isPolite,
  type Limits,
  type Member,
  type ServerMessage,
  type Welcome,
} from "../protocol.ts";
import { backoffMs } from "./backoff.ts";
import type { Debug } from "./debug.ts";
import type { ConnectionEvents, ConnectionState } from "./events.ts";
import type { Settings } from "./options.ts";
import { CONNECT_MS, Pair, type PairState } from "./pair.ts";
import { type PairSignalBody, parsePairSignal } from "./pair_signal.ts";
import type { Path } from "./path.ts";
import type { PeerConnections } from "./peer_connections.ts";
import {
  applyDiff,
  applySnapshot,
  decodePresence,
  encodePresence,
  type RosterChange,
} from "./presence.ts";
import type { Signaling } from "./signaling.ts";

/** A member of the room, and what connects us with it. A snapshot: ask again for news. */
export interface Peer {
  /** Its public name. */
  readonly id: string;
  /** When the server let it in, in milliseconds since the epoch. */
  readonly joinedAt: number;
  /** What it publishes about itself; `null` if nothing. */
  readonly presence: unknown;
  /** Whether its signaling socket is gone while its session lives. */
  readonly away: boolean;
  /** Whether we give way when both offer at once: we were here first. */
  readonly polite: boolean;
  /** Where the pair stands; `new` before anybody dialled. */
  readonly state: PairState | "new";
  /** How packets travel; `null` until connected. */
  readonly path: Path | null;
  /** The connection itself, for media and statistics; `null` before anybody dialled. Do not close it. */
  readonly pc: RTCPeerConnection | null;
}

/** Options of {@linkcode Connection.send}. */
export interface SendOptions {
  /** Id or ids of the peers to send to. @default {everybody connected} */
  readonly to?: string | readonly string[];
}

/** Options of {@linkcode Connection.connectToPeer}. */
export interface ConnectToPeerOptions {
  /** Stops waiting when aborted. The pair is dialled all the same. */
  readonly signal?: AbortSignal;
}

/** What a connection is made of. */
export interface ConnectionParts {
  /** The socket, on which the welcome has arrived. */
  readonly signaling: Signaling;
  /** The options, checked. */
  readonly settings: Settings;
  /** The welcome. */
  readonly welcome: Welcome;
  /** Where connections come from. */
  readonly peerConnections: PeerConnections;
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

/** A pair that broke and will be dialled again. */
interface Redial {
  readonly attempts: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Wait before a pair that broke is dialled again, so that a peer that left can be told of as such. */
const REDIAL_MS = 200;

/** Makes a connection, which takes over the socket and dials. For {@linkcode connect} alone, so that the class shows no internals. */
export let makeConnection: (parts: ConnectionParts) => Connection;

/**
 * A joined room: everybody in it, one pair with each, and what they say. Made
 * by {@linkcode connect}.
 */
export class Connection implements AsyncDisposable {
  /** The signaling socket; `socket.id` is the own peer id. */
  readonly socket: PartySocket;
  /** Whether the room was empty when we joined it. */
  readonly polite: boolean;
  readonly #parts: ConnectionParts;
  readonly #events = createNanoEvents<ConnectionEvents>();
  readonly #pairs = new Map<string, Pair>();
  /** The last generation used with a peer; outlives the pair, so that late signals of it are known as such. */
  readonly #generations = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  /** Pairs that broke, or never connected, and are dialled again. */
  readonly #redials = new Map<string, Redial>();
  #members: ReadonlyMap<string, Member> = new Map();
  #self: { readonly id: string; readonly joinedAt: number };
  #limits: Limits;
  #presence: string | null;
  #state: ConnectionState = "joined";

  private constructor(parts: ConnectionParts) {
    const { signaling, settings, welcome } = parts;
    this.#parts = parts;
    this.socket = signaling.socket;
    this.polite = welcome.peers.length === 0;
    this.#self = welcome;
    this.#limits = welcome.limits;
    this.#checkPresence(settings.presence);
    this.#presence = settings.presence;
    signaling.listener = {
      onOpen: () => this.#emit("socket", this.socket),
      onMessage: (message) => this.#receive(message),
      onDown: (code, comingBack) => this.#down(code, comingBack),
    };
    this.#welcome(welcome);
  }

  static {
    makeConnection = (parts) => new Connection(parts);
  }

  /** Whether the room can be heard. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Ids of the peers that are connected now. */
  get connections(): string[] {
    return [...this.#pairs.keys()].filter((id) => this.#openChannel(id));
  }

  /** Everybody else in the room, by id. */
  get peers(): ReadonlyMap<string, Peer> {
    const peers = new Map<string, Peer>();
    for (const [id, member] of this.#members) {
      const pair = this.#pairs.get(id);
      peers.set(id, {
        id,
        joinedAt: member.joinedAt,
        presence: decodePresence(member.presence),
        away: member.away,
        polite: isPolite(this.#self, member),
        state: pair?.state ?? "new",
        path: pair?.path ?? null,
        pc: pair?.pc ?? null,
      });
    }
    return peers;
  }

  /**
   * Calls `listener` at every `event`, until the returned function is called.
   * A listener that throws stops no other; its error is reported as uncaught.
   */
  on<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: ConnectionEvents[Name],
  ): () => void {
    let listening = true;
    const guarded = ((payload: never) => {
      try {
        (listener as (payload: never) => void)(payload);
      } catch (error) {
        reportError(error);
      }
    }) as ConnectionEvents[Name];
    const off = this.#events.on(event, guarded);
    const present = this.#present(event);
    if (present !== undefined) {
      queueMicrotask(() => listening && guarded(present as never));
    }
    return () => {
      listening = false;
      off();
    };
  }

  /** Calls `listener` at the next `event` only. The returned function takes it back. */
  once<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: ConnectionEvents[Name],
  ): () => void {
    const off = this.on(
      event,
      ((payload: never) => {
        off();
        (listener as (payload: never) => void)(payload);
      }) as ConnectionEvents[Name],
    );
    return off;
  }

  /**
   * Sends to every peer connected now, or to those named. Takes what one
   * message of a data channel takes (W3C WebRTC §6.2, `send`).
   *
   * @returns The number of peers it was handed to the network for.
   * @throws {RangeError} If it is larger than a peer takes; nothing was sent.
   * @throws {DOMException} `InvalidStateError` if a peer in `to` is not connected; nothing was sent.
   * @throws {AggregateError} If it left for some peers and not for others.
   */
  // Sends before it returns, so that calls keep their order; async, so that every failure is a rejection.
  // deno-lint-ignore require-await
  async send(
    data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>,
    options: SendOptions = {},
  ): Promise<number> {
    const { to = this.connections } = options;
    const ids = typeof to === "string" ? [to] : to;
    const bytes = typeof data === "string" ? undefined : data.byteLength;
    const channels = ids.map((id) => {
      const channel = this.#openChannel(id);
      if (!channel) {
        throw new DOMException(
          `Cannot send: peer "${id}" is not connected`,
          "InvalidStateError",
        );
      }
      const max = this.#pairs.get(id)?.pc.sctp?.maxMessageSize || Infinity;
      if (
        bytes === undefined ? exceedsBytes(data as string, max) : bytes > max
      ) {
        throw new RangeError(
          `Cannot send: peer "${id}" takes at most ${max} bytes a message`,
        );
      }
      return channel;
    });
    const errors: unknown[] = [];
    for (const channel of channels) {
      try {
        channel.send(data as string);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) {
      throw new AggregateError(
        errors,
        `Cannot send to ${errors.length} of ${channels.length} peers`,
      );
    }
    return channels.length;
  }

  /**
   * Publishes what others see of us; it replaces what was published before and
   * outlives a reconnect.
   *
   * @param presence Any JSON value.
   * @throws {TypeError} If it is no JSON value.
   * @throws {RangeError} If it takes more bytes than the server allows, 4 KiB by default.
   */
  setPresence(presence: unknown): void {
    const encoded = encodePresence(presence);
    this.#checkPresence(encoded);
    this.#presence = encoded;
    this.#parts.signaling.send({ type: "presence", presence: encoded });
  }

  /**
   * Dials a peer, from one side or both; of a peer that is not in the room yet,
   * as soon as it is. Calling it again changes nothing.
   *
   * @param channelName A further channel with that label, where the default one is not enough.
   * @returns The channel, when it is open. May be ignored: no rejection goes unhandled.
   * @throws {RangeError} If `peerId` is the own id.
   * @throws {DOMException} `NetworkError` if the pair ended, or the connection closed, before.
   */
  connectToPeer(
    peerId: string,
    channelName?: string,
    options: ConnectToPeerOptions = {},
  ): Promise<RTCDataChannel> {
    const { signal } = options;
    let waiter: Waiter | undefined;
    const abort = () => waiter?.reject(signal?.reason);
    const opened = new Promise<RTCDataChannel>((resolve, reject) => {
      signal?.throwIfAborted();
      if (peerId === this.#self.id) {
        throw new RangeError(
          `Cannot connect to peer: "${peerId}" is the own id`,
        );
      }
      if (this.#state === "closed") {
        throw networkError("the connection is closed");
      }
      waiter = { peerId, channelName, resolve, reject };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abort);
      if (this.#members.has(peerId)) this.#dial(peerId);
    }).finally(() => {
      signal?.removeEventListener("abort", abort);
      if (waiter) this.#waiters.delete(waiter);
    });
    opened.catch(() => {});
    return opened;
  }

  /** Ends the pair with a peer, or with all. It is not dialled again but by `connectToPeer`, of either side. */
  peerDisconnect(peerId?: string): void {
    const ids = peerId === undefined ? [...this.#members.keys()] : [peerId];
    for (const id of ids) {
      const pair = this.#pairs.get(id);
      if (!pair && !this.#redials.has(id)) continue;
      // Without a pair, the other side may already be at the next one.
      const generation = pair?.generation ??
        (this.#generations.get(id) ?? 0) + 1;
      this.#generations.set(id, generation);
      this.#signal(id, generation, { bye: true });
      this.#drop(id, "the pair was ended");
    }
  }

  /** Leaves the room and ends every pair. What is still on its way may be lost. Closing twice is fine. */
  close(): void {
    this.#close("close() was called");
  }

  /** {@linkcode Connection.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #emit<Name extends keyof ConnectionEvents>(
    event: Name,
    ...payload: Parameters<ConnectionEvents[Name]>
  ): void {
    this.#parts.debug(event, ...payload);
    this.#events.emit(event, ...payload);
  }

  /** What a listener that comes late must know; `undefined` for events that only happen. */
  #present(event: keyof ConnectionEvents): unknown {
    if (this.#state === "closed") return;
    if (event === "peerlist") return [...this.#members.keys()];
    if (event === "socket" && this.#state === "joined") return this.socket;
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        return this.#welcome(message);
      case "join":
      case "leave":
      case "away":
      case "back":
      case "presence":
        return this.#apply(applyDiff(this.#members, message));
      case "signal":
        return this.#hear(message.from, message.data);
      case "ice":
        return this.#setIceServers(message.iceServers);
      case "error":
        // The peer left while we spoke to it, or a limit of ours was wrong: its leave tells the rest.
        return this.#parts.debug("server says", message.code, message.message);
      default:
        return message satisfies never;
    }
  }

  #welcome(welcome: Welcome): void {
    const { signaling, settings, peerConnections } = this.#parts;
    // Another membership than before: the others have seen the old one leave.
    if (welcome.joinedAt !== this.#self.joinedAt) {
      this.#dropAll("the room was joined anew");
      this.#generations.clear();
    }
    this.#self = welcome;
    this.#limits = welcome.limits;
    signaling.welcomed(welcome.limits);
    peerConnections.setIceServers(
      settings.iceServers ?? copy(welcome.iceServers),
    );
    if (this.#presence !== null) {
      signaling.send({ type: "presence", presence: this.#presence });
    }
    this.#apply(applySnapshot(this.#members, welcome.peers));
    if (settings.autoConnect) {
      for (const { id } of welcome.peers) this.#dial(id);
    }
    this.#setState("joined", "the server knows us");
  }

  #down(code: number, comingBack: boolean): void {
    if (comingBack) this.#setState("away", `the socket closed (${code})`);
    else this.#close(`the server sent us away (${code})`);
  }

  #close(reason: string): void {
    if (this.#state === "closed") return;
    this.#dropAll("the connection was closed");
    for (const waiter of this.#waiters) {
      waiter.reject(networkError("the connection was closed"));
    }
    this.#parts.signaling.close(CLOSE.goodbye);
    this.#parts.peerConnections.close();
    this.#setState("closed", reason);
  }

  #setState(state: ConnectionState, reason: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#emit("state", { state, reason });
  }

  #apply({ members, joined, left, changed }: RosterChange): void {
    this.#members = members;
    for (const { id } of left) {
      this.#drop(id, "the peer left");
      this.#generations.delete(id);
    }
    if (joined.length > 0 || left.length > 0) {
      this.#emit("peerlist", [...members.keys()]);
    }
    const published = joined.filter(({ presence }) => presence !== null);
    for (const { id, presence } of [...published, ...changed]) {
      this.#emit("presence", { peer: id, presence: decodePresence(presence) });
    }
    // The newcomer dials; we do only where somebody asked for it before.
    for (const { id } of joined) {
      if ([...this.#waiters].some(({ peerId }) => peerId === id)) {
        this.#dial(id);
      }
    }
  }

  #dial(peerId: string): void {
    const pair = this.#pairs.get(peerId);
    if (!pair) return this.#begin(peerId);
    for (const { peerId: id, channelName, resolve } of this.#waiters) {
      if (id !== peerId) continue;
      const channel = pair.channelNamed(channelName);
      if (channel.readyState === "open") resolve(channel);
    }
  }

  /**
   * Only the impolite side makes the first offer; the polite one asks for it.
   * Chromium now and then stops gathering candidates when a first offer is
   * rolled back, so first offers must never meet.
   */
  #begin(peerId: string): void {
    const member = this.#members.get(peerId);
    if (!member) return;
    const generation = (this.#generations.get(peerId) ?? 0) + 1;
    if (!isPolite(this.#self, member)) {
      this.#makePair(peerId, generation);
      return;
    }
    this.#signal(peerId, generation, { dial: true });
    // Should the question or its answer get lost.
    this.#dialLater(peerId, CONNECT_MS);
  }

  #makePair(peerId: string, generation: number): Pair {
    const { peerConnections, debug } = this.#parts;
    const member = this.#members.get(peerId);
    const pair = new Pair({
      pc: peerConnections.take(),
      polite: member !== undefined && isPolite(this.#self, member),
      generation,
      send: (signal) => this.#signal(peerId, generation, signal),
      onChange: ({ state, path }) => {
        this.#emit("peer-state", { peer: peerId, state, path: path ?? null });
      },
      onOpen: ({ channel: first }, channel) => {
        if (channel === first) {
          this.#calmDown(peerId);
          this.#emit("peer", [peerId, channel]);
        }
        this.#emit("datachannel", channel);
        for (const { peerId: id, channelName, resolve } of this.#waiters) {
          if (id === peerId && pair.channelNamed(channelName) === channel) {
            resolve(channel);
          }
        }
      },
      onMessage: (_, data) => this.#emit("message", { data, peer: peerId }),
      onClose: (_, channel) => this.#emit("webrtc-close", channel),
      onTrack: (_, { track, streams }) =>
        this.#emit("track", { peer: peerId, track, streams }),
      onEnd: (_, ending) => {
        if (ending === "broken") this.#redial(peerId);
        else this.#drop(peerId, "the other side ended the pair");
      },
      onError: (error) => debug("pair", peerId, error),
    });
    this.#pairs.set(peerId, pair);
    this.#generations.set(peerId, generation);
    this.#emit("peer-state", { peer: peerId, state: pair.state, path: null });
    return pair;
  }

  #hear(from: string, data: string): void {
    const signal = parsePairSignal(data);
    const known = this.#generations.get(from) ?? 0;
    const stale = signal?.to !== this.#self.joinedAt ||
      signal.generation < known;
    if (!signal || stale || !this.#members.has(from)) {
      return this.#parts.debug("signal dropped", from);
    }
    if ("bye" in signal) {
      // Also for a pair that broke here and waits to be dialled again.
      this.#generations.set(from, signal.generation);
      return this.#drop(from, "the other side ended the pair");
    }
    if (signal.generation > known) {
      // Anything else belongs to a pair that we never knew.
      const starts = "dial" in signal ||
        "description" in signal && signal.description.type === "offer";
      if (!starts) return;
      this.#forget(from);
      this.#makePair(from, signal.generation);
    }
    this.#pairs.get(from)?.receive(signal);
  }

  #signal(peerId: string, generation: number, body: PairSignalBody): void {
    const to = this.#members.get(peerId)?.joinedAt;
    if (to === undefined) return;
    const data = JSON.stringify({ to, generation, ...body });
    this.#parts.signaling.send({ type: "signal", to: peerId, data });
  }

  /** Ends a pair, tells the app if it knew the peer, and gives up what waits for it. */
  #drop(peerId: string, reason: string): void {
    this.#calmDown(peerId);
    this.#forget(peerId);
    for (const waiter of this.#waiters) {
      if (waiter.peerId === peerId) waiter.reject(networkError(reason));
    }
  }

  #dropAll(reason: string): void {
    for (const id of [...this.#members.keys()]) this.#drop(id, reason);
  }

  /** Dials a pair that broke again, with backoff, for as long as the room says that the peer is there. */
  #redial(peerId: string): void {
    const attempts = this.#redials.get(peerId)?.attempts ?? 0;
    this.#dialLater(peerId, REDIAL_MS + backoffMs(attempts + 1, Math.random()));
    // Last: a listener may end it all.
    this.#forget(peerId);
  }

  /** Nothing is left to dial again. */
  #calmDown(peerId: string): void {
    clearTimeout(this.#redials.get(peerId)?.timer);
    this.#redials.delete(peerId);
  }

  #dialLater(peerId: string, delayMs: number): void {
    const { timer, attempts = 0 } = this.#redials.get(peerId) ?? {};
    clearTimeout(timer);
    this.#redials.set(peerId, {
      attempts: attempts + 1,
      timer: setTimeout(() => this.#dial(peerId), delayMs),
    });
  }

  /** Closes a pair, if there is one, and tells the app if it knew the peer. */
  #forget(peerId: string): void {
    const pair = this.#pairs.get(peerId);
    if (!pair) return;
    this.#pairs.delete(peerId);
    pair.close();
    this.#emit("peer-state", { peer: peerId, state: "closed", path: null });
    if (pair.announced) this.#emit("peer-disconnect", peerId);
  }

  #setIceServers(iceServers: Welcome["iceServers"]): void {
    const { settings, peerConnections } = this.#parts;
    if (settings.iceServers) return;
    peerConnections.setIceServers(copy(iceServers));
    for (const pair of this.#pairs.values()) {
      pair.reconfigure(peerConnections.configuration);
    }
  }

  #checkPresence(encoded: string | null): void {
    const { presenceBytes } = this.#limits;
    if (encoded !== null && exceedsBytes(encoded, presenceBytes)) {
      throw new RangeError(
        `Cannot set presence: it must take at most ${presenceBytes} bytes of JSON`,
      );
    }
  }

  #openChannel(peerId: string): RTCDataChannel | undefined {
    const channel = this.#pairs.get(peerId)?.channel;
    return channel?.readyState === "open" ? channel : undefined;
  }
}

function networkError(reason: string): DOMException {
  return new DOMException(`Cannot connect to peer: ${reason}`, "NetworkError");
}

/** The wire's lists are read-only, those of the W3C are not. */
function copy(iceServers: Welcome["iceServers"]): RTCIceServer[] {
  return iceServers.map((server) => ({ ...server, urls: [...server.urls] }));
}
