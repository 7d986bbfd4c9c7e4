import { isFields, readJson } from "../../protocol.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import type { PeerIdentity } from "./identity.ts";

/** What a session says of itself. */
export interface Card {
  /** Fingerprint of its one DTLS certificate, as in SDP. */
  readonly fingerprint: string;
  /** Public key of its identity, if it has one. */
  readonly identity?: Pick<PeerIdentity, "algorithm" | "publicKey">;
}

/** A card, and what is said with it. */
export interface Introduction {
  readonly card: Card;
  /** What is published; `undefined` in a hello. */
  readonly presence?: string | null;
  /** Whether a hello asks for one in return. */
  readonly ask: boolean;
}

const ALGORITHMS: readonly unknown[] = ["Ed25519", "ECDSA"];

/** Writes an introduction as text. */
export function writeIntroduction(
  { card: { fingerprint, identity }, presence, ask }: Introduction,
): string {
  return JSON.stringify({
    fingerprint,
    algorithm: identity?.algorithm,
    key: identity && toBase64url(identity.publicKey),
    presence,
    ask: ask || undefined,
  });
}

/** Reads what {@linkcode writeIntroduction} has written; `undefined` for anything else. Never throws. */
export function readIntroduction(text: string): Introduction | undefined {
  const value = readJson(text);
  if (!isFields(value)) return;
  const { fingerprint, algorithm, key, presence, ask } = value;
  if (typeof fingerprint !== "string") return;
  const publicKey = typeof key === "string" ? fromBase64url(key) : undefined;
  const said = presence === null || typeof presence === "string";
  return {
    card: {
      fingerprint,
      ...(publicKey && ALGORITHMS.includes(algorithm)
        ? {
          identity: {
            algorithm: algorithm as PeerIdentity["algorithm"],
            publicKey,
          },
        }
        : {}),
    },
    ...(said ? { presence } : {}),
    ask: ask === true,
  };
}
