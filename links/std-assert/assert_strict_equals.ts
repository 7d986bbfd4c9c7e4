import { AssertionError } from "./assertion_error.ts";
import { diff } from "./diff.ts";
import { format } from "./format.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that two values are the same one, by `Object.is`, and narrows the first to the type of the second.
 *
 * @typeParam T The type of the expected value
 * @param actual The value at hand
 * @param expected The value it should be
 * @param msg Added to the message of the error
 * @throws {AssertionError} If they are not, even if they look alike
 */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const rendered = format(actual);
  throw new AssertionError(
    rendered === format(expected)
      ? `${
        suffixed(
          "Values have the same structure but are not reference-equal",
          msg,
        )
      }\n\n${rendered}\n`
      : `${suffixed("Values are not strictly equal", msg)}\n\n${
        diff(actual, expected)
      }\n`,
  );
}
