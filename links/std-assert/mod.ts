/**
 * Stand-in for the part of `@std/assert` that the tests of this project use.
 *
 * @module
 */
export { assert } from "./assert.ts";
export { assertEquals } from "./assert_equals.ts";
export { assertExists } from "./assert_exists.ts";
export { assertGreaterOrEqual } from "./assert_greater_or_equal.ts";
export { assertInstanceOf } from "./assert_instance_of.ts";
export { AssertionError } from "./assertion_error.ts";
export { assertLessOrEqual } from "./assert_less_or_equal.ts";
export { assertMatch } from "./assert_match.ts";
export { assertNotEquals } from "./assert_not_equals.ts";
export { assertObjectMatch } from "./assert_object_match.ts";
export { assertRejects } from "./assert_rejects.ts";
export { assertStrictEquals } from "./assert_strict_equals.ts";
export { assertStringIncludes } from "./assert_string_includes.ts";
export { assertThrows } from "./assert_throws.ts";
export { fail } from "./fail.ts";
