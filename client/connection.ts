import type { Channel } from "./data/channel.ts";
import type { ChannelOptions } from "./data/channel_options.ts";
import { GONE } from "./data/deliver.ts";
import { Exchange } from "./data/exchange.ts";
import type { RequestHandler } from "./data/requests.ts";
import type { TransferProgress } from "./data/transfer_progress.ts";
import {
  type ClientLimits,
  type Ice,
  isPolite,
  type Member,
  type TurnStatus,
  type Welcome,
} from "../protocol.ts";
import type { Debug } from "./debug.ts";
import { Emitter } from "./emitter.ts";
import type { ConnectionEvents, ConnectionState, Message } from "./events.ts";
import { Mesh } from "./mesh.ts";
import type { Settings } from "./options.ts";
import { ConvergeError, type MissingPeer } from "./converge_error.ts";
import type { PairReason } from "./pair_reason.ts";
import type { PairState } from "./pair_state.ts";
import type { Path } from "./path.ts";
import type { PeerConnections } from "./peer_connections.ts";
import {
  applyDiff,
  applySnapshot,
  decodePresence,
  encodePresence,
  type KnownMember,
  type Roster,
  type RosterChange,
  withAwaited,
} from "./presence.ts";
import type { RoomSocket } from "./room_socket.ts";
import type {
  MessageOf,
  PresenceOf,
  RoomTypes,
  SendableAs,
} from "./room_types.ts";
import type { RoomMessage, RoomSignaling, RoomTrust } from "./signaling.ts";
import type { SafetyEmoji } from "./trust/emoji.ts";
import type { PeerIdentity } from "./trust/identity.ts";
import type { SafetySides } from "./trust/safety.ts";
import {
  isFinal,
  protectionOf,
  reasonOf,
  type UntrustedCode,
} from "./untrusted.ts";

/** How long after its restart a server may still hear of members for the first time: the longest retry, beside their grace. */
const RETURN_MS = 10_000;

/** How long the socket may take to show that it lives when packets of a pair have stopped: less than that pair's patience. */
const DOUBT_MS = 1_500;

/** A member of the room, and what connects us with it. A snapshot: ask again for news. */
export interface Peer<Presence = unknown> {
  /** Its public name. */
  readonly id: string;
  /** When the server let it in, in milliseconds since the epoch. */
  readonly joinedAt: number;
  /** Who has signed what it publishes, proven to be there once it is connected; `null` where nobody signs. */
  readonly identity: PeerIdentity | null;
  /** What it publishes about itself; `null` if nothing. */
  readonly presence: Presence | null;
  /** Whether its signaling socket is gone while its session lives. */
  readonly away: boolean;
  /** Whether we give way when both offer at once: we were here first. */
  readonly polite: boolean;
  /** Where the pair stands. */
  readonly state: PairState;
  /** Why: a sentence for a person, of a closed list. */
  readonly reason: PairReason;
  /** How packets travel; `null` until connected. */
  readonly path: Path | null;
  /** Round-trip time in milliseconds, as ICE measured it within the last seconds; `null` until then. */
  readonly roundTripMs: number | null;
  /** The default channel; `null` while it is not open. */
  readonly channel: RTCDataChannel | null;
  /**
   * The present connection, for media and statistics; `null` while there is
   * none. Add tracks in a listener of `peer`, which is called for every
   * connection: another one has none of them. Do not close it.
   */
  readonly pc: RTCPeerConnection | null;
}

/** Options of {@linkcode Connection.send}. */
export interface SendOptions {
  /** Id or ids of the peers to send to. @default {everybody met} */
  readonly to?: string | readonly string[];
  /** Takes back what has not left when aborted. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Connection.sendFile}. */
export interface SendFileOptions {
  /** Id or ids of the peers to send to; exactly one for a stream. @default {everybody met} */
  readonly to?: string | readonly string[];
  /** Name, 255 characters at most. @default {that of a `File`, else none} */
  readonly name?: string;
  /** Media type (RFC 6838), 255 characters at most. @default {that of a `Blob`, else none} */
  readonly type?: string;
  /** Called when a receiving app has accepted it, and has read some more of it. */
  readonly onProgress?: (progress: TransferProgress) => void;
  /** Stops it when aborted; the peers are told. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Connection.request}. */
export interface RequestOptions {
  /** Id of the peer to ask. */
  readonly to: string;
  /** How long its answer may take, in milliseconds. @default {30_000} */
  readonly timeoutMs?: number;
  /** Stops waiting when aborted; the peer is told. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Connection.messages}. */
export interface MessagesOptions {
  /** Stops when aborted: what waits then is rejected. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Connection.connectToPeer}. */
export interface ConnectToPeerOptions {
  /** Stops waiting when aborted. The pair is dialled all the same. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Connection.converged}. */
export interface ConvergedOptions {
  /** Stops waiting when aborted. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Connection.safetyEmoji}. */
export interface SafetyEmojiOptions {
  /** Stops waiting for the peer when aborted. */
  readonly signal?: AbortSignal;
}

/** What a connection is made of. */
export interface ConnectionParts {
  /** The socket, on which the welcome has arrived. */
  readonly signaling: RoomSignaling;
  /** Who is who, if the room is protected. */
  readonly trust: RoomTrust | undefined;
  /** The options, checked. */
  readonly settings: Settings;
  /** The welcome. */
  readonly welcome: Welcome;
  /** Where connections come from. */
  readonly peerConnections: PeerConnections;
  /** Takes what a developer may want to see. */
  readonly debug: Debug;
}

/** Makes a connection, which takes over the socket and dials. For {@linkcode connect} alone, so that the class shows no internals. */
export let makeConnection: <Types extends RoomTypes>(
  parts: ConnectionParts,
) => Connection<Types>;

/**
 * A joined room: everybody in it, one pair with each, and what they say. Made
 * by {@linkcode connect}.
 */
export class Connection<Types extends RoomTypes = RoomTypes>
  implements AsyncDisposable {
  /** The signaling socket; `socket.id` is the own peer id. */
  readonly socket: RoomSocket;
  /** Whether the room was empty when we joined it. */
  readonly polite: boolean;
  readonly #parts: ConnectionParts;
  readonly #events = new Emitter<ConnectionEvents>();
  /** What was sent by `send`: of what comes raw nobody can be made to wait. */
  readonly #sent = new Emitter<Pick<ConnectionEvents, "message">>();
  readonly #mesh: Mesh;
  readonly #exchange: Exchange;
  #members: Roster = new Map();
  #self: Pick<Member, "id" | "joinedAt">;
  #limits: ClientLimits;
  #presence: string | null;
  #state: ConnectionState = "joined";
  #turn: TurnStatus;
  /** Who is protected where we are not, as the app has been told. */
  readonly #refused = new Set<string>();
  /** Whether the network may be another than before the last welcome. */
  #moved = false;
  /** Members that a server which was restarted has not told of again. */
  #awaited: readonly KnownMember[] = [];
  #patience: ReturnType<typeof setTimeout> | undefined;

  private constructor(parts: ConnectionParts) {
    const { signaling, trust, settings, welcome, peerConnections, debug } =
      parts;
    this.#parts = parts;
    this.socket = signaling.socket;
    this.polite = welcome.peers.length === 0;
    this.#self = welcome;
    this.#limits = welcome.limits;
    this.#turn = welcome.turn;
    this.#checkPresence(settings.presence);
    this.#presence = settings.presence;
    const { maxMessageBytes } = settings;
    this.#exchange = new Exchange({
      maxMessageBytes,
      met: () => this.#mesh.met,
      plane: (peerId) => this.#mesh.plane(peerId),
      onLost: (peer) => this.#emit("undelivered", { peer, messages: 1 }),
      onMessage: (listener) => this.#sent.on("message", listener),
      on: (event, listener) => this.#events.on(event, listener),
    });
    this.#mesh = new Mesh(welcome, {
      peerConnections,
      signal: (...signal) => signaling.signal(...signal),
      whyNot: (peerId) => this.#whyNot(peerId),
      names: (peerId) => trust?.names(peerId),
      onProtected: (peerId, code) => this.#refuse(peerId, code),
      joined: () => this.#state === "joined",
      onStall: () => signaling.doubt(DOUBT_MS),
      turn: () => settings.iceServers ? undefined : this.#turn,
      data: {
        maxMessageBytes,
        onMessage: (message) => {
          this.#sent.emit("message", message);
          this.#emit("message", message);
        },
        requestHandler: () => this.#exchange.handler,
        channels: () => this.#exchange.channels,
        onFile: (file) => {
          const heard = this.#events.has("file");
          this.#emit("file", file);
          return heard;
        },
      },
      emit: (event, ...payload) => this.#emit(event, ...payload),
      debug,
    });
    signaling.listener = {
      onOpen: () => {
        this.#setState("joining", "socket open");
        this.#emit("socket", this.socket);
      },
      onMessage: (message) => this.#receive(message),
      onDown: (code, comingBack) => {
        if (comingBack) this.#setState("away", `socket closed (${code})`);
        else this.#close(`sent away (${code})`);
      },
      onFail: (cause) => {
        if (cause === undefined) void this.#ask();
      },
      onWake: (changed) => {
        // The socket is being replaced: only after its welcome can anything be said.
        if (changed) this.#moved = true;
        else this.#mesh.wake(false);
      },
      onTrusted: (peer) => this.#mesh.trusted(peer),
      onUntrusted: (peer, code) => {
        const reason = this.#whyNot(peer);
        if (isFinal(reason)) this.#mesh.refuse(peer, reason);
        this.#emit("untrusted", { peer, code });
      },
    };
    this.#welcome(welcome);
  }

  static {
    makeConnection = <Types extends RoomTypes>(parts: ConnectionParts) =>
      new Connection<Types>(parts);
  }

  /** Whether the room can be heard. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Ids of the peers that are connected now. */
  get connections(): string[] {
    return this.#mesh.connected;
  }

  /** Everybody else in the room, by id. */
  get peers(): ReadonlyMap<string, Peer<PresenceOf<Types>>> {
    const peers = new Map<string, Peer<PresenceOf<Types>>>();
    for (const [id, member] of this.#members) {
      const pair = this.#mesh.pair(id);
      const whyNot = this.#whyNot(id);
      peers.set(id, {
        ...member,
        identity: this.#parts.trust?.session(id)?.identity ?? null,
        presence: decodePresence(member.presence) as PresenceOf<Types> | null,
        polite: isPolite(this.#self, member),
        state: pair?.state ?? (isFinal(whyNot) ? "closed" : "new"),
        reason: pair?.reason ?? whyNot ?? "not dialled",
        path: pair?.route?.path ?? null,
        roundTripMs: pair?.route?.roundTripMs ?? null,
        channel: pair?.channel ?? null,
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
    listener: ConnectionEvents<Types>[Name],
  ): () => void {
    return this.#events.on(
      event,
      listener as ConnectionEvents[Name],
      () => this.#present(event),
    );
  }

  /** Calls `listener` at the next `event` only. The returned function takes it back. */
  once<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: ConnectionEvents<Types>[Name],
  ): () => void {
    return this.#events.once(
      event,
      listener as ConnectionEvents[Name],
      () => this.#present(event),
    );
  }

  /**
   * Sends a message to every peer met (from its `peer` to its
   * `peer-disconnect`), or to those named. A message is as large as
   * `maxMessageBytes` allows; each peer gets its messages in the order in which
   * they were sent.
   *
   * Resolves when all of it has left: at most 128 KiB of it wait in the browser
   * for each peer. From then on it arrives exactly once, also when the
   * connection has to be made anew, for as long as the pair exists; if that ends
   * before, `undelivered` tells.
   *
   * @returns The number of peers that it has left for.
   * @throws {TypeError} If it cannot be sent.
   * @throws {RangeError} If it is larger than we send, or than one named in `to` takes, or everybody; nothing was sent.
   * @throws {DOMException} `InvalidStateError` if a peer in `to` is not connected, `QuotaExceededError` if more than `maxMessageBytes` would wait for one of those, or for everybody; nothing was sent.
   * @throws {SendError} If a pair ended, or a Blob could not be read, before all of it had left, or one of several takes less, or no more; `lost` says for whom. May be ignored: `undelivered` tells, too.
   */
  send(
    data: SendableAs<MessageOf<Types>>,
    options: SendOptions = {},
  ): Promise<number> {
    return this.#exchange.send(data, options);
  }

  /**
   * Sends a file, or whatever a stream of `Uint8Array`s gives, of any size. Each
   * peer hears of it by the event `file` and accepts it, or not; it is sent no
   * faster than the peer reads it, and beside messages, which need not wait for it.
   * A connection that is made anew goes on where the one before stopped.
   *
   * @returns The number of peers, when each of them has read all of it and found its digest right.
   * @throws {TransferError} If it did not arrive whole; `code` says why.
   * @throws {AggregateError} The same, if there are several peers, with an error for each that does not have it.
   * @throws {TypeError} If it is neither a Blob nor a stream, or a stream that is locked.
   * @throws {RangeError} If a stream is for more than one peer, or a name too long.
   * @throws {DOMException} `InvalidStateError` if a peer in `to` is not connected.
   */
  sendFile(
    source: Blob | ReadableStream<Uint8Array>,
    options: SendFileOptions = {},
  ): Promise<number> {
    return this.#exchange.sendFile(source, options);
  }

  /**
   * The channel of that name, which opens to every peer that asks for the same
   * one, whoever asks first, now or later. Asked for again it is the same one,
   * until it is closed. There are at most 64.
   *
   * @example
   * ```ts no-eval
   * import { connect } from "@x/webrtc";
   *
   * const connection = await connect({ host: "localhost:8000", room: "game" });
   * const moves = connection.channel<string>("moves", { ordered: false, maxRetransmits: 0 });
   * moves.on("message", ({ data, peer }) => console.log(peer, data));
   * await moves.send("left");
   * ```
   *
   * @typeParam Data What arrives on it, for the compiler: `string`, `ArrayBuffer`, or both.
   * @param name 1 to 128 characters. The raw channels of `connectToPeer` have names of their own.
   * @throws {TypeError} If an option has the wrong type, both limits are there, or the channel is there with other options.
   * @throws {RangeError} If the name has the wrong length, a number is out of range, or there are too many.
   */
  channel<Data extends string | ArrayBuffer = MessageOf<Types>>(
    name: string,
    options: ChannelOptions = {},
  ): Channel<Data> {
    return this.#exchange.channel(name, options) as unknown as Channel<Data>;
  }

  /**
   * Messages from now on, for `for await`; those of `send`, not what a peer sends
   * on raw channels. What is not read yet is kept; a peer of which more than 1 MiB
   * waits has to wait itself. Ends when the connection is closed.
   */
  messages(
    options: MessagesOptions = {},
  ): AsyncIterableIterator<Message<MessageOf<Types>>> {
    const messages = this.#exchange.messages(options.signal);
    if (this.#state === "closed") void messages.return();
    return messages as AsyncIterableIterator<Message<MessageOf<Types>>>;
  }

  /**
   * Asks a peer something, and resolves with what its `onRequest` answers. Both
   * may be as large as a message; 64 to a peer are on their way at once, more
   * wait.
   *
   * @throws {RequestError} If there is no answer; `code` says why.
   * @throws {TypeError} If it cannot be sent.
   * @throws {RangeError} If it is larger than we send or the peer takes.
   * @throws {DOMException} `InvalidStateError` if the peer is not connected.
   */
  request(
    data: SendableAs<MessageOf<Types>>,
    options: RequestOptions,
  ): Promise<MessageOf<Types>> {
    const answer = this.#exchange.request(data, options);
    return answer as Promise<MessageOf<Types>>;
  }

  /**
   * Answers the requests of peers, until the returned function is called. What
   * the handler throws is reported here and reaches the peer as
   * `handler-failed`; a {@linkcode RequestError} reaches it as it is. It is
   * called for 64 requests of a peer at a time; more are answered `busy`.
   *
   * @throws {DOMException} `InvalidStateError` if another handler is there already.
   */
  onRequest(handler: RequestHandler<MessageOf<Types>>): () => void {
    return this.#exchange.onRequest(
      handler as RequestHandler<string | ArrayBuffer>,
    );
  }

  /**
   * Publishes what others see of us; it replaces what was published before and
   * outlives a reconnect.
   *
   * @param presence Any JSON value.
   * @throws {TypeError} If it is no JSON value.
   * @throws {RangeError} If it takes more bytes than the server allows, 4 KiB by default.
   */
  setPresence(presence: PresenceOf<Types>): void {
    const encoded = encodePresence(presence);
    this.#checkPresence(encoded);
    this.#presence = encoded;
    this.#parts.signaling.publish(encoded);
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
    const opened = this.#mesh.open(peerId, channelName, options.signal);
    opened.catch(() => {});
    return opened;
  }

  /**
   * Resolves when every peer of the room is connected, but for those that are
   * refused for good: see the event `untrusted`. Without a `signal` it
   * waits for as long as that takes.
   *
   * @throws {ConvergeError} If `signal` is aborted, or the connection closed, before; `missing` says who is not connected, and why.
   */
  converged(options: ConvergedOptions = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const check = () => {
        const missing = this.#missing();
        const closed = this.#state === "closed";
        if (this.#state === "joined" && missing.length === 0) resolve();
        else if (closed || signal?.aborted) {
          reject(new ConvergeError(missing, { cause: signal?.reason }));
        } else return;
        for (const off of offs) off();
        signal?.removeEventListener("abort", check);
      };
      const offs = (["peerlist", "peer-state", "state", "untrusted"] as const)
        .map((event) => this.on(event, check));
      signal?.addEventListener("abort", check);
      check();
    });
  }

  /**
   * The number that this page and a peer's have in common if nobody stands between
   * them: 60 digits in groups of five, to be compared by two people over
   * a call, or in person. It is made of the DTLS certificates of both, and of their
   * identities where there are any. From now on another certificate of the peer is
   * refused, until its `peer-disconnect`: compare again when it comes back, since a
   * hostile server can make it go.
   *
   * @throws {DOMException} `InvalidStateError` if the peer is not connected, `NotSupportedError` if there is no WebCrypto.
   */
  async safetyNumber(peerId: string): Promise<string> {
    const { settings: { crypto } } = this.#parts;
    const sides = this.#sides(peerId);
    const { numberOf } = await import("./trust/safety.ts");
    return numberOf(crypto, sides);
  }

  /**
   * The same in short, to be read aloud: seven of 64 emoji, equal on both sides
   * if nobody stands between them. Both sides have to ask for them; asked again
   * they are the same, for as long as the pair exists. Somebody in between has
   * one guess in 2^42.
   *
   * @throws {DOMException} `InvalidStateError` if the peer is not connected, `NetworkError` if it goes meanwhile, `DataError` if it did not keep to the protocol, `NotSupportedError` if there is no WebCrypto.
   */
  async safetyEmoji(
    peerId: string,
    options: SafetyEmojiOptions = {},
  ): Promise<readonly SafetyEmoji[]> {
    const { signal } = options;
    signal?.throwIfAborted();
    const { settings: { crypto } } = this.#parts;
    const sides = this.#sides(peerId);
    const plane = this.#mesh.plane(peerId);
    const { comparisonOf } = await import("./trust/safety.ts");
    // It may have gone meanwhile.
    if (!plane || plane !== this.#mesh.plane(peerId)) throw GONE;
    const comparison = plane.compare((send) =>
      comparisonOf(crypto, sides, send)
    );
    return await new Promise((resolve, reject) => {
      const abort = () => reject(signal?.reason);
      signal?.throwIfAborted();
      signal?.addEventListener("abort", abort);
      comparison.start().then(resolve, reject).finally(() =>
        signal?.removeEventListener("abort", abort)
      );
    });
  }

  /**
   * Admits a peer and dials it, or does not admit it, whatever `onTrust` has said
   * of it: a peer that is not admitted any more is told so, and its pair ends.
   *
   * @throws {DOMException} `InvalidStateError` if `connect` was called without an `identity`: ids prove nothing then.
   */
  trust(peerId: string, trusted = true): void {
    const { trust, settings } = this.#parts;
    if (!trust || !settings.identity) {
      throw new DOMException(
        `Cannot trust peer: "identity" was not given to connect()`,
        "InvalidStateError",
      );
    }
    trust.trust(peerId, trusted);
    if (trusted) this.#mesh.dial(peerId);
  }

  /** Ends the pair with a peer, or with all. It is not dialled again but by `connectToPeer`, of either side. */
  peerDisconnect(peerId?: string): void {
    this.#mesh.bye(peerId);
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

  /** Who is in the room and not connected. */
  #missing(): MissingPeer[] {
    const closed = this.#state === "closed";
    return [...this.#members.keys()].flatMap((peer) => {
      const whyNot = this.#whyNot(peer);
      if (isFinal(whyNot)) return [];
      const {
        state = closed ? "closed" : "new",
        reason = closed ? "the connection was closed" : whyNot ?? "not dialled",
      } = this.#mesh.pair(peer) ?? {};
      return state === "connected" ? [] : [{ peer, state, reason }];
    });
  }

  /** Both sides of a pair, as far as two people can compare them. */
  #sides(peerId: string): SafetySides {
    const pinned = this.#mesh.pair(peerId)?.pin();
    if (!pinned) {
      throw new DOMException(
        `Cannot compare: "${peerId}" is not connected`,
        "InvalidStateError",
      );
    }
    const [own, other] = pinned;
    const { trust, settings: { identity } } = this.#parts;
    return [
      { ...identity, id: this.socket.id, fingerprint: own },
      { ...trust?.session(peerId)?.identity, id: peerId, fingerprint: other },
    ];
  }

  /** Refuses a peer that is protected where we are not. */
  #refuse(peer: string, code: UntrustedCode): void {
    if (this.#refused.has(peer)) return;
    this.#refused.add(peer);
    this.#mesh.refuse(peer, reasonOf(code));
    this.#mesh.expose(peer);
    // Whoever awaits `connect` adds its listeners first.
    setTimeout(() => this.#emit("untrusted", { peer, code }));
  }

  /** Why there must be no pair with a peer, if so. */
  #whyNot(peerId: string): PairReason | undefined {
    const { trust } = this.#parts;
    if (trust) return trust.whyNot(peerId);
    // Who is protected would not understand us, and says so by what it publishes.
    const code = protectionOf(this.#members.get(peerId)?.presence);
    return code && reasonOf(code);
  }

  #emit<Name extends keyof ConnectionEvents>(
    event: Name,
    ...payload: Parameters<ConnectionEvents[Name]>
  ): void {
    if (this.#state === "closed" && event !== "state") return;
    this.#parts.debug(event, ...payload);
    this.#events.emit(event, ...payload);
  }

  /** What a listener that comes late must hear; `undefined` for events that only happen. */
  #present<Name extends keyof ConnectionEvents>(
    event: Name,
  ): Parameters<ConnectionEvents[Name]> | undefined {
    if (this.#state === "closed") return;
    if (event === "peerlist") return [[...this.#members.keys()]] as never;
    if (event === "socket" && this.#state !== "away") {
      return [this.socket] as never;
    }
  }

  #receive(message: RoomMessage): void {
    switch (message.type) {
      case "welcome":
        return this.#welcome(message);
      case "join":
      case "leave":
      case "away":
      case "back":
      case "presence":
        return this.#diff(message);
      case "signal":
        return this.#mesh.hear(message.from, message.data);
      case "ice":
        return this.#useIceServers(message);
      case "error":
        // The peer left while we spoke to it, or a limit of ours was wrong: its leave tells the rest.
        return this.#parts.debug("server says", message);
      default:
        return message satisfies never;
    }
  }

  #diff(message: Parameters<typeof applyDiff>[1]): void {
    const change = applyDiff(this.#members, message);
    this.#apply(change);
    if (message.type !== "join") return;
    const { peer } = message;
    // What it was told while the server did not know it is lost.
    this.#mesh.repeat(peer.id);
    // Who came before us by another node waits, as everybody does, for us to dial.
    const waits = change.joined.length > 0 && !isPolite(this.#self, peer);
    if (waits && this.#parts.settings.autoConnect) this.#mesh.dial(peer.id);
  }

  #welcome(welcome: Welcome): void {
    const { signaling, settings, trust } = this.#parts;
    const { session, peers, limits } = welcome;
    // Another membership than before, but for the first welcome.
    const anew = welcome.joinedAt !== this.#self.joinedAt;
    this.#self = welcome;
    this.#limits = limits;
    signaling.welcomed(welcome);
    // One that was taken back, too: others may still know what was before.
    if (trust || session !== "new" || this.#presence !== null) {
      signaling.publish(this.#presence);
    }
    const again = anew ? this.#mesh.rejoin(welcome) : [];
    // Not before: pairs of the old membership have nothing to say any more.
    this.#useIceServers(welcome);
    if (anew) this.#await([]);
    else if (session === "restored") this.#await([...this.#members.values()]);
    const change = applySnapshot(
      this.#members,
      withAwaited(this.#members, peers, this.#awaited),
    );
    this.#apply(change);
    // Who was known before is dialled already, or was left alone on purpose.
    const others = settings.autoConnect ? change.joined : [];
    const ids = [...again, ...others.map(({ id }) => id)];
    for (const id of ids) this.#mesh.dial(id);
    this.#setState("joined", session);
    // The socket may have been lost with the network; and who was silent is heard again.
    this.#mesh.wake(this.#moved);
    this.#moved = false;
  }

  /** Waits for members of before a restart, until those who have not come back count as gone. */
  #await(awaited: readonly KnownMember[]): void {
    this.#awaited = awaited;
    clearTimeout(this.#patience);
    if (awaited.length === 0) return;
    this.#patience = setTimeout(() => {
      // Who is connected with us lives, and its hidden page may take longer.
      const stays = (member: KnownMember) =>
        !this.#awaited.includes(member) || this.#mesh.channel(member.id);
      const there = [...this.#members.values()].filter(stays);
      this.#await(this.#awaited.filter(stays));
      this.#apply(applySnapshot(this.#members, there));
    }, this.#limits.graceMs + RETURN_MS);
  }

  /** Finds out whether an attempt that failed is worth another one. */
  async #ask(): Promise<void> {
    const { signaling, settings } = this.#parts;
    const { code = "", message } = await signaling.whyDown();
    // The next token may be a good one, and what was answered late may be over.
    const passing = code === "unauthorized" &&
      typeof settings.token === "function";
    const final = !passing && /^(unauthorized|forbidden|bad-)/.test(code);
    if (this.#state === "away" && final) this.#close(message);
  }

  #close(reason: string): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#patience);
    this.#mesh.close();
    this.#parts.signaling.close();
    this.#setState("closed", reason);
  }

  #setState(state: ConnectionState, reason: string): void {
    // A listener may close it in the middle of a welcome: closed is the end.
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#emit("state", { state, reason });
  }

  #apply({ members, joined, left, published, turned }: RosterChange): void {
    this.#members = members;
    for (const { id } of left) {
      // Of another membership under the same name it knows already.
      if (!members.has(id)) this.#parts.trust?.forget(id);
      this.#refused.delete(id);
    }
    this.#mesh.follow(members, joined, left);
    if (joined.length > 0 || left.length > 0) {
      this.#emit("peerlist", [...members.keys()]);
    }
    for (const { id, presence } of published) {
      const code = protectionOf(presence);
      if (code) {
        this.#refuse(id, code);
        continue;
      }
      this.#emit("presence", { peer: id, presence: decodePresence(presence) });
    }
    for (const { id, away } of turned) {
      if (!away) this.#mesh.reach(id);
      this.#emit("peer-away", { peer: id, away });
    }
  }

  #useIceServers({ iceServers, turn }: Welcome | Ice): void {
    const { settings, peerConnections } = this.#parts;
    // What there was may still be good, and more will follow.
    if (turn === "failed" && this.#turn === "ready") return;
    this.#turn = turn;
    const changed = peerConnections.setIceServers(
      settings.iceServers ?? iceServers,
    );
    if (changed) this.#mesh.reconfigure();
  }

  #checkPresence(encoded: string | null): void {
    const { presenceBytes } = this.#limits;
    const { signaling } = this.#parts;
    if (encoded !== null && !signaling.fits(encoded, presenceBytes)) {
      throw new RangeError(
        `Cannot set presence: it must take at most ${presenceBytes} bytes of JSON`,
      );
    }
  }
}
