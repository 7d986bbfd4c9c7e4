import { AssertionError } from "./assertion_error.ts";
import { checkError, type ErrorClass, readExpectation } from "./check_error.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that a function throws, and returns what it threw.
 *
 * @param fn The function
 * @param msg Added to the message of the error
 * @returns What `fn` threw
 * @throws {AssertionError} If it returns
 */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that a function throws an error of a class, and returns the error.
 *
 * @example Usage
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => new URL("no url"), TypeError, "Invalid URL");
 * ```
 *
 * @typeParam E The class of the error
 * @param fn The function
 * @param ErrorClass The class
 * @param msgIncludes A part of the message of the error
 * @param msg Added to the message of the failure
 * @returns The error that `fn` threw
 * @throws {AssertionError} If `fn` returns or throws anything else
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: abstract new (...args: never[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  first?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const expectation = readExpectation(first, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    checkError(error, "thrown", expectation);
    return error;
  }
  throw new AssertionError(
    suffixed("Expected function to throw", expectation.msg),
  );
}
