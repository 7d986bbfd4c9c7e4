import type { RefusalCode } from "../protocol.ts";

/**
 * Why a room could not be joined.
 *
 * - `unreachable`: nothing answers at the host, or no WebSocket gets through
 * - `not-found`: something answers there, but it is no signaling server (a wrong path)
 * - `refused`: the server does not let this client in; `code` says why
 * - `token-failed`: the function `token` threw; `cause` is its error
 * - `timeout`: no answer of any kind within `timeoutMs`
 * - `aborted`: the `signal` was aborted; `cause` is its reason
 * - `unsupported`: this runtime has no `RTCPeerConnection`, or no WebCrypto for what shall protect the room; or the server speaks another version
 */
export type ConnectErrorReason =
  | "unreachable"
  | "not-found"
  | "refused"
  | "token-failed"
  | "timeout"
  | "aborted"
  | "unsupported";

/** `connect` could not join the room. */
export class ConnectError extends Error {
  /** Name of the class. */
  override readonly name = "ConnectError";
  /** Why, for a program. */
  readonly reason: ConnectErrorReason;
  /** With `refused`: what the server said. A newer server may have codes that are not in the type. */
  readonly code: RefusalCode | undefined;

  /** An error that says `message` to a person and `reason` to a program. */
  constructor(
    reason: ConnectErrorReason,
    message: string,
    options: ErrorOptions & { readonly code?: RefusalCode } = {},
  ) {
    super(`Cannot connect: ${message}`, options);
    this.reason = reason;
    this.code = options.code;
  }
}
