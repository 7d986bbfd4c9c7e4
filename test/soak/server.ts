/**
 * The server program under test, as `server/main.ts` runs it, which also tells
 * about itself: for each line on standard input, `report` or `collect` (after a
 * garbage collection), it prints a line with a {@linkcode Report}.
 *
 * @module
 */
import { pendingTimers } from "./counted_timers.ts";
import { runProgram } from "../../server/mod.ts";
import { lines } from "../bench/lines.ts";

/** What the process says of itself. */
export interface Report {
  /** Timers that are under way. */
  readonly timers: number;
  /** What V8 has allocated, in bytes, garbage included. */
  readonly heapUsed: number;
}

declare global {
  /** With `--v8-flags=--expose-gc`. */
  var gc: () => void;
}

void runProgram();
for await (const order of lines(Deno.stdin.readable)) {
  if (order === "collect") globalThis.gc();
  const { heapUsed } = Deno.memoryUsage();
  const report: Report = { timers: pendingTimers(), heapUsed };
  console.log(JSON.stringify({ report }));
}
// Nobody listens any more.
Deno.exit(1);
