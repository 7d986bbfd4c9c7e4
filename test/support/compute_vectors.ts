import { Guard } from "../../client/trust/guard.ts";
import { PeerSessions } from "../../client/trust/peer_sessions.ts";
import { type Identity, identityId } from "../../client/trust/identity.ts";
import { RoomSecret } from "../../client/trust/room_secret.ts";
import {
  FRAME,
  frameContext,
  readFrame,
} from "../../client/trust/sealed_frame.ts";
import type {
  FrameVector,
  VectorInput,
  VectorOutput,
  Vectors,
} from "../client/trust/make_vectors.ts";

/** Computes what the vectors hold, by our own code: here, or in a page. */
export async function computeVectors(
  { input, output }: Vectors,
): Promise<VectorOutput> {
  const { subtle } = crypto;
  const { party, room } = input;
  const [sender, receiver] = input.sessions.map(fromHex) as [Bytes, Bytes];
  const publicKey = fromHex(output.publicKey);
  const algorithm = "Ed25519";
  const identity: Identity = {
    id: await identityId(subtle, { algorithm, publicKey }),
    algorithm,
    publicKey,
    privateKey: await subtle.importKey(
      "pkcs8",
      fromHex(input.privateKey),
      algorithm,
      false,
      ["sign"],
    ),
  };
  const make = (secret: Uint8Array | string) =>
    RoomSecret.make({ subtle, secret, party, room });
  const secrets = [
    await make(fromHex(input.roomKey)),
    await make(input.password),
  ] as const;
  const tag = async (secret: RoomSecret) => {
    const key = await secret.key(FRAME.signal, sender, receiver);
    const algorithm = { name: "AES-GCM", iv: fromHex(input.iv) };
    const sealed = await subtle.encrypt(algorithm, key, new Uint8Array());
    return toHex(new Uint8Array(sealed));
  };

  const frames: FrameVector[] = [];
  for (const protection of ["key", "identity", "key and identity"] as const) {
    const signed = protection !== "key";
    const guard = guardOf(input, {
      id: signed ? identity.id : "ada",
      side: 0,
      secret: protection === "identity" ? undefined : secrets[0],
      identity: signed ? identity : undefined,
    });
    const to = new PeerSessions().begin(input.receiver, receiver, {
      fingerprint: input.fingerprints[1],
    });
    const { generation, counter, signal } = input;
    const texts = {
      presence: await guard.sealPresence(input.presence),
      hello: await guard.sealHello(input.receiver, undefined, true),
      signal: await guard.sealSignal(to, counter, generation, signal),
    };
    for (const kind of ["presence", "hello", "signal"] as const) {
      const text = texts[kind];
      const head = readFrame(text)?.head ?? new Uint8Array();
      const context = frameContext(head, {
        party,
        room,
        from: signed ? identity.id : "ada",
        to: kind === "presence" ? "" : input.receiver,
        fingerprints: kind === "signal" ? input.fingerprints : ["", ""],
      });
      frames.push({
        protection,
        kind,
        head: toHex(head),
        context: toHex(context),
        text,
      });
    }
  }
  return {
    publicKey: toHex(identity.publicKey),
    id: identity.id,
    keyIds: [toHex(secrets[0].keyId), toHex(secrets[1].keyId)],
    tags: [await tag(secrets[0]), await tag(secrets[1])],
    frames,
  };
}

/** What somebody finds in the frames of the vectors, one after the other. */
export async function openVectors(
  { input, output }: Vectors,
): Promise<unknown[]> {
  const { subtle } = crypto;
  const { party, room, roomKey, receiver } = input;
  const secret = await RoomSecret.make({
    subtle,
    secret: fromHex(roomKey),
    party,
    room,
  });
  // Who it is does not matter here: it says nothing.
  const publicKey = new Uint8Array(32);
  const { privateKey } = await subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign"],
  );
  const identity = {
    id: receiver,
    algorithm: "ECDSA",
    publicKey,
    privateKey,
  } as const;
  const found: unknown[] = [];
  for (const protection of ["key", "identity", "key and identity"] as const) {
    const guard = guardOf(input, {
      id: receiver,
      side: 1,
      secret: protection === "identity" ? undefined : secret,
      identity: protection === "key" ? undefined : identity,
    });
    for (const frame of output.frames) {
      if (frame.protection !== protection) continue;
      const from = protection === "key" ? "ada" : output.id;
      const published = frame.kind === "presence";
      const opened = await guard.open(from, frame.text, published);
      if (!("session" in opened)) {
        found.push(opened);
        continue;
      }
      const { session, ask, signal = null } = opened;
      found.push([session.presence, ask, signal, session.identity?.id ?? null]);
    }
  }
  return found;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** A guard whose random numbers are those of the vectors. */
function guardOf(
  { party, room, sessions, fingerprints, iv }: VectorInput,
  { id, side, secret, identity }: {
    id: string;
    side: 0 | 1;
    secret: RoomSecret | undefined;
    identity: Identity | undefined;
  },
): Guard {
  const getRandomValues = (bytes: Bytes) => {
    bytes.set(fromHex(bytes.length === 16 ? sessions[side] : iv));
    return bytes;
  };
  return new Guard({
    crypto: { subtle: crypto.subtle, getRandomValues } as Crypto,
    party,
    room,
    id,
    fingerprint: fingerprints[side],
    secret,
    identity,
  });
}

function fromHex(text: string): Bytes {
  return Uint8Array.from(
    text.match(/../g) ?? [],
    (byte) => parseInt(byte, 16),
  );
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
