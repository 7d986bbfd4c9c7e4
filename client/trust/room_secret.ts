import { joinBytes, lengthPrefixed, utf8 } from "./bytes.ts";
import { type FrameKind, KEY_ID_BYTES } from "./sealed_frame.ts";

/** Rounds of PBKDF2 with SHA-256 (OWASP Password Storage Cheat Sheet, 2023): what each guess of a password costs. */
const PASSWORD_ROUNDS = 600_000;

/** What a room secret is made from. */
export interface RoomSecretOptions {
  readonly subtle: SubtleCrypto;
  /** 32 random bytes, or what people can remember. */
  readonly secret: Uint8Array | string;
  readonly party: string;
  readonly room: string;
}

/**
 * The keys of a room. Each pair of sessions has keys of its own for each
 * direction and each kind of frame, all of them from the room key by HKDF-SHA-256
 * (RFC 5869); the same room key gives others in another room.
 */
export class RoomSecret {
  /** Names the room key to those who have it, and tells the others nothing that a sealed frame does not. */
  readonly keyId: Uint8Array<ArrayBuffer>;
  readonly #subtle: SubtleCrypto;
  readonly #root: CryptoKey;
  readonly #place: Uint8Array<ArrayBuffer>;

  private constructor(
    subtle: SubtleCrypto,
    root: CryptoKey,
    place: Uint8Array<ArrayBuffer>,
    keyId: Uint8Array<ArrayBuffer>,
  ) {
    this.#subtle = subtle;
    this.#root = root;
    this.#place = place;
    this.keyId = keyId;
  }

  /** Makes it. A password takes some tenths of a second, on purpose. */
  static async make(options: RoomSecretOptions): Promise<RoomSecret> {
    const { subtle, secret, party, room } = options;
    const place = joinBytes(
      lengthPrefixed(utf8(party)),
      lengthPrefixed(utf8(room)),
    );
    const bytes = typeof secret === "string"
      ? await stretch(subtle, secret, place)
      : new Uint8Array(secret);
    const usages: KeyUsage[] = ["deriveBits", "deriveKey"];
    const root = await subtle.importKey("raw", bytes, "HKDF", false, usages);
    const keyId = await subtle.deriveBits(
      hkdf("key id", place),
      root,
      KEY_ID_BYTES * 8,
    );
    return new RoomSecret(subtle, root, place, new Uint8Array(keyId));
  }

  /** The key for frames of a kind from one session to another. */
  key(
    kind: FrameKind,
    sender: Uint8Array,
    receiver: Uint8Array,
  ): Promise<CryptoKey> {
    return this.#subtle.deriveKey(
      hkdf("frame", Uint8Array.of(kind), sender, receiver, this.#place),
      this.#root,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  }
}

function hkdf(label: string, ...info: readonly Uint8Array[]): HkdfParams {
  return {
    name: "HKDF",
    hash: "SHA-256",
    salt: utf8("webrtc room key v1"),
    info: joinBytes(lengthPrefixed(utf8(label)), ...info),
  };
}

async function stretch(
  subtle: SubtleCrypto,
  password: string,
  place: Uint8Array,
): Promise<ArrayBuffer> {
  // What looks the same is the same, on every keyboard (RFC 8265 §4.2.2).
  const bytes = utf8(password.normalize("NFC"));
  const usages: KeyUsage[] = ["deriveBits"];
  const key = await subtle.importKey("raw", bytes, "PBKDF2", false, usages);
  return subtle.deriveBits(
    {
      name: "PBKDF2",
      hash: "SHA-256",
      // Whoever guesses has to begin anew for every room.
      salt: joinBytes(utf8("webrtc password v1"), place),
      iterations: PASSWORD_ROUNDS,
    },
    key,
    256,
  );
}
