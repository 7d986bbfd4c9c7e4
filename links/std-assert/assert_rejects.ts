import { AssertionError } from "./assertion_error.ts";
import { checkError, type ErrorClass, readExpectation } from "./check_error.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that a function returns a promise that rejects, and resolves with the reason.
 *
 * @param fn The function
 * @param msg Added to the message of the error
 * @returns The reason
 * @throws {AssertionError} If the promise resolves, if there is none, or if `fn` itself throws
 */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/**
 * Asserts that a function returns a promise that rejects with an error of a class, and resolves with the error.
 *
 * @example Usage
 * ```ts
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => fetch("no url"), TypeError);
 * ```
 *
 * @typeParam E The class of the error
 * @param fn The function
 * @param ErrorClass The class
 * @param msgIncludes A part of the message of the error
 * @param msg Added to the message of the failure
 * @returns The error
 * @throws {AssertionError} If the promise resolves or rejects with anything else, if there is none, or if `fn` throws
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: abstract new (...args: never[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  first?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const expectation = readExpectation(first, msgIncludes, msg);
  const promise = start(fn);
  if (promise === undefined) {
    throw new AssertionError(
      suffixed("Function throws when expected to reject", expectation.msg),
    );
  }
  try {
    await promise;
  } catch (error) {
    checkError(error, "rejected", expectation);
    return error;
  }
  throw new AssertionError(
    suffixed("Expected function to reject", expectation.msg),
  );
}

/** The promise of a function, or nothing when the function throws or returns something else. */
function start(
  fn: () => PromiseLike<unknown>,
): PromiseLike<unknown> | undefined {
  try {
    const result = fn();
    return typeof result?.then === "function" ? result : undefined;
  } catch {
    return undefined;
  }
}
