import { AssertionError } from "./assertion_error.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that a string has another one in it.
 *
 * @param actual The string
 * @param expected What it should contain
 * @param msg Added to the message of the error
 * @throws {AssertionError} If it does not
 */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    suffixed(`Expected actual: "${actual}" to contain: "${expected}"`, msg),
  );
}
