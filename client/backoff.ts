/** Longest wait before the first retry, in milliseconds; it doubles with each. */
const FIRST_MS = 300;
/** Longest wait of all. */
const CAP_MS = 10_000;

/**
 * How long to wait before connecting again: nothing before the first attempt,
 * then anything up to a bound that doubles ("full jitter"), so that the clients
 * of a server that restarts do not come back all at once.
 *
 * @param attempt 0 for the first attempt, 1 for the first retry, …
 * @param random From 0 to 1.
 */
export function backoffMs(attempt: number, random: number): number {
  if (attempt === 0) return 0;
  return random * Math.min(CAP_MS, FIRST_MS * 2 ** (attempt - 1));
}
