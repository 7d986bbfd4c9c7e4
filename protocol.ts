/**
 * The wire: every frame that crosses the signaling socket, in both directions,
 * and the numbers both sides must agree on.
 *
 * A frame is one WebSocket text message holding one JSON object with a `type`.
 * The server routes what peers say to each other without looking into it:
 * signals and presence are opaque text to it.
 *
 * | I want to change …            | go to …                                | its test                 |
 * | ----------------------------- | -------------------------------------- | ------------------------ |
 * | what a page may say           | {@linkcode ClientMessage}              | `test/protocol_test.ts`  |
 * | what the server may say       | {@linkcode ServerMessage}              | `test/protocol_test.ts`  |
 * | who yields when both dial     | {@linkcode isPolite}                   | `test/protocol_test.ts`  |
 * | when a client comes back      | {@linkcode CLOSE}, {@linkcode comesBack} | `test/protocol_test.ts` |
 * | how much of anything          | {@linkcode LIMITS}                     | `test/server/hostile_test.ts` |
 *
 * @module
 */

/** Version of the wire. A client and a server of different versions refuse each other. */
export const VERSION = 1;

/** The WebSocket subprotocol (RFC 6455 §1.9) that names this version of the wire. */
export const SUBPROTOCOL = "webrtc.v1";

/**
 * A client may offer more in the list of subprotocols, since a secret in a URL
 * ends up in logs. The server never selects these. After `resume.` follows the
 * token of the last {@linkcode Welcome}: the socket goes on with that session.
 */
export const RESUME = "resume.";

/** Then follows the number of signals received in that session; what came after them is sent again. 0 if missing. */
export const SEEN = "seen.";

/** Then follows a token that says who may join, percent-encoded; over plain HTTP it is in the header `Authorization` (RFC 6750 §2.1). */
export const BEARER = "bearer.";

/** Longest room name by default, in UTF-16 code units. */
export const ROOM_CHARS = 128;

/** Longest peer id by default, and longest party name, in UTF-16 code units. */
export const ID_CHARS = 64;

/** How much of anything a server takes. Each can be set per server; these are its bounds, not promises. */
export interface Limits {
  /** Largest frame from a client, in bytes of UTF-8. @default {65536} */
  readonly frameBytes: number;
  /** Largest presence of a peer, in bytes of UTF-8. @default {4096} */
  readonly presenceBytes: number;
  /** Longest room name, in UTF-16 code units. @default {128} */
  readonly roomChars: number;
  /** Longest peer id, in UTF-16 code units. @default {64} */
  readonly idChars: number;
  /** Frames a second that a socket may send on average. @default {50} */
  readonly framesPerSecond: number;
  /** Frames that a socket may send at once after a pause. @default {200} */
  readonly frameBurst: number;
  /** Peers in one room. @default {64} */
  readonly peersPerRoom: number;
  /** Output that a peer may leave unread, in bytes, before it is dropped. @default {1048576} */
  readonly unreadBytes: number;
  /** How long a session outlives its socket, in milliseconds. @default {60000} */
  readonly graceMs: number;
  /** Signals that wait for a peer that is away. @default {256} */
  readonly queueFrames: number;
  /** The same in bytes. @default {262144} */
  readonly queueBytes: number;
  /** Sessions that one address may hold, those that are away included. An IPv6 address counts by its first 64 bits. @default {64} */
  readonly socketsPerAddress: number;
  /** Sessions that the server holds in all. @default {16384} */
  readonly sockets: number;
}

/** Those of the {@linkcode Limits} that a client keeps to. */
export type ClientLimits = Pick<
  Limits,
  "frameBytes" | "presenceBytes" | "framesPerSecond" | "frameBurst" | "graceMs"
>;

/** The default {@linkcode Limits}. */
export const LIMITS: Limits = {
  frameBytes: 64 * 1024,
  presenceBytes: 4 * 1024,
  roomChars: ROOM_CHARS,
  idChars: ID_CHARS,
  framesPerSecond: 50,
  frameBurst: 200,
  peersPerRoom: 64,
  unreadBytes: 1024 * 1024,
  // A page whose network was gone for 40 s shall find its session again, and its next try may come 9 s after that.
  graceMs: 60_000,
  queueFrames: 256,
  queueBytes: 256 * 1024,
  socketsPerAddress: 64,
  sockets: 16 * 1024,
};

/** Largest value of any limit: twelve days, or a gigabyte. Times of it still fit a timer when something is added. */
export const MAX_LIMIT = 1_073_741_824;

/**
 * Close codes of the socket. The range decides: after 4000 to 4499 the client
 * comes back, after 4500 to 4999 it does not (RFC 6455 §7.4.2 leaves 4000 to
 * 4999 to applications).
 */
export const CLOSE: CloseCodes = {
  goodbye: 1000,
  frameTooLarge: 1009,
  restarting: 4000,
  tooSlow: 4001,
  rateLimited: 4002,
  reconnecting: 4003,
  badFrame: 4500,
  replaced: 4501,
};

/** Type of {@linkcode CLOSE}. */
export interface CloseCodes {
  /** Sent by the client when it leaves the room on purpose. */
  readonly goodbye: 1000;
  /** Sent by the server when a frame was larger than {@linkcode Limits.frameBytes}. */
  readonly frameTooLarge: 1009;
  /** Sent by the server when it stops; another one, or it again, will answer soon. */
  readonly restarting: 4000;
  /** Sent by the server when the peer left more than {@linkcode Limits.unreadBytes} unread. */
  readonly tooSlow: 4001;
  /** Sent by the server when the peer sent more frames than its rate allows. */
  readonly rateLimited: 4002;
  /** Sent by the client when it will go on with another socket: it does not leave. */
  readonly reconnecting: 4003;
  /** Sent by the server when a frame was binary, or not a JSON object. */
  readonly badFrame: 4500;
  /** Sent by the server when another socket has resumed the session of this one. */
  readonly replaced: 4501;
}

/**
 * Whether a client whose socket closed with `code` should connect again: after
 * everything but a frame that was too large and 4500 to 4999.
 */
export function comesBack(code: number): boolean {
  // A literal, since a page loads this and nothing else of CLOSE.
  return code !== 1009 && !(code >= 4500 && code <= 4999);
}

/**
 * Why the server would not let somebody in. Sent in the body of the HTTP answer
 * to the upgrade, as `{ "error": { "code", "message" } }`. A browser hides that
 * answer from the page, so a client asks again with a plain GET of the same URL.
 *
 * - `bad-room`, `bad-party`, `bad-id`: the name is empty, too long, or holds control characters (400)
 * - `bad-version`: the client offered only subprotocols that this server does not speak (400)
 * - `bad-origin`: pages of that origin may not use the server (403)
 * - `unauthorized`: there is no token, or it is not valid (401)
 * - `forbidden`: the token is for another room or another id (403)
 * - `id-taken`: a peer of the room has that id, and this client is not the one (409)
 * - `room-full`: the room holds {@linkcode Limits.peersPerRoom} peers (409)
 * - `too-many-sockets`: the address holds {@linkcode Limits.socketsPerAddress} sessions (429)
 * - `server-full`: the server holds {@linkcode Limits.sockets} sessions (503)
 * - `unavailable`: the server cannot check tokens right now (503)
 * - `stopping`: the server is about to stop (503)
 */
export type RefusalCode =
  | "bad-room"
  | "bad-party"
  | "bad-id"
  | "bad-version"
  | "bad-origin"
  | "unauthorized"
  | "forbidden"
  | "id-taken"
  | "room-full"
  | "too-many-sockets"
  | "server-full"
  | "unavailable"
  | "stopping";

/** One entry of `RTCConfiguration.iceServers` (W3C WebRTC, `RTCIceServer`). */
export interface IceServer {
  /** STUN or TURN addresses (RFC 7064, RFC 7065). */
  readonly urls: readonly string[];
  /** User name of a TURN credential. */
  readonly username?: string;
  /** Password of a TURN credential. */
  readonly credential?: string;
}

/**
 * Whether peers that cannot reach each other directly have a relay.
 *
 * - `ready`: usable TURN credentials are among the ICE servers
 * - `none`: the server has no TURN configured
 * - `failed`: no provider gave any just now, so the list is STUN only; an {@linkcode Ice} follows as soon as there are
 */
export type TurnStatus = "ready" | "none" | "failed";

/** One peer of a room, as the server tells it to the others. */
export interface Member {
  /** Public name of the peer, unique in its room. */
  readonly id: string;
  /** When the server let it in, in milliseconds since the epoch. Stamped once; decides the roles of each pair. */
  readonly joinedAt: number;
  /**
   * What the peer published about itself, opaque to the server; `null` until it
   * does. Missing when it came from another server and has said nothing here
   * yet: then what was known of this membership still holds.
   */
  readonly presence?: string | null;
  /** Whether its socket is gone while its session still lives. */
  readonly away: boolean;
}

/** A message from a client to the server. */
export type ClientMessage = SignalTo | SetPresence | ClientPing | ClientPong;

/** Sent by a client when it has something to say to one other peer of the room. */
export interface SignalTo {
  /** Discriminates {@linkcode ClientMessage}. */
  readonly type: "signal";
  /** Id of the peer it is for. */
  readonly to: string;
  /** Opaque to the server. */
  readonly data: string;
}

/** Sent by a client when its presence changed. */
export interface SetPresence {
  /** Discriminates {@linkcode ClientMessage}. */
  readonly type: "presence";
  /** The whole new presence, opaque to the server; `null` takes it back. */
  readonly presence: string | null;
}

/**
 * Sent by a client to find out whether its socket still works, and right after
 * each welcome, which tells that the new resume token has arrived.
 */
export interface ClientPing {
  /** Discriminates {@linkcode ClientMessage}. */
  readonly type: "ping";
  /** Number of signals received in this session; the server need not keep them any longer. */
  readonly seen: number;
}

/** Sent by a client when the server asks whether it is still there. */
export interface ClientPong {
  /** Discriminates {@linkcode ClientMessage}. */
  readonly type: "pong";
}

/** A message from the server to a client. */
export type ServerMessage =
  | Welcome
  | Join
  | Leave
  | Away
  | Back
  | Presence
  | SignalFrom
  | Ice
  | ServerPing
  | ServerPong
  | Drain
  | Fault;

/**
 * What a welcome goes on with.
 *
 * - `new`: nothing; this is another membership than any before
 * - `resumed`: the session as it was; the peers in the welcome are all there are
 * - `restored`: the same membership at a server that has just begun to learn of it, such as one
 *   that was restarted; peers that are missing in the welcome may still come back
 */
export type SessionOrigin = "new" | "resumed" | "restored";

/** Sent by the server when a socket has joined its room: everything needed to dial, with no second round trip. */
export interface Welcome {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "welcome";
  /** {@linkcode VERSION} of the server. */
  readonly version: number;
  /** The receiver's own id. */
  readonly id: string;
  /** When the receiver was let in; see {@linkcode Member.joinedAt}. */
  readonly joinedAt: number;
  /** Everybody else in the room. The receiver dials them; they answer. */
  readonly peers: readonly Member[];
  /** STUN and TURN servers to use. */
  readonly iceServers: readonly IceServer[];
  /** When the credentials in `iceServers` expire, in milliseconds since the epoch; `null` if they do not. */
  readonly iceExpiresAt: number | null;
  /** Whether TURN is among them. A newer server may have words that are not in the type. */
  readonly turn: TurnStatus;
  /** Secret with which a later socket resumes this session; it replaces the one before. */
  readonly resume: string;
  /** What this session goes on with. */
  readonly session: SessionOrigin;
  /** Number of signals that the server has taken from the receiver in this session. */
  readonly seen: number;
  /**
   * Number of signals for the receiver, in this session, that come before those
   * that follow: it has them or, if it has seen fewer, they are lost.
   */
  readonly sent: number;
  /** What this server takes, as far as a client must know. */
  readonly limits: ClientLimits;
}

/** Sent by the server when somebody else has joined the room. The newcomer dials, so the receiver waits. */
export interface Join {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "join";
  /** The newcomer. */
  readonly peer: Member;
}

/** Why a peer left: it said goodbye, its socket was lost, or the server dropped it for breaking a limit. */
export type LeaveReason = "goodbye" | "lost" | "dropped";

/** Sent by the server when a peer is no longer in the room. */
export interface Leave {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "leave";
  /** The peer that left. */
  readonly id: string;
  /** Why it left. */
  readonly reason: LeaveReason;
}

/** Sent by the server when the socket of a peer is gone but its session lives. Its pairs go on, and signals to it wait. */
export interface Away {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "away";
  /** The peer whose socket is gone. */
  readonly id: string;
}

/** Sent by the server when a peer that was away has a socket again. */
export interface Back {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "back";
  /** The peer that is back. */
  readonly id: string;
}

/** Sent by the server when a peer published a new presence. */
export interface Presence {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "presence";
  /** The peer whose presence it is; stamped by the server. */
  readonly id: string;
  /** The whole new presence; `null` when it was taken back. */
  readonly presence: string | null;
}

/** Sent by the server when another peer of the room signaled the receiver. */
export interface SignalFrom {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "signal";
  /** The peer that sent it; stamped by the server, so nobody speaks in another's name. */
  readonly from: string;
  /**
   * What it said, as it said it: the server passes the JSON string on without
   * decoding it, so a hostile peer can make this frame one that is no JSON.
   */
  readonly data: string;
}

/**
 * Sent by the server when there are other credentials than before: those that a
 * welcome could not wait for, or new ones well before the old ones expire, so
 * that a client needs no clock. With `failed`, the old ones have expired and
 * there are no others yet: nothing to restart anything for.
 */
export interface Ice {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "ice";
  /** STUN and TURN servers to use from now on. */
  readonly iceServers: readonly IceServer[];
  /** When their credentials expire, in milliseconds since the epoch; `null` if they do not. */
  readonly iceExpiresAt: number | null;
  /** Whether TURN is among them; see {@linkcode Welcome.turn}. */
  readonly turn: TurnStatus;
}

/** Sent by the server when somebody else asks for this session: one that answers keeps it. */
export interface ServerPing {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "ping";
}

/** Sent by the server in answer to a {@linkcode ClientPing}. */
export interface ServerPong {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "pong";
  /** Number of signals taken from the receiver in this session; it need not keep them any longer. */
  readonly seen: number;
}

/** Sent by the server when it is about to stop: move to another socket within a second or so, not all at once. Pairs go on. */
export interface Drain {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "drain";
}

/**
 * What was wrong with a frame. After the last three the socket is closed.
 *
 * - `bad-frame`: of a type this server does not know, or with a field missing or of the wrong shape
 * - `not-joined`: sent before the welcome
 * - `unknown-peer`: a signal to a peer that is not in the room
 * - `peer-busy`: a signal to a peer that has too much unread output, or that is away and has too much waiting
 * - `presence-too-large`: more than {@linkcode Limits.presenceBytes}
 * - `not-a-message`: binary, or not a JSON object; see {@linkcode CLOSE}, `badFrame`
 * - `frame-too-large`: more than {@linkcode Limits.frameBytes}
 * - `rate-limited`: more frames than {@linkcode Limits.framesPerSecond} allows
 */
export type FaultCode =
  | "bad-frame"
  | "not-joined"
  | "unknown-peer"
  | "peer-busy"
  | "presence-too-large"
  | "not-a-message"
  | "frame-too-large"
  | "rate-limited";

/** Sent by the server when it could not do what a frame of the receiver asked. */
export interface Fault {
  /** Discriminates {@linkcode ServerMessage}. */
  readonly type: "error";
  /** What was wrong. A newer server may have codes that are not in the type. */
  readonly code: FaultCode;
  /** The same for a person, in English. */
  readonly message: string;
  /** With `unknown-peer` and `peer-busy`: the peer that the signal was for. */
  readonly to?: string;
}

/**
 * Whether `self` gives way when both sides of a pair offer at once: the one who
 * was in the room first does, and of two who joined in the same millisecond the
 * one with the smaller id.
 */
export function isPolite(
  self: Pick<Member, "id" | "joinedAt">,
  other: Pick<Member, "id" | "joinedAt">,
): boolean {
  return self.joinedAt === other.joinedAt
    ? self.id < other.id
    : self.joinedAt < other.joinedAt;
}

/**
 * Whether `name` can be a room, a party or an id of at most `maxChars`: not
 * empty, no control characters, no lone surrogates, and neither `.` nor `..`, which no URL can hold
 * as a path segment (URL Standard §4.4).
 */
export function isName(name: string, maxChars: number): boolean {
  return name.length > 0 && name.length <= maxChars &&
    // deno-lint-ignore no-control-regex -- They are what no name may have.
    !/[\0-\x1f\x7f]|^\.\.?$|\p{Cs}/u.test(name);
}

/** Whether `text` takes more than `maxBytes` of UTF-8 (a lone surrogate counts as the three bytes it is replaced by). */
export function exceedsBytes(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  // No code unit takes more than three bytes, so most frames need no counting.
  if (text.length * 3 <= maxBytes) return false;
  return new TextEncoder().encode(text).length > maxBytes;
}

/**
 * Why a frame could not be read.
 *
 * - `too-large`: more bytes than allowed
 * - `not-text`: a binary frame
 * - `not-an-object`: not JSON, or JSON that is no object
 * - `unknown-type`: a `type` this version does not know
 * - `bad-field`: a field is missing or has the wrong shape
 */
export type ParseFailure =
  | "too-large"
  | "not-text"
  | "not-an-object"
  | "unknown-type"
  | "bad-field";

/** What a parser makes of a frame. Parsers never throw. */
export type Parsed<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly reason: ParseFailure };

/** Reads a frame from a client, of at most `maxBytes`. Fields it does not know are left out. */
export function parseClientMessage(
  frame: unknown,
  maxBytes: number = LIMITS.frameBytes,
): Parsed<ClientMessage> {
  return parse(CLIENT_MESSAGES, frame, maxBytes);
}

/** Reads a frame from the server. Fields it does not know are left out, so a newer server may add some. */
export function parseServerMessage(frame: unknown): Parsed<ServerMessage> {
  return parse(SERVER_MESSAGES, frame, SERVER_FRAME_BYTES);
}

/** Largest frame a client reads: a welcome to a room of a thousand peers with full presence. */
const SERVER_FRAME_BYTES = 8 * 1024 * 1024;

function parse<Message extends { readonly type: string }>(
  messages: Messages<Message>,
  frame: unknown,
  maxBytes: number,
): Parsed<Message> {
  if (typeof frame !== "string") return { ok: false, reason: "not-text" };
  if (exceedsBytes(frame, maxBytes)) return { ok: false, reason: "too-large" };
  const value = readJson(frame);
  if (!isFields(value)) return { ok: false, reason: "not-an-object" };
  const { type } = value;
  // Own properties only: a peer may choose "constructor".
  if (typeof type !== "string" || !Object.hasOwn(messages, type)) {
    return { ok: false, reason: "unknown-type" };
  }
  const fields = read(messages[type as Message["type"]], value);
  return isFields(fields)
    ? { ok: true, message: { type, ...fields } as unknown as Message }
    : { ok: false, reason: "bad-field" };
}

/** An example of each message of a direction, by its `type`. */
type Messages<Message extends { readonly type: string }> = {
  readonly [Type in Message["type"]]: Example<
    Omit<Extract<Message, { readonly type: Type }>, "type">
  >;
};

/** How a value of JSON is read as a `T`: it has the types of an example, or a function takes it and returns `undefined` for anything else. */
type Example<T> =
  | ((value: unknown) => T | undefined)
  | (T extends string ? ""
    : T extends number ? 0
    : T extends boolean ? false
    : T extends readonly (infer Item)[] ? readonly [Example<Item>]
    : { readonly [Name in keyof T]-?: Example<T[Name]> });

/** What an optional field reads as when it is missing. */
const MISSING: unknown = Symbol();

/** Reads a value as its example is: a new object with those fields and no others; `undefined` if it is not like it. Never throws. */
function read(example: unknown, value: unknown): unknown {
  if (typeof example === "function") return example(value);
  if (Array.isArray(example)) {
    if (!Array.isArray(value)) return;
    const items = value.map((item) => read(example[0], item));
    return items.includes(undefined) ? undefined : items;
  }
  if (!isFields(example)) {
    // JSON has numbers that are too large for one.
    const same = typeof value === typeof example && value !== Infinity &&
      value !== -Infinity;
    return same ? value : undefined;
  }
  if (!isFields(value)) return;
  const fields: Record<string, unknown> = {};
  for (const name of Object.keys(example)) {
    const field = read(example[name], value[name]);
    if (field === undefined) return;
    if (field !== MISSING) fields[name] = field;
  }
  return fields;
}

function nullable<T>(example: Example<T>): (value: unknown) => T | null {
  return (value) => value === null ? null : read(example, value) as T;
}

/** A field that may be missing; one of the wrong shape counts as missing. */
function optionalString(value: unknown): string {
  return typeof value === "string" ? value : MISSING as string;
}

/** Whether a value of JSON is an object, whose fields can be asked for. */
export function isFields(
  value: unknown,
): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value that `text` is the JSON of; `undefined` when it is no JSON. Never throws. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const nullableString = nullable<string>("");

function leaveReason(value: unknown): LeaveReason | undefined {
  return LEAVE_REASONS.find((reason) => reason === value);
}

const LEAVE_REASONS: readonly LeaveReason[] = ["goodbye", "lost", "dropped"];

const CLIENT_MESSAGES: Messages<ClientMessage> = {
  signal: { to: "", data: "" },
  presence: { presence: nullableString },
  ping: { seen: 0 },
  pong: {},
};

const MEMBER: Example<Member> = {
  id: "",
  joinedAt: 0,
  presence: (value) =>
    value === undefined ? MISSING as string : nullableString(value),
  away: false,
};

const ICE: Exclude<
  Messages<ServerMessage>["ice"],
  (value: unknown) => unknown
> = {
  iceServers: [{
    urls: [""],
    username: optionalString,
    credential: optionalString,
  }],
  iceExpiresAt: nullable<number>(0),
  turn: "",
};

const SERVER_MESSAGES: Messages<ServerMessage> = {
  welcome: {
    version: 0,
    id: "",
    joinedAt: 0,
    peers: [MEMBER],
    ...ICE,
    resume: "",
    session: "",
    seen: 0,
    sent: 0,
    limits: {
      frameBytes: 0,
      presenceBytes: 0,
      framesPerSecond: 0,
      frameBurst: 0,
      graceMs: 0,
    },
  },
  join: { peer: MEMBER },
  leave: { id: "", reason: leaveReason },
  away: { id: "" },
  back: { id: "" },
  presence: { id: "", presence: nullableString },
  signal: { from: "", data: "" },
  ice: ICE,
  ping: {},
  pong: { seen: 0 },
  drain: {},
  error: { code: "", message: "", to: optionalString },
};
