import { AssertionError } from "./assertion_error.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that a string matches a pattern.
 *
 * @param actual The string
 * @param expected The pattern
 * @param msg Added to the message of the error
 * @throws {AssertionError} If it does not match
 */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) return;
  throw new AssertionError(
    suffixed(`Expected actual: "${actual}" to match: "${expected}"`, msg),
  );
}
