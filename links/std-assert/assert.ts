import { AssertionError } from "./assertion_error.ts";

/**
 * Asserts that a condition is truthy.
 *
 * @example Usage
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert("peer".startsWith("p"));
 * ```
 *
 * @param expr The condition
 * @param msg The message of the error
 * @throws {AssertionError} If `expr` is falsy
 */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}
