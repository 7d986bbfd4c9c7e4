/**
 * How signals and presence travel in a protected room: as `sealed.` or
 * `signed.`, then base64url of these bytes, numbers big-endian.
 *
 * | bytes | what                                                                     |
 * | ----- | ------------------------------------------------------------------------ |
 * | 1     | version, 1                                                               |
 * | 1     | {@linkcode FRAME}                                                        |
 * | 1     | 1 if sealed, plus 2 if signed                                            |
 * | 8     | which room key, by a hash of it; zeros if not sealed                     |
 * | 16    | session of the sender                                                    |
 * | 16    | session of the receiver; zeros if that is everybody, or not known        |
 * | 8     | generation of the pair, as in its signals; 0 if it is no signal          |
 * | 8     | counter: of the sender's presences or hellos, of its signals to this one |
 * | 12    | initialization vector, if sealed                                         |
 * | 64    | signature, if signed                                                     |
 * | …     | UTF-8, and the tag of AES-GCM if sealed                                  |
 *
 * What comes after the vector is sealed. All that stands before it is
 * authenticated, together with what the {@linkcode frameContext} adds.
 *
 * @module
 */
import { joinBytes, lengthPrefixed, utf8 } from "./bytes.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";

/** What a frame is. */
export const FRAME = {
  /** The card of a session and what it publishes, for everybody. */
  presence: 1,
  /** The card of a session, for one peer. */
  hello: 2,
  /** A signal of a pair. */
  signal: 3,
} as const;

/** One of {@linkcode FRAME}. */
export type FrameKind = typeof FRAME[keyof typeof FRAME];

/** Bytes that name a session. */
export const SESSION_BYTES = 16;
/** Bytes that name a room key. */
export const KEY_ID_BYTES = 8;
/** Bytes before what is sealed or signed. */
export const HEAD_BYTES = 59;
/** Bytes of the initialization vector (NIST SP 800-38D §8.2.2: random, of 96 bits). */
export const IV_BYTES = 12;
/** Bytes of the tag of AES-GCM. */
export const TAG_BYTES = 16;
/** Bytes of a signature, of Ed25519 and of P-256 alike. */
export const SIGNATURE_BYTES = 64;

/** How many characters the head is in, and not more than a byte of the rest. */
const HEAD_CHARS = 80;
/** Longest frame that is read: far above what a server passes on by default. */
const MAX_CHARS = 2 ** 18;

const VERSION = 1;
const SEALED = 1;
const SIGNED = 2;

/** What can be read of a frame without a key. */
export interface FrameHead {
  /** What it is. */
  readonly kind: FrameKind;
  /** Which room key it is sealed with; `undefined` if with none. */
  readonly keyId: Uint8Array<ArrayBuffer> | undefined;
  /** Whether its sender proves who it is. */
  readonly signed: boolean;
  /** Session of the sender. */
  readonly sender: Uint8Array<ArrayBuffer>;
  /** Session of the receiver. */
  readonly receiver: Uint8Array<ArrayBuffer>;
  /** Generation of the pair. */
  readonly generation: number;
  /** Counts what the sender says. */
  readonly counter: number;
}

/** A frame whose head is well-formed, which proves nothing. */
export interface Frame extends FrameHead {
  /** The bytes of all that. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** All of it, in base64url. */
  readonly encoded: string;
}

/** Writes the bytes of a head. */
export function writeHead(head: FrameHead): Uint8Array<ArrayBuffer> {
  const { kind, keyId, signed, sender, receiver, generation, counter } = head;
  const bytes = new Uint8Array(HEAD_BYTES);
  const flags = (keyId ? SEALED : 0) + (signed ? SIGNED : 0);
  bytes.set([VERSION, kind, flags]);
  if (keyId) bytes.set(keyId, 3);
  bytes.set(sender, 11);
  bytes.set(receiver, 27);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(43, BigInt(generation));
  view.setBigUint64(51, BigInt(counter));
  return bytes;
}

/** Writes a frame as the opaque text of the wire. */
export function writeFrame(
  head: Uint8Array<ArrayBuffer>,
  body: Uint8Array<ArrayBuffer>,
): string {
  const prefix = (head[2] ?? 0) & SEALED ? "sealed." : "signed.";
  return prefix + toBase64url(joinBytes(head, body));
}

/** How many characters a frame takes whose text takes so many bytes. */
export function frameChars(
  textBytes: number,
  { keyId, signed }: Pick<FrameHead, "keyId" | "signed">,
): number {
  const bytes = HEAD_BYTES + textBytes +
    (keyId ? IV_BYTES + TAG_BYTES : 0) + (signed ? SIGNATURE_BYTES : 0);
  return "sealed.".length + Math.ceil(bytes * 4 / 3);
}

/** Reads the head of a frame, which costs little; `undefined` for anything that is none. Never throws. */
export function readFrame(text: string): Frame | undefined {
  if (text.length > MAX_CHARS) return;
  const [, prefix, encoded = ""] = /^(sealed|signed)\.(.*)$/.exec(text) ?? [];
  const bytes = fromBase64url(encoded.slice(0, HEAD_CHARS));
  if (prefix === undefined || !bytes || bytes.length < HEAD_BYTES) return;
  const [version, kind, flags = 0] = bytes;
  const known = version === VERSION &&
    Object.values<unknown>(FRAME).includes(kind) && flags >= SEALED &&
    flags <= SEALED + SIGNED;
  const sealed = (flags & SEALED) !== 0;
  if (!known || sealed !== (prefix === "sealed")) return;
  const view = new DataView(bytes.buffer);
  const generation = Number(view.getBigUint64(43));
  const counter = Number(view.getBigUint64(51));
  // Of those beyond, several would be read as the same number.
  if (!Number.isSafeInteger(generation) || !Number.isSafeInteger(counter)) {
    return;
  }
  return {
    kind: kind as FrameKind,
    keyId: sealed ? bytes.slice(3, 11) : undefined,
    signed: (flags & SIGNED) !== 0,
    sender: bytes.slice(11, 27),
    receiver: bytes.slice(27, 43),
    generation,
    counter,
    head: bytes.slice(0, HEAD_BYTES),
    encoded,
  };
}

/** What follows the head of a frame; `undefined` if that is malformed. */
export function readBody(
  { encoded }: Frame,
): Uint8Array<ArrayBuffer> | undefined {
  return fromBase64url(encoded)?.slice(HEAD_BYTES);
}

/** Where a frame belongs. */
export interface FramePlace {
  readonly party: string;
  readonly room: string;
  /** Peer id of the sender. */
  readonly from: string;
  /** Peer id of the receiver; empty if that is everybody. */
  readonly to: string;
  /** DTLS fingerprints of sender and receiver; empty where they are only being told. */
  readonly fingerprints: readonly [from: string, to: string];
}

/** What is authenticated with a frame and not in it. Whatever differs in it, the frame is another's. */
export function frameContext(
  head: Uint8Array<ArrayBuffer>,
  { party, room, from, to, fingerprints }: FramePlace,
): Uint8Array<ArrayBuffer> {
  const texts = [party, room, from, to, ...fingerprints];
  return joinBytes(
    utf8("webrtc frame v1"),
    head,
    ...texts.map((text) => lengthPrefixed(utf8(text))),
  );
}
