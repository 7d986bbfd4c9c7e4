import type { Row } from "./fault.ts";
import type { Library } from "../../rivals/library.ts";
import { NOTHING, type Outcome } from "./outcome.ts";
import {
  join,
  judgeAll,
  notesOf,
  type PairOfPages,
  untilTalking,
} from "./pair_of_pages.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";

/** Of the first library's server; the others have the ones that follow. */
const FIRST_PORT = 8001;

/** How long a pair talks before anything happens to it. */
const PEACE_MS = 2_000;

/** A fault, and where it happens. */
export interface Strike extends StageOptions {
  readonly title: string;
  /** @default {"seconds"} */
  readonly shows?: Row["shows"];
  /** Makes it happen to pairs that talk, and resolves at its end. */
  happen(stage: Stage, pairs: readonly PairOfPages[]): Promise<void>;
  /** Measures something more afterwards. */
  after?(stage: Stage, pairs: readonly PairOfPages[]): Promise<readonly Row[]>;
}

/** Connects a pair of each library, all in the same two browsers, and lets the same thing happen to all of them. */
export async function strike(
  libraries: readonly Library[],
  { title, shows = "seconds", happen, after, ...options }: Strike,
): Promise<readonly Row[]> {
  await using stage = await openStage(options);
  await using stack = new AsyncDisposableStack();
  const outcomes = new Map<Library, Outcome>();
  const pairs: PairOfPages[] = [];
  for (const [index, library] of libraries.entries()) {
    const pair = stack.use(await stage.pair(library, FIRST_PORT + index));
    if (await join(pair) !== null) pairs.push(pair);
    else {
      const notes = await notesOf(pair);
      outcomes.set(library, { ...NOTHING, connected: false, notes });
    }
  }
  const peaceAt = Date.now() + PEACE_MS;
  await Promise.all(pairs.map((pair) => untilTalking(pair, peaceAt)));

  const beganAt = Date.now();
  await happen(stage, pairs);
  const judged = await judgeAll(pairs, beganAt, Date.now());
  for (const [library, outcome] of judged) outcomes.set(library, outcome);
  return [
    { title, shows, outcomes },
    ...await after?.(stage, pairs) ?? [],
  ];
}
