import { toBase64url } from "./base64url.ts";
import { joinBytes, utf8 } from "./bytes.ts";
import { requireCrypto } from "./require_crypto.ts";

/**
 * Who a page is, for as long as it keeps the key: made by
 * {@linkcode createIdentity} or `loadIdentity`, and given to `connect`.
 */
export interface Identity {
  /** The peer id of whoever holds the key: a digest of the public key, 43 characters. */
  readonly id: string;
  /** How it signs: Ed25519 (RFC 8032), or ECDSA with P-256 and SHA-256. */
  readonly algorithm: "Ed25519" | "ECDSA";
  /** The public key, raw: 32 bytes of Ed25519, 65 (an uncompressed point) of ECDSA. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** The private key. No script can read it, this library neither. */
  readonly privateKey: CryptoKey;
}

/** Who a peer is: what it has proven to hold the private key of. */
export type PeerIdentity = Pick<Identity, "id" | "algorithm" | "publicKey">;

/** The public half of an {@linkcode Identity}, whatever it calls itself. */
type PublicKey = Pick<Identity, "algorithm" | "publicKey">;

/** Settings of whatever needs WebCrypto. */
export interface CryptoOptions {
  /** Used instead of the global `crypto`. */
  readonly crypto?: Crypto;
}

/** What an id is a digest of begins so, as no other digest does. */
const LABEL = "webrtc identity v1";

/** Each algorithm's number in an id, and the length of its raw public keys. */
const ALGORITHMS = {
  Ed25519: { number: 1, keyBytes: 32 },
  ECDSA: { number: 2, keyBytes: 65 },
} as const;

/** {@linkcode createIdentity} of `identities.ts`. */
export async function createIdentity(
  options: CryptoOptions = {},
): Promise<Identity> {
  const { subtle } = requireCrypto(options.crypto, "create identity");
  try {
    return await generate(subtle, "Ed25519");
  } catch (error) {
    // An algorithm that is not known (W3C WebCrypto §18.4.4).
    const { name } = error as Partial<Error>;
    if (name !== "NotSupportedError") throw error;
    return await generate(subtle, "ECDSA");
  }
}

async function generate(
  subtle: SubtleCrypto,
  algorithm: Identity["algorithm"],
): Promise<Identity> {
  const pair = await subtle.generateKey(parameters(algorithm), false, [
    "sign",
    "verify",
  ]);
  const raw = await subtle.exportKey("raw", pair.publicKey);
  const publicKey = new Uint8Array(raw);
  const id = await identityId(subtle, { algorithm, publicKey });
  return { id, algorithm, publicKey, privateKey: pair.privateKey };
}

/** The id that a public key has: whoever claims the id must sign with that key. */
export async function identityId(
  subtle: SubtleCrypto,
  { algorithm, publicKey }: PublicKey,
): Promise<string> {
  const { number } = ALGORITHMS[algorithm];
  const digest = await subtle.digest(
    "SHA-256",
    joinBytes(utf8(LABEL), Uint8Array.of(number), publicKey),
  );
  return toBase64url(new Uint8Array(digest));
}

/** Signs `bytes`: 64 bytes with either algorithm. */
export async function sign(
  subtle: SubtleCrypto,
  { algorithm, privateKey }: Pick<Identity, "algorithm" | "privateKey">,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await subtle.sign(parameters(algorithm), privateKey, bytes),
  );
}

/**
 * Whether `signature` is one of `bytes` with the private key of `publicKey`. Never
 * throws: a key that is malformed, or of an algorithm that is unknown here, has signed nothing.
 */
export async function verify(
  subtle: SubtleCrypto,
  { algorithm, publicKey }: PublicKey,
  signature: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  // A compressed point would be a second id of the same key.
  if (publicKey.length !== ALGORITHMS[algorithm].keyBytes) return false;
  const how = parameters(algorithm);
  try {
    const key = await subtle.importKey("raw", publicKey, how, true, ["verify"]);
    return await subtle.verify(how, key, signature, bytes);
  } catch {
    return false;
  }
}

/** Of every operation: each algorithm takes the members that it knows. */
function parameters<Name extends Identity["algorithm"]>(name: Name) {
  return { name, namedCurve: "P-256", hash: "SHA-256" } as const;
}

/** Whether `value` has the form of an {@linkcode Identity}. That its parts belong together is not looked at. */
export function isIdentity(value: unknown): value is Identity {
  const { id, algorithm, publicKey, privateKey } = Object(value) as {
    readonly [Key in keyof Identity]?: unknown;
  };
  const key = Object(privateKey) as Partial<CryptoKey>;
  return typeof id === "string" && /^[\w-]{43}$/.test(id) &&
    (algorithm === "Ed25519" || algorithm === "ECDSA") &&
    publicKey instanceof Uint8Array &&
    publicKey.length === ALGORITHMS[algorithm].keyBytes &&
    key.type === "private" && key.algorithm?.name === algorithm;
}

/**
 * The option `identity` of `connect`.
 *
 * @throws {TypeError} If it is no {@linkcode Identity}.
 */
export function readIdentity(value: unknown): Identity {
  if (isIdentity(value)) return value;
  throw new TypeError(
    'Cannot connect: "identity" must be one of createIdentity() or loadIdentity()',
  );
}
