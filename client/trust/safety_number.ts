import { joinBytes, lengthPrefixed, utf8 } from "./bytes.ts";

/** One of two sides, as both must see it if nobody is between them. */
export interface SafetySide {
  /** Fingerprint of its DTLS certificate, as in SDP (RFC 8122 §5): `sha-256 AB:CD…`. */
  readonly fingerprint: string;
  /** Its peer id, where that is the one of an identity. */
  readonly id?: string;
  /** Public key of its identity, if it has one. */
  readonly publicKey?: Uint8Array;
}

/** Version of what the digest is of. */
const LABEL = "webrtc safety number v1";

/** Groups of five digits. */
const GROUPS = 12;

/** Decimal digits of a group, and bytes of the digest that it is made of. */
const DIGITS = 5;

/**
 * The number that two people compare who want to know that nobody is between
 * them: the same one on both sides. 60 digits, in groups of five.
 *
 * It is never shorter. Somebody between them shows each of them a certificate of
 * its own, and can make as many as it likes, long before: what it needs is one
 * shown to A and one shown to B that collide. That takes about the square root of
 * all numbers there are: 2^99 tries for 60 digits (199 bits), but 2^33 for 20.
 */
export async function safetyNumber(
  subtle: SubtleCrypto,
  one: SafetySide,
  other: SafetySide,
): Promise<string> {
  const sides = [encodeSide(one), encodeSide(other)].sort(compareBytes);
  const digest = await subtle.digest(
    "SHA-512",
    joinBytes(...[utf8(LABEL), ...sides].map(lengthPrefixed)),
  );
  const bytes = new DataView(digest);
  return Array.from({ length: GROUPS }, (_, group) => {
    const at = group * DIGITS;
    // Of 2^40 numbers: no digit is likelier than another one by more than 10^-7.
    const number = bytes.getUint8(at) * 2 ** 32 + bytes.getUint32(at + 1);
    return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
  }).join(" ");
}

/** A side as bytes, different ones for any two that differ. */
export function encodeSide(
  { fingerprint, id = "", publicKey = new Uint8Array() }: SafetySide,
): Uint8Array<ArrayBuffer> {
  return joinBytes(
    // Upper case in RFC 8122 §5, yet some write it in lower case.
    lengthPrefixed(utf8(fingerprint.trim().toLowerCase())),
    lengthPrefixed(utf8(id)),
    lengthPrefixed(publicKey),
  );
}

/** Orders by the first byte that differs, as both sides must do it alike. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  if (at < 0) return one.length - other.length;
  return (one[at] ?? 0) - (other[at] ?? -1);
}
