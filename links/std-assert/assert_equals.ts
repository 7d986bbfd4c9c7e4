import { AssertionError } from "./assertion_error.ts";
import { diff } from "./diff.ts";
import { equal } from "./equal.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that two values have the same structure, as deep as they go.
 *
 * @example Usage
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals({ peers: ["a", "b"] }, { peers: ["a", "b"] });
 * ```
 *
 * @typeParam T The type of both values
 * @param actual The value at hand
 * @param expected The value it should be
 * @param msg Added to the message of the error
 * @throws {AssertionError} If they differ; the message shows how
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    `${suffixed("Values are not equal", msg)}\n\n${diff(actual, expected)}\n`,
  );
}
