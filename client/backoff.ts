/** Longest wait before the first retry, in milliseconds; it doubles with each. */
const FIRST_MS = 300;
/** Longest wait of all. */
const CAP_MS = 5_000;
/** Shortest wait when there is no hurry. */
const IDLE_MS = 30_000;
/** After so many attempts there is none where nobody looks. */
export const HIDDEN_PATIENCE = 8;
/** The same where there is no network: Chromium delays a socket the more, the more of them have failed. */
export const OFFLINE_PATIENCE = 3;

/**
 * How long to wait before connecting again: nothing before the first attempt,
 * then anything up to a bound that doubles ("full jitter"), so that the clients
 * of a server that restarts do not come back all at once.
 *
 * @param attempt 0 for the first attempt, 1 for the first retry, …
 * @param random From 0 to 1.
 * @param patience After how many attempts the next ones are rare: the peers of a
 * hidden page are not to notice, and a server on this machine needs no network.
 */
export function backoffMs(
  attempt: number,
  random: number,
  patience = Infinity,
): number {
  if (attempt === 0) return 0;
  if (attempt > patience) return (1 + random) * IDLE_MS;
  return random * Math.min(CAP_MS, FIRST_MS * 2 ** (attempt - 1));
}
