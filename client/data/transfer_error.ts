/**
 * Why a file did not arrive whole.
 *
 * - `rejected`: the receiving app does not want it
 * - `cancelled`: the other side has stopped it
 * - `no-listener`: the other side does not listen to `file`
 * - `busy`: the other side takes no more files at the same time
 * - `too-large`: it is larger than the receiving app takes
 * - `corrupt`: what arrived is not what was sent
 * - `source-failed`: what was sent could not be read to its end
 * - `peer-left`: the pair ended before
 * - `unsupported`: there is no WebCrypto, as in a page that is no secure context
 */
export type TransferErrorCode =
  | "rejected"
  | "cancelled"
  | "no-listener"
  | "busy"
  | "too-large"
  | "corrupt"
  | "source-failed"
  | "peer-left"
  | "unsupported";

const CODES: readonly string[] = [
  "rejected",
  "cancelled",
  "no-listener",
  "busy",
  "too-large",
  "corrupt",
  "source-failed",
  "unsupported",
];

/** A file did not arrive whole: what `sendFile` rejects with, and reading a {@linkcode ReceivedFile}. */
export class TransferError extends Error {
  /** Always `"TransferError"`. */
  override readonly name = "TransferError";
  /** Why, for a program. */
  readonly code: TransferErrorCode;
  /** Id of the other side. */
  readonly peer: string;

  /** `message` is for a person; where an app has rejected, it is what that app says. */
  constructor(
    code: TransferErrorCode,
    options: ErrorOptions & { peer: string; message?: string },
  ) {
    super(options.message || `The transfer ended: ${code}`, options);
    this.code = code;
    this.peer = options.peer;
  }
}

/** What a peer gives as a code; `rejected` for what no honest one says. */
export function readTransferErrorCode(code: string): TransferErrorCode {
  return CODES.includes(code) ? code as TransferErrorCode : "rejected";
}
