import { AssertionError } from "./assertion_error.ts";
import { format } from "./format.ts";

/**
 * Asserts `actual >= expected`.
 *
 * @typeParam T The type of both values
 * @param actual The value at hand
 * @param expected The least it may be
 * @param msg Replaces the message of the error
 * @throws {AssertionError} If it is less, or if the two cannot be ordered
 */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (actual >= expected) return;
  throw new AssertionError(
    msg ?? `Expect ${format(actual)} >= ${format(expected)}`,
  );
}
