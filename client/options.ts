import { ID_CHARS, isName, ROOM_CHARS } from "../protocol.ts";
import { readAddress } from "./address.ts";
import { encodePresence } from "./presence.ts";
import type { Identity, PeerIdentity } from "./trust/identity.ts";

/** Least of `maxMessageBytes`: what is not cut on its way. */
const LEAST_MESSAGE_BYTES = 65_536;
/** Most of it: what every browser puts into one string. */
const MOST_MESSAGE_BYTES = 2 ** 29 - 2 ** 16;

/** Settings of {@linkcode connect}. */
export interface ConnectOptions<Presence = unknown> {
  /**
   * Host of the signaling server, as `example.com` or `http://localhost:8000`;
   * a path before `/parties` may follow. Without a scheme the socket is
   * encrypted, but for this machine, private networks, and the host of a page
   * that was itself served over plain HTTP.
   */
  readonly host: string;
  /** Name of the room, 1 to 128 characters. */
  readonly room: string;
  /** Name space of the room. @default {"main"} */
  readonly party?: string;
  /** Own peer id, 1 to 64 characters, unique in the room. @default {a random one} */
  readonly id?: string;
  /** What to publish about oneself: any JSON value, 4 KiB at most; about 2.6 KiB where it is sealed or signed. @default {null} */
  readonly presence?: Presence;
  /**
   * Says who we are, to a server that asks: a token, or a function that gets
   * one, asked anew before each attempt to connect.
   */
  readonly token?: string | (() => string | Promise<string>);
  /**
   * 32 random bytes that everybody in the room has, and nobody else: signals and
   * presence are sealed with it, so that the signaling server can neither read
   * them nor stand between two peers. See `createRoomKey` and `roomLink`.
   * An option that is there must have a value.
   */
  readonly roomKey?: Uint8Array;
  /**
   * Used instead of a `roomKey`: stretched to one by PBKDF2, which takes some
   * tenths of a second. A server can try out passwords on what it has recorded,
   * so it must be hard to guess.
   */
  readonly password?: string;
  /**
   * Proves to the others who we are, and admits only those who do the same: the
   * peer id is the one of the identity. See `createIdentity` and `loadIdentity`.
   */
  readonly identity?: Identity;
  /**
   * Asked once for each peer, before there is a connection with it: whether to
   * admit it. What throws or rejects admits nobody. Needs an `identity`.
   *
   * @default {everybody who has proven its id}
   */
  readonly onTrust?: (peer: PeerIdentity) => boolean | Promise<boolean>;
  /**
   * Largest message, request or answer, in bytes, to send and to take: what a
   * peer can make this page keep. 64 KiB to almost 512 MiB. Files have no such bound.
   *
   * @default {268_435_456}
   */
  readonly maxMessageBytes?: number;
  /** Dial every peer found in the room. @default {true} */
  readonly autoConnect?: boolean;
  /** Used instead of the STUN and TURN servers that the signaling server hands out. */
  readonly iceServers?: readonly RTCIceServer[];
  /** `relay` uses TURN only. @default {"all"} */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** How long joining may take, in milliseconds; more than 24 days count as that. @default {10000} */
  readonly timeoutMs?: number;
  /** Gives up joining when aborted. Has no effect later: use `close()`. */
  readonly signal?: AbortSignal;
  /** Used instead of the global class, where there is none. */
  readonly RTCPeerConnection?: typeof RTCPeerConnection;
  /** Used instead of the global class, where there is none. */
  readonly WebSocket?: typeof WebSocket;
  /** Used instead of the global object, for what protects a room. */
  readonly crypto?: Crypto;
}

/** The options that protect a room. One that is there counts, also without a value: no mistake must open a room. */
const PROTECTING = ["roomKey", "password", "identity", "onTrust"] as const;

/** {@linkcode ConnectOptions}, checked and complete. */
export interface Settings extends Omit<ConnectOptions, "presence"> {
  /** Address of the server before `/parties`, with the scheme of the socket. */
  readonly address: string;
  readonly party: string;
  /** Encoded for the wire. */
  readonly presence: string | null;
  readonly maxMessageBytes: number;
  readonly autoConnect: boolean;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly timeoutMs: number;
  /** Whether anything is to protect the room. */
  readonly isProtected: boolean;
}

/**
 * Checks the options of {@linkcode connect} before anything is done.
 *
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If a name has the wrong length or a number is out of range.
 */
export function readOptions(options: ConnectOptions): Settings {
  const {
    host,
    room,
    party = "main",
    id,
    presence = null,
    maxMessageBytes = 2 ** 28,
    autoConnect = true,
    iceTransportPolicy = "all",
    timeoutMs = 10_000,
  } = options;
  checkString("host", host);
  checkName("room", room, ROOM_CHARS);
  checkName("party", party, ID_CHARS);
  if (id !== undefined) checkName("id", id, ID_CHARS);
  if (id !== undefined && options.identity) {
    throw new TypeError(
      'Cannot connect: there must be "id" or "identity", not both',
    );
  }
  if (!(timeoutMs > 0)) {
    throw new RangeError(
      `Cannot connect: "timeoutMs" must be positive, got ${timeoutMs}`,
    );
  }
  const fits = maxMessageBytes >= LEAST_MESSAGE_BYTES &&
    maxMessageBytes <= MOST_MESSAGE_BYTES;
  if (!fits) {
    throw new RangeError(
      `Cannot connect: "maxMessageBytes" must be ${LEAST_MESSAGE_BYTES} to ${MOST_MESSAGE_BYTES}, got ${maxMessageBytes}`,
    );
  }
  return {
    ...options,
    ...readProtection(options),
    address: readAddress(host, globalThis.location),
    party,
    presence: encodePresence(presence),
    maxMessageBytes: Math.floor(maxMessageBytes),
    autoConnect,
    iceTransportPolicy,
    // The longest time a timer takes; beyond it, it would fire at once.
    timeoutMs: Math.min(timeoutMs, 2 ** 31 - 1),
  };
}

/** Reads what protects the room, as it is now: an app may wipe its key as soon as `connect` has been called. */
function readProtection(
  options: ConnectOptions,
): Partial<Settings> & Pick<Settings, "isProtected"> {
  const there = PROTECTING.filter((option) => option in options);
  const read = Object.fromEntries(
    there.map((option) => [option, options[option]]),
  );
  const { roomKey, identity } = options;
  return {
    ...read,
    ...(roomKey instanceof Uint8Array ? { roomKey: roomKey.slice() } : {}),
    // Who has an identity has no other name.
    ...(identity?.id === undefined ? {} : { id: identity.id }),
    isProtected: there.length > 0,
  };
}

function checkString(option: string, value: unknown): void {
  if (typeof value !== "string") {
    throw new TypeError(
      `Cannot connect: "${option}" must be a string, got ${typeof value}`,
    );
  }
}

function checkName(option: string, name: string, maxChars: number): void {
  checkString(option, name);
  if (!isName(name, maxChars)) {
    throw new RangeError(
      `Cannot connect: "${option}" must be a name of 1 to ${maxChars} characters`,
    );
  }
}
