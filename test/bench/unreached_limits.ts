import { LIMITS, type Limits } from "../../protocol.ts";

/** Limits that no load reaches: every check of a limit is made and costs what it costs. */
export function unreachedLimits(): Partial<Limits> {
  return Object.fromEntries(
    Object.entries(LIMITS).map(([name, limit]) => [name, limit * 1000]),
  );
}
