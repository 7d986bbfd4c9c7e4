/** How often it is looked whether something is due. */
const TICK_MS = 2;

/** How often something is done, and for how long. */
export interface PaceOptions {
  readonly perSecond: number;
  /** @default {for ever} */
  readonly durationMs?: number;
  /** What is later than that is not done any more: a process that stood still must not do it all at once. @default {all is done} */
  readonly forgoAfterMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Does something at a steady pace until the time is over, the signal is aborted,
 * or `act` says that it was the `last`; with `later` it asks to be called again
 * for the same. Resolves with the number of times that were not done.
 */
export async function pace(
  options: PaceOptions,
  act: () => "next" | "later" | "last",
): Promise<number> {
  const { perSecond, durationMs = Infinity, signal } = options;
  const most = Math.max(
    1,
    (options.forgoAfterMs ?? Infinity) / 1000 * perSecond,
  );
  const startedAt = performance.now();
  let done = 0;
  let forgone = 0;
  while (!signal.aborted) {
    const passed = Math.min(performance.now() - startedAt, durationMs);
    const due = Math.floor(passed * perSecond / 1000);
    forgone += Math.max(0, Math.floor(due - done - forgone - most));
    while (done + forgone < due) {
      const said = act();
      if (said === "later") break;
      done++;
      if (said === "last") return forgone;
    }
    if (passed === durationMs) break;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  return forgone;
}
