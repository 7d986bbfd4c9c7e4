import type { IceServer } from "../protocol.ts";

/** STUN and TURN servers, and how long their credentials last. */
export interface IceConfig {
  /** For `RTCConfiguration.iceServers`. */
  readonly iceServers: readonly IceServer[];
  /** When the credentials expire, in milliseconds since the epoch; `null` if they do not. */
  readonly expiresAt: number | null;
}

/** What a provider is asked for. */
export interface TurnRequest {
  /** Whom the credentials are for: letters and digits that mean nothing but to the log, where a session has that number. */
  readonly peer: string;
  /** Ends the request; then it rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Where the server gets STUN and TURN servers from. It asks once for each
 * session and again before the credentials expire; a provider keeps nothing.
 */
export interface TurnProvider {
  /** Short name for logs and metrics. */
  readonly name: string;
  /** One line that tells an operator what peers get. */
  readonly description: string;
  /**
   * Asks for servers whose credentials last for a while.
   *
   * @throws {TurnError} What went wrong, with nothing secret in its message.
   */
  credentials(request: TurnRequest): Promise<IceConfig>;
  /**
   * Makes credentials worthless that it gave before, as their peer has left.
   * Without it, they are good until they expire.
   *
   * @throws {TurnError} What went wrong, with nothing secret in its message.
   */
  revoke?(config: IceConfig, options: { signal: AbortSignal }): Promise<void>;
  /**
   * Finds out whether its servers answer, if it would give credentials even when
   * they do not. Asked where another provider is there instead, and no more
   * often than every thirty seconds while they do.
   *
   * @throws {TurnError} They do not answer.
   */
  probe?(options: { signal: AbortSignal }): Promise<void>;
}

/** STUN servers alone: they take no credential, so there is nothing to ask for and nothing to guard. */
export interface StunProvider {
  /** Short name for logs and metrics. */
  readonly name: string;
  /** One line that tells an operator what peers get. */
  readonly description: string;
  /** For `RTCConfiguration.iceServers`. */
  readonly stunServers: readonly IceServer[];
}

/** Where the server gets ICE servers from. */
export type IceProvider = TurnProvider | StunProvider;

/** Whether a provider has TURN. */
export function isTurnProvider(
  provider: IceProvider,
): provider is TurnProvider {
  return !("stunServers" in provider);
}

/** A TURN provider gave no usable credentials. Its message is fit for a log: no secret, nothing the vendor said. */
export class TurnError extends Error {
  /** Name of the class. */
  override name = "TurnError";
}
