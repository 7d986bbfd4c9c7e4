import type { Library } from "../../rivals/library.ts";
import type { Outcome } from "./outcome.ts";

/** Something that happens to all libraries at the same moment, and what is measured of it. */
export interface Fault {
  /** Name by which it is chosen. */
  readonly name: string;
  /** Whether `--quick` has it. @default {false} */
  readonly quick?: boolean;
  /** Whether once is enough, as it takes long. @default {false} */
  readonly once?: boolean;
  /** Lets it happen. */
  run(libraries: readonly Library[]): Promise<readonly Row[]>;
}

/** A row of the table, of one run. */
export interface Row {
  /** What happened. */
  readonly title: string;
  /** Which of the figures says most: the time to the first message, or the longest one without. */
  readonly shows: "seconds" | "silence";
  /** What became of each library. */
  readonly outcomes: ReadonlyMap<Library, Outcome>;
}
