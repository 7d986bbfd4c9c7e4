/** Life of a credential where nothing else is said, in seconds. */
export const TTL_SECONDS = 3600;

/**
 * Refuses a life that `vendor` does not give.
 *
 * @throws {RangeError} If it is not a whole number of seconds from 1 to `max`.
 */
export function checkTtl(
  ttlSeconds: number,
  { vendor, max }: { vendor: string; max: number },
): void {
  if (Number.isInteger(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= max) {
    return;
  }
  throw new RangeError(
    `Cannot use ${vendor}: "ttlSeconds" must be a whole number from 1 to ${max}, got ${ttlSeconds}`,
  );
}
