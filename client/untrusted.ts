import type { PairReason } from "./pair_reason.ts";

/**
 * Why something that was said in the name of a peer was refused.
 *
 * - `key-mismatch`: it has another room key than we, or one of us has none
 * - `identity-missing`: one of us proves who it is, and the other does not
 * - `identity-mismatch`: its public key is not the one that its id is the hash of
 * - `not-admitted`: `onTrust` or `trust` said no
 * - `forged`: it was altered, cut, or said by or to somebody else
 * - `replayed`: it, or something later, had come before
 * - `reflected`: we had said it ourselves
 * - `stale`: it is of, or for, a page that is gone, as when a peer has just been loaded again
 * - `missing`: signals that it said before have not come, and will not, as a server that was restarted may lose some; what came is taken
 * - `fingerprint-mismatch`: a description names another DTLS certificate than the peer has told us of
 */
export type UntrustedCode =
  | "key-mismatch"
  | "identity-missing"
  | "identity-mismatch"
  | "not-admitted"
  | "forged"
  | "replayed"
  | "reflected"
  | "stale"
  | "missing"
  | "fingerprint-mismatch";

/** How a room is protected that a signal or a presence was said in; `undefined` if it is not. */
export function protectionOf(
  text: string | null | undefined,
): "key-mismatch" | "identity-missing" | undefined {
  if (text?.startsWith("sealed.")) return "key-mismatch";
  if (text?.startsWith("signed.")) return "identity-missing";
}

/** Whether there can be no pair, unless a peer or the app changes its mind. */
export function isFinal(
  reason: PairReason | undefined,
): reason is PairReason {
  return reason !== undefined && reason !== "the peer is not trusted yet";
}

/** Why there is no pair with a peer of which this was found. */
export function reasonOf(code: UntrustedCode): PairReason {
  switch (code) {
    case "key-mismatch":
      return "the peer has another room key";
    case "identity-missing":
      return "only one side proves who it is";
    case "identity-mismatch":
      return "the peer is not who its id says";
    case "not-admitted":
      return "the peer was not admitted";
    default:
      return "the peer is not trusted yet";
  }
}
