import { parsePairSignal } from "../../client/pair_signal.ts";

/** A signal that one victim has sent to another. */
export interface Said {
  /** Id of the sender. */
  readonly from: string;
  /** Id of the receiver. */
  readonly to: string;
  /** What it was sent as. */
  readonly data: string;
}

/** Who shall seem to have said something. */
export interface SaidBy {
  /** Id in whose name it is said. */
  readonly from: string;
  /** Id of who shall believe it. */
  readonly to: string;
  /** Generation of the pair. */
  readonly generation: number;
  /** What that one has really said to the same page last, if anything. */
  readonly like: string | undefined;
}

/** How an attacker reads what pages say through the server, and says something else in their name. */
export interface Disguise {
  /** The text of a signal; `undefined` if it cannot be read. */
  read(said: Said): string | undefined | Promise<string | undefined>;
  /** A signal with this text; `undefined` if there is no way to say it. */
  write(
    text: string,
    by: SaidBy,
  ): string | undefined | Promise<string | undefined>;
  /** Takes the true presence of `from` that is kept back from `to`, and gives another. Where there is none presences pass. */
  present?(
    from: string,
    to: string,
    presence: string | null,
  ): Promise<string | null>;
  /** Whether it offers connections though nobody has asked for one: who does not believe it says nothing. */
  readonly pushes?: boolean;
}

/** Makes the disguise of somebody whose certificate has that fingerprint. */
export type MakeDisguise = (fingerprint: string) => Disguise;

/** Speaks as pages of rooms without protection do. */
export function inClear(): Disguise {
  return {
    read: ({ data }) => parsePairSignal(data) ? data : undefined,
    write: (text) => text,
  };
}
