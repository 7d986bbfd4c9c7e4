/**
 * Makes `vectors.json`: what `client/trust/` must say byte by byte, computed by
 * Node's cryptography from what its modules document, with none of their code.
 *
 *     deno run -A test/client/trust/make_vectors.ts
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  pbkdf2Sync,
  sign,
} from "node:crypto";

/** What is given; bytes are in hexadecimal. */
export interface VectorInput {
  readonly party: string;
  readonly room: string;
  readonly roomKey: string;
  readonly password: string;
  /** An Ed25519 key, as PKCS #8. */
  readonly privateKey: string;
  /** Session of the sender, and of the receiver. */
  readonly sessions: readonly [string, string];
  readonly fingerprints: readonly [string, string];
  readonly receiver: string;
  readonly iv: string;
  readonly presence: string;
  readonly signal: string;
  readonly generation: number;
  readonly counter: number;
}

/** A frame, and what it is made of. */
export interface FrameVector {
  readonly protection: "key" | "identity" | "key and identity";
  readonly kind: "presence" | "hello" | "signal";
  /** Bytes before what is sealed. */
  readonly head: string;
  /** What is authenticated. */
  readonly context: string;
  /** As it is on the wire. */
  readonly text: string;
}

/** What must come of it. */
export interface VectorOutput {
  readonly publicKey: string;
  readonly id: string;
  /** Of the room key, and of the password. */
  readonly keyIds: readonly [string, string];
  /** What AES-GCM makes of nothing with the key for signals from one session to the other. */
  readonly tags: readonly [string, string];
  readonly frames: readonly FrameVector[];
}

/** Both. */
export interface Vectors {
  readonly input: VectorInput;
  readonly output: VectorOutput;
}

const INPUT: VectorInput = {
  party: "main",
  room: "Küche ✓",
  roomKey: counted(32).toString("hex"),
  // The umlaut is two characters, which count as one.
  password: "Ka\u0308se, Brot",
  // RFC 8410 §7, with the secret key of RFC 8032 §7.1, test 1.
  privateKey: "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2c" +
    "c44449c5697b326919703bac031cae7f60",
  sessions: [
    Buffer.alloc(16, 0xa1).toString("hex"),
    Buffer.alloc(16, 0xb2).toString("hex"),
  ],
  fingerprints: ["sha-256 AA:AA:AA", "sha-256 BB:BB:BB"],
  receiver: "bob",
  iv: counted(12).toString("hex"),
  presence: '{"name":"Ada 😀"}',
  signal: '{"to":1,"from":2,"generation":7,"dial":true}',
  generation: 7,
  counter: 1,
};

/** Computes all of it. */
export function makeVectors(input: VectorInput = INPUT): Vectors {
  const place = Buffer.concat([prefixed(input.party), prefixed(input.room)]);
  const roomKey = Buffer.from(input.roomKey, "hex");
  const stretched = pbkdf2Sync(
    input.password.normalize("NFC"),
    Buffer.concat([Buffer.from("webrtc password v1"), place]),
    600_000,
    32,
    "sha256",
  );
  const [sender, receiver] = input.sessions.map((each) =>
    Buffer.from(each, "hex")
  ) as [Buffer, Buffer];
  const iv = Buffer.from(input.iv, "hex");
  const keyId = (root: Buffer) => derive(root, [prefixed("key id"), place], 8);
  const frameKey = (root: Buffer, kind: number, to: Buffer) =>
    derive(root, [
      prefixed("frame"),
      Buffer.of(kind),
      sender,
      to,
      place,
    ], 32);
  const tag = (root: Buffer) =>
    seal(frameKey(root, 3, receiver), iv, Buffer.alloc(0), Buffer.alloc(0));

  const pkcs8 = Buffer.from(input.privateKey, "hex");
  const privateKey = createPrivateKey({
    key: pkcs8,
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(privateKey).export({
    format: "der",
    type: "spki",
  });
  const publicKey = spki.subarray(-32);
  const id = createHash("sha256").update("webrtc identity v1")
    .update(Buffer.of(1)).update(publicKey).digest("base64url");

  const frames: FrameVector[] = [];
  for (const protection of ["key", "identity", "key and identity"] as const) {
    const sealed = protection !== "identity";
    const signed = protection !== "key";
    const card = {
      fingerprint: input.fingerprints[0],
      ...signed
        ? { algorithm: "Ed25519", key: publicKey.toString("base64url") }
        : {},
    };
    for (
      const [at, kind] of (["presence", "hello", "signal"] as const).entries()
    ) {
      const number = at + 1;
      const isSignal = kind === "signal";
      const to = isSignal ? receiver : Buffer.alloc(16);
      const head = Buffer.alloc(59);
      head.set([1, number, (sealed ? 1 : 0) + (signed ? 2 : 0)]);
      if (sealed) head.set(keyId(roomKey), 3);
      head.set(sender, 11);
      head.set(to, 27);
      head.writeBigUInt64BE(BigInt(isSignal ? input.generation : 0), 43);
      head.writeBigUInt64BE(BigInt(isSignal ? input.counter : 1), 51);
      const context = Buffer.concat([
        Buffer.from("webrtc frame v1"),
        head,
        prefixed(input.party),
        prefixed(input.room),
        prefixed(signed ? id : "ada"),
        prefixed(kind === "presence" ? "" : input.receiver),
        ...input.fingerprints.map((each) => prefixed(isSignal ? each : "")),
      ]);
      const said = Buffer.from(
        isSignal ? input.signal : JSON.stringify(
          kind === "presence"
            ? { ...card, presence: input.presence }
            : { ...card, ask: true },
        ),
      );
      const signature = signed
        ? sign(null, Buffer.concat([context, said]), privateKey)
        : Buffer.alloc(0);
      const content = Buffer.concat([signature, said]);
      const body = sealed
        ? Buffer.concat([
          iv,
          seal(frameKey(roomKey, number, to), iv, context, content),
        ])
        : content;
      frames.push({
        protection,
        kind,
        head: head.toString("hex"),
        context: context.toString("hex"),
        text: (sealed ? "sealed." : "signed.") +
          Buffer.concat([head, body]).toString("base64url"),
      });
    }
  }
  const hex = (bytes: Buffer) => bytes.toString("hex");
  return {
    input,
    output: {
      publicKey: hex(publicKey),
      id,
      keyIds: [hex(keyId(roomKey)), hex(keyId(stretched))],
      tags: [hex(tag(roomKey)), hex(tag(stretched))],
      frames,
    },
  };
}

/** 0, 1, 2 and so on. */
function counted(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => index));
}

/** UTF-8 after its length in four bytes. */
function prefixed(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

function derive(
  root: Buffer,
  info: readonly Buffer[],
  length: number,
): Buffer {
  const salt = "webrtc room key v1";
  return Buffer.from(
    hkdfSync("sha256", root, salt, Buffer.concat([...info]), length),
  );
}

/** The ciphertext, and the tag. */
function seal(key: Buffer, iv: Buffer, aad: Buffer, content: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(aad);
  return Buffer.concat([
    cipher.update(content),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

if (import.meta.main) {
  const text = JSON.stringify(makeVectors(), null, 2);
  await Deno.writeTextFile(
    new URL("vectors.json", import.meta.url),
    `${text}\n`,
  );
}
