import { AssertionError } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { format } from "./format.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that two values differ in structure.
 *
 * @typeParam T The type of both values
 * @param actual The value at hand
 * @param expected The value it should not be
 * @param msg Added to the message of the error
 * @throws {AssertionError} If they are equal, as `assertEquals` sees it
 */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    suffixed(
      `Expected actual: ${format(actual)} not to be: ${format(expected)}`,
      msg,
    ),
  );
}
