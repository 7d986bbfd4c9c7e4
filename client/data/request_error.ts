/**
 * Why a request failed. Those of the library:
 *
 * - `timeout`: no answer in time
 * - `no-handler`: the peer answers no requests
 * - `busy`: it answers as many as it does at a time
 * - `too-large`: its answer is larger than this side takes
 * - `handler-failed`: its handler threw, and does not say what
 * - `peer-left`: the pair ended before the answer came
 *
 * All others are the app's own: what its handler threw.
 */
export type RequestErrorCode =
  | "timeout"
  | "no-handler"
  | "busy"
  | "too-large"
  | "handler-failed"
  | "peer-left"
  // Keeps the literals visible to an editor.
  | (string & Record<never, never>);

/** A request failed. Thrown by a handler, it reaches the peer that asks, with code and message. */
export class RequestError extends Error {
  /** Always `"RequestError"`. */
  override readonly name = "RequestError";
  /** Why, for a program. */
  readonly code: RequestErrorCode;
  /** Id of the peer that was asked; `undefined` where it is thrown. */
  readonly peer: string | undefined;

  /** `message` is for a person. */
  constructor(
    code: RequestErrorCode,
    message: string = code,
    options: ErrorOptions & { peer?: string } = {},
  ) {
    super(message, options);
    this.code = code;
    this.peer = options.peer;
  }
}
