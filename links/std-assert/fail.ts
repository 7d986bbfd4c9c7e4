import { AssertionError } from "./assertion_error.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Fails: for a line that must not be reached.
 *
 * @param msg Why it must not
 * @throws {AssertionError} Always
 */
export function fail(msg?: string): never {
  throw new AssertionError(suffixed("Failed assertion", msg));
}
