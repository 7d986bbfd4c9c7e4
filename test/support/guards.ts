import { toBase64url } from "../../client/trust/base64url.ts";
import { joinBytes, utf8 } from "../../client/trust/bytes.ts";
import { Guard } from "../../client/trust/guard.ts";
import { identityId } from "../../client/trust/identity.ts";
import type { Identity } from "../../client/trust/identity.ts";
import {
  RoomSecret,
  type RoomSecretOptions,
} from "../../client/trust/room_secret.ts";
import {
  frameContext,
  type FrameHead,
  type FramePlace,
  readBody,
  readFrame,
  writeFrame,
  writeHead,
} from "../../client/trust/sealed_frame.ts";

/** What protects a room. */
export type Protection = "key" | "identity" | "key and identity" | "ECDSA";

/** Every protection. */
export const PROTECTIONS: readonly Protection[] = [
  "key",
  "identity",
  "key and identity",
  "ECDSA",
];

/** A room key, the same one in every test. */
export const ROOM_KEY: Uint8Array<ArrayBuffer> = Uint8Array.from(
  { length: 32 },
  (_, index) => index,
);

const { subtle } = crypto;

/** An identity that signs with the algorithm. */
export async function identityBy(
  algorithm: Identity["algorithm"],
): Promise<Identity> {
  const how = { name: algorithm, namedCurve: "P-256" };
  const pair = await subtle.generateKey(how, false, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const publicKey = new Uint8Array(
    await subtle.exportKey("raw", pair.publicKey),
  );
  const id = await identityId(subtle, { algorithm, publicKey });
  return { id, algorithm, publicKey, privateKey: pair.privateKey };
}

/** The fingerprint of whoever has that name. */
export function fingerprintOf(name: string): string {
  const bytes = [...utf8(name)].map((byte) =>
    byte.toString(16).toUpperCase().padStart(2, "0")
  );
  return `sha-256 ${bytes.join(":")}`;
}

/** What a guard of a test is made with. */
export interface GuardWish {
  /** Its id, unless it has an identity. @default {the name} */
  readonly id?: string;
  readonly secret?: RoomSecret | undefined;
  readonly identity?: Identity | undefined;
  readonly fingerprint?: string;
  readonly room?: string;
  /** Its session, where that is not random. */
  readonly session?: Uint8Array<ArrayBuffer>;
}

/** A guard and the id that it has. */
export class Page {
  readonly id: string;
  readonly guard: Guard;
  readonly fingerprint: string;
  readonly identity: Identity | undefined;

  constructor(name: string, wish: GuardWish) {
    const { secret, identity, room = "room", session } = wish;
    this.id = wish.id ?? identity?.id ?? name;
    this.identity = identity;
    this.fingerprint = wish.fingerprint ?? fingerprintOf(name);
    const getRandomValues = (bytes: Uint8Array<ArrayBuffer>) => {
      if (!session || bytes.length !== session.length) {
        return crypto.getRandomValues(bytes);
      }
      bytes.set(session);
      return bytes;
    };
    this.guard = new Guard({
      crypto: { subtle, getRandomValues } as Crypto,
      party: "main",
      room,
      id: this.id,
      fingerprint: this.fingerprint,
      secret,
      identity,
    });
  }
}

/** Keys and people of a room. */
export class Protected {
  readonly protection: Protection;
  readonly secret: RoomSecret | undefined;
  readonly #identities = new Map<string, Identity>();

  private constructor(protection: Protection, secret: RoomSecret | undefined) {
    this.protection = protection;
    this.secret = secret;
  }

  /** A room that is protected so. */
  static async make(
    protection: Protection,
    secret?: RoomSecret,
  ): Promise<Protected> {
    const sealed = protection.startsWith("key");
    const made = new Protected(
      protection,
      sealed ? secret ?? await secretOf() : undefined,
    );
    if (protection !== "key") {
      const algorithm = protection === "ECDSA" ? "ECDSA" : "Ed25519";
      for (const name of ["ada", "bob", "eve"]) {
        made.#identities.set(name, await identityBy(algorithm));
      }
    }
    return made;
  }

  /** Ada, Bob or Eve; asked for again, the same one after a reload. */
  page(name: string, wish: GuardWish = {}): Page {
    const { secret } = this;
    const identity = this.#identities.get(name);
    return new Page(name, { secret, identity, ...wish });
  }
}

/** The keys of a room that has the test's room key. */
export function secretOf(
  options: Partial<RoomSecretOptions> = {},
): Promise<RoomSecret> {
  return RoomSecret.make({
    subtle,
    secret: ROOM_KEY,
    party: "main",
    room: "room",
    ...options,
  });
}

/** The text of a signal. */
export function signalText(generation: number, body: object): string {
  return JSON.stringify({ to: 1, from: 2, generation, ...body });
}

/** A description whose SDP names these fingerprints. */
export function describing(...fingerprints: readonly string[]): object {
  const lines = fingerprints.map((each) => `a=fingerprint:${each}\r\n`);
  const sdp = `v=0\r\n${lines.join("")}`;
  return { description: { type: "offer", sdp }, offer: 1 };
}

/** The bytes of a frame. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const frame = readFrame(text);
  const body = frame && readBody(frame);
  if (!body) throw new Error(`No frame: ${text}`);
  return joinBytes(frame.head, body);
}

/** A frame, after something was done to its bytes, as text with the prefix it had. */
export function altered(
  text: string,
  alter: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
): string {
  const prefix = text.slice(0, text.indexOf(".") + 1);
  return prefix + toBase64url(alter(bytesOf(text)));
}

/** What somebody who has the room key may say who keeps to nothing else. */
export async function sealByHand(
  secret: RoomSecret,
  head: Omit<FrameHead, "keyId" | "signed">,
  place: Pick<FramePlace, "from" | "to"> & Partial<FramePlace>,
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const { keyId } = secret;
  const bytes = writeHead({ ...head, keyId, signed: false });
  const additionalData = frameContext(bytes, {
    party: "main",
    room: "room",
    fingerprints: ["", ""],
    ...place,
  });
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await secret.key(head.kind, head.sender, head.receiver);
  const algorithm = { name: "AES-GCM", iv, additionalData };
  const sealed = await subtle.encrypt(algorithm, key, content);
  return writeFrame(bytes, joinBytes(iv, new Uint8Array(sealed)));
}
