import { stripVTControlCharacters } from "node:util";
import { AssertionError } from "./assertion_error.ts";
import { suffixed } from "./suffixed.ts";

/** A class of errors, whatever its constructor takes. */
export type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** What `assertThrows` and `assertRejects` expect of the error that comes. */
export interface Expectation<E extends Error> {
  /** Its class; without one, anything may be thrown. */
  readonly errorClass: ErrorClass<E> | undefined;
  /** A part of its message. */
  readonly msgIncludes: string | undefined;
  /** Added to the message of the failure. */
  readonly msg: string | undefined;
}

/**
 * Reads the arguments that follow the function: a class first, or a message alone.
 */
export function readExpectation<E extends Error>(
  first: ErrorClass<E> | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): Expectation<E> {
  return typeof first === "string"
    ? { errorClass: undefined, msgIncludes: undefined, msg: first }
    : { errorClass: first, msgIncludes, msg };
}

/**
 * Holds an error against an expectation.
 *
 * @param error What came
 * @param verb How it came: "thrown" or "rejected"
 * @param expectation What should have come
 * @throws {AssertionError} If it is something else
 */
export function checkError<E extends Error>(
  error: unknown,
  verb: "thrown" | "rejected",
  { errorClass, msgIncludes, msg }: Expectation<E>,
): void {
  if (errorClass === undefined) return;
  if (!(error instanceof Error)) {
    throw new AssertionError(suffixed(`A non-Error object was ${verb}`, msg));
  }
  if (!(error instanceof errorClass)) {
    throw new AssertionError(
      suffixed(
        `Expected error to be instance of "${errorClass.name}", but was "${error.constructor?.name}"`,
        msg,
      ),
    );
  }
  if (msgIncludes && !plain(error.message).includes(plain(msgIncludes))) {
    throw new AssertionError(
      suffixed(
        `Expected error message to include ${
          JSON.stringify(msgIncludes)
        }, but got ${JSON.stringify(error.message)}`,
        msg,
      ),
    );
  }
}

/** Colours are no part of a message. */
function plain(text: string): string {
  return stripVTControlCharacters(text);
}
