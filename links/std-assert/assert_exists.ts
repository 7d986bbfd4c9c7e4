import { AssertionError } from "./assertion_error.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that a value is neither `null` nor `undefined`.
 *
 * @typeParam T The type of the value
 * @param actual The value
 * @param msg Added to the message of the error
 * @throws {AssertionError} If it is one of them
 */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(
    suffixed(
      `Expected actual: "${actual}" to not be null or undefined`,
      msg,
    ),
  );
}
