import { AssertionError } from "./assertion_error.ts";
import { suffixed } from "./suffixed.ts";

/**
 * Asserts that a value is an instance of a class.
 *
 * @typeParam T The class
 * @param actual The value
 * @param expectedType The class
 * @param msg Added to the message of the error
 * @throws {AssertionError} If it is not; the message names what it is instead
 */
export function assertInstanceOf<
  T extends abstract new (...args: never[]) => unknown,
>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  const expectedName = expectedType.name;
  const actualName = typeName(actual);
  let but = ` but was "${actualName}"`;
  if (actualName === expectedName) but = "";
  else if (actualName === "function") but = " but was not an instanced object";
  throw new AssertionError(
    suffixed(
      `Expected object to be an instance of "${expectedName}"${but}`,
      msg,
    ),
  );
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "Object";
}
