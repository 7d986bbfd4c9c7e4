import type { IceServer } from "../protocol.ts";

/** STUN and TURN servers, and how long their credentials last. */
export interface IceConfig {
  /** For `RTCConfiguration.iceServers`. */
  readonly iceServers: readonly IceServer[];
  /** When the credentials expire, in milliseconds since the epoch; `null` if they do not. */
  readonly expiresAt: number | null;
}

/** Where the server gets STUN and TURN servers from. */
export interface TurnProvider {
  /** Short name for logs. */
  readonly name: string;
  /** One line that tells an operator what peers get. */
  readonly description: string;
  /** Whether it gives out no credentials, so that there is nothing to guard. @default {false} */
  readonly stunOnly?: boolean;
  /**
   * Asks for servers whose credentials last for a while.
   *
   * @throws {TurnError} What went wrong, with nothing secret in its message.
   */
  credentials(options: { signal: AbortSignal }): Promise<IceConfig>;
}

/** A TURN provider gave no usable credentials. Its message is fit for a log: no secret, nothing the vendor said. */
export class TurnError extends Error {
  /** Name of the class. */
  override name = "TurnError";
}
