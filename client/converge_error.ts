import type { PairReason } from "./pair_reason.ts";
import type { PairState } from "./pair_state.ts";

/** A peer of the room that is not connected. */
export interface MissingPeer {
  /** Its id. */
  readonly peer: string;
  /** Where its pair stands. */
  readonly state: PairState;
  /** Why. */
  readonly reason: PairReason;
}

/** Not every peer of the room was connected when the waiting ended. */
export class ConvergeError extends Error {
  /** Name of the class. */
  override name = "ConvergeError";
  /** Who is not connected, and why. */
  readonly missing: readonly MissingPeer[];

  /** Says who is missing; `cause` is what ended the waiting. */
  constructor(missing: readonly MissingPeer[], options: ErrorOptions) {
    const list = missing.map(({ peer, state, reason }) =>
      `${peer} is ${state} (${reason})`
    );
    super(`Cannot converge: ${list.join(", ") || "not in the room"}`, options);
    this.missing = missing;
  }
}
