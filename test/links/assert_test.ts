import {
  assert,
  assertEquals,
  assertExists,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

/** Runs an assertion that must not hold and returns its error, without the help of any other assertion. */
async function failure(run: () => unknown): Promise<AssertionError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw new Error("The assertion threw something else", { cause: error });
  }
  throw new Error("The assertion held");
}

class Peer {
  constructor(readonly id: string) {}
}

const KEY = Symbol("key");
const shared = { shared: true };

function cycle(id: string): unknown {
  const peer: Record<string, unknown> = { id };
  peer["self"] = peer;
  return peer;
}

const EQUAL: ReadonlyArray<[name: string, a: unknown, b: unknown]> = [
  ["zeros have different signs", 0, -0],
  ["both are NaN", NaN, NaN],
  ["strings are equal", "a", "a"],
  ["bigints are equal", 1n, 1n],
  ["keys come in another order", { a: 1, b: [2] }, { b: [2], a: 1 }],
  ["one object has no prototype", Object.create(null), {}],
  ["arrays are nested", [1, [2, [3]]], [1, [2, [3]]]],
  ["symbol keys agree", { [KEY]: 1 }, { [KEY]: 1 }],
  ["a key is present with undefined in both", { a: undefined }, {
    a: undefined,
  }],
  ["instances of a class agree", new Peer("a"), new Peer("a")],
  [
    "maps were filled in another order",
    new Map([["a", 1], ["b", 2]]),
    new Map([
      ["b", 2],
      ["a", 1],
    ]),
  ],
  [
    "map keys are equal objects",
    new Map([[{ a: 1 }, 1]]),
    new Map([[
      { a: 1 },
      1,
    ]]),
  ],
  [
    "sets were filled in another order",
    new Set([1, 2]),
    new Set([2, 1]),
  ],
  ["set members are equal objects", new Set([{ a: 1 }]), new Set([{ a: 1 }])],
  ["dates are the same moment", new Date(1), new Date(1)],
  ["dates are both invalid", new Date(NaN), new Date(NaN)],
  ["patterns agree", /a/i, /a/i],
  ["URLs agree", new URL("http://a/b"), new URL("http://a/b")],
  ["queries agree", new URLSearchParams("a=1"), new URLSearchParams("a=1")],
  ["bytes agree", Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
  ["floats agree in NaN", Float64Array.of(NaN), Float64Array.of(NaN)],
  ["buffers agree", Uint8Array.of(1).buffer, Uint8Array.of(1).buffer],
  [
    "weak references are to one object",
    new WeakRef(shared),
    new WeakRef(shared),
  ],
  ["cycles agree", cycle("a"), cycle("a")],
  ["the function is one", fail, fail],
];

const DIFFERENT: ReadonlyArray<[name: string, a: unknown, b: unknown]> = [
  ["types differ", 1, "1"],
  ["a number meets a bigint", 1, 1n],
  ["null meets undefined", null, undefined],
  ["null meets an object", null, {}],
  ["an array meets an object", [1], { 0: 1 }],
  ["array lengths differ", [1], [1, 2]],
  ["elements are swapped", [1, 2], [2, 1]],
  ["a key with undefined is missing", { a: undefined }, {}],
  ["keys with undefined differ", { a: undefined }, { b: undefined }],
  ["a nested value differs", { a: { b: 1 } }, { a: { b: 2 } }],
  ["symbol keys differ", { [KEY]: 1 }, { [KEY]: 2 }],
  ["classes differ", new Peer("a"), { id: "a" }],
  ["instances of a class differ", new Peer("a"), new Peer("b")],
  ["boxed strings differ", new String("a"), new String("b")],
  ["map values differ", new Map([["a", 1]]), new Map([["a", 2]])],
  ["map keys differ", new Map([["a", 1]]), new Map([["b", 1]])],
  ["set members differ", new Set([1]), new Set([2])],
  ["set sizes differ", new Set([1]), new Set([1, 2])],
  ["dates differ", new Date(1), new Date(2)],
  ["one date is invalid", new Date(1), new Date(NaN)],
  ["flags differ", /a/i, /a/g],
  ["URLs differ", new URL("http://a/b"), new URL("http://a/c")],
  ["bytes differ", Uint8Array.of(1), Uint8Array.of(2)],
  ["element types differ", Uint8Array.of(1), Uint16Array.of(1)],
  ["buffers differ", Uint8Array.of(1).buffer, Uint8Array.of(2).buffer],
  ["cycles differ", cycle("a"), cycle("b")],
  ["functions look alike", () => 1, () => 1],
];

for (const [name, a, b] of EQUAL) {
  Deno.test(`assertEquals passes when ${name}`, () => assertEquals(a, b));
  Deno.test(`assertNotEquals throws when ${name}`, async () => {
    await failure(() => assertNotEquals(a, b));
  });
}

for (const [name, a, b] of DIFFERENT) {
  Deno.test(`assertEquals throws when ${name}`, async () => {
    await failure(() => assertEquals(a, b));
    await failure(() => assertEquals(b, a));
  });
  Deno.test(`assertNotEquals passes when ${name}`, () => assertNotEquals(a, b));
}

for (
  const [name, a, b] of [
    ["WeakMap", new WeakMap(), new WeakMap()],
    ["WeakSet", new WeakSet(), new WeakSet()],
  ] as const
) {
  Deno.test(`assertEquals throws a TypeError when a ${name} is met`, () => {
    assertEquals<unknown>(a, a);
    assertThrows(() => assertEquals<unknown>(a, b), TypeError, name);
  });
}

const PASSING: ReadonlyArray<[name: string, run: () => unknown]> = [
  ["assert passes when the value is truthy", () => assert("a")],
  [
    "assertStrictEquals passes when the object is one",
    () => assertStrictEquals(shared, shared),
  ],
  [
    "assertStrictEquals passes when both are NaN",
    () => assertStrictEquals(NaN, NaN),
  ],
  ["assertExists passes when the value is falsy", () => assertExists(0)],
  [
    "assertGreaterOrEqual passes when both are equal",
    () => assertGreaterOrEqual(1, 1),
  ],
  [
    "assertGreaterOrEqual passes when the first is more",
    () => assertGreaterOrEqual(2n, 1n),
  ],
  [
    "assertLessOrEqual passes when both are equal",
    () => assertLessOrEqual(1, 1),
  ],
  [
    "assertLessOrEqual passes when the first is less",
    () => assertLessOrEqual("a", "b"),
  ],
  [
    "assertInstanceOf passes when a class above fits",
    () => assertInstanceOf(new TypeError(), Error),
  ],
  ["assertMatch passes when the pattern fits", () => assertMatch("room", /oo/)],
  [
    "assertStringIncludes passes when the part is there",
    () => assertStringIncludes("room", "oo"),
  ],
];

for (const [name, run] of PASSING) Deno.test(name, () => void run());

/** Each row: what fails, and how its message begins. */
const FAILING: ReadonlyArray<
  [name: string, run: () => unknown, message: string]
> = [
  ["assert throws when the value is falsy", () => assert(0), ""],
  [
    "assert throws its message when it has one",
    () => assert(false, "no room"),
    "no room",
  ],
  ["fail throws when called", () => fail(), "Failed assertion."],
  [
    "fail throws its message when it has one",
    () => fail("too late"),
    "Failed assertion: too late",
  ],
  [
    "assertEquals says so when values differ",
    () => assertEquals(1, 2),
    "Values are not equal.",
  ],
  [
    "assertEquals throws its message when it has one",
    () => assertEquals(1, 2, "peers"),
    "Values are not equal: peers",
  ],
  [
    "assertNotEquals throws its message when it has one",
    () => assertNotEquals(1, 1, "ids"),
    "Expected actual: 1 not to be: 1: ids",
  ],
  [
    "assertStrictEquals throws when values differ",
    () => assertStrictEquals(1, 2),
    "Values are not strictly equal.",
  ],
  [
    "assertStrictEquals throws when zeros have different signs",
    () => assertStrictEquals(0, -0),
    "Values are not strictly equal.",
  ],
  [
    "assertStrictEquals throws when objects only look alike",
    () => assertStrictEquals({ a: 1 }, { a: 1 }),
    "Values have the same structure but are not reference-equal.",
  ],
  [
    "assertExists throws when the value is null",
    () => assertExists(null),
    'Expected actual: "null" to not be null or undefined.',
  ],
  [
    "assertExists throws when the value is undefined",
    () => assertExists(undefined, "id"),
    'Expected actual: "undefined" to not be null or undefined: id',
  ],
  [
    "assertGreaterOrEqual throws when the first is less",
    () => assertGreaterOrEqual(1, 2),
    "Expect 1 >= 2",
  ],
  [
    "assertGreaterOrEqual throws when one is NaN",
    () => assertGreaterOrEqual(NaN, 2, "delay"),
    "delay",
  ],
  [
    "assertLessOrEqual throws when the first is more",
    () => assertLessOrEqual(2, 1),
    "Expect 2 <= 1",
  ],
  [
    "assertInstanceOf throws when the class is another",
    () => assertInstanceOf(new Peer("a"), Date),
    'Expected object to be an instance of "Date" but was "Peer".',
  ],
  [
    "assertInstanceOf throws when there is no value",
    () => assertInstanceOf(null, Date, "at"),
    'Expected object to be an instance of "Date" but was "null": at',
  ],
  [
    "assertInstanceOf throws when a class stands for its instance",
    () => assertInstanceOf(Peer, Date),
    'Expected object to be an instance of "Date" but was not an instanced object.',
  ],
  [
    "assertMatch throws when the pattern does not fit",
    () => assertMatch("room", /a/),
    'Expected actual: "room" to match: "/a/".',
  ],
  [
    "assertStringIncludes throws when the part is not there",
    () => assertStringIncludes("room", "a"),
    'Expected actual: "room" to contain: "a".',
  ],
  [
    "assertThrows throws when nothing is thrown",
    () => assertThrows(() => 1),
    "Expected function to throw.",
  ],
  [
    "assertThrows throws its message when nothing is thrown",
    () => assertThrows(() => 1, "parse"),
    "Expected function to throw: parse",
  ],
  [
    "assertThrows throws when the class is another",
    () => assertThrows(() => JSON.parse("{"), TypeError),
    'Expected error to be instance of "TypeError", but was "SyntaxError".',
  ],
  [
    "assertThrows throws when the message is another",
    () => assertThrows(() => fail("a"), AssertionError, "b", "c"),
    'Expected error message to include "b", but got "Failed assertion: a": c',
  ],
  [
    "assertThrows throws when what is thrown is no error",
    () =>
      assertThrows(() => {
        throw "text";
      }, Error),
    "A non-Error object was thrown.",
  ],
  [
    "assertRejects throws when the promise resolves",
    () => assertRejects(() => Promise.resolve()),
    "Expected function to reject.",
  ],
  [
    "assertRejects throws when the function itself throws",
    () => assertRejects(() => fail()),
    "Function throws when expected to reject.",
  ],
  [
    "assertRejects throws when the class is another",
    () => assertRejects(() => Promise.reject(new RangeError()), TypeError),
    'Expected error to be instance of "TypeError", but was "RangeError".',
  ],
  [
    "assertRejects throws when the message is another",
    () =>
      assertRejects(() => Promise.reject(new RangeError("a")), RangeError, "b"),
    'Expected error message to include "b", but got "a".',
  ],
  [
    "assertRejects throws when the reason is no error",
    () => assertRejects(() => Promise.reject("text"), Error),
    "A non-Error object was rejected.",
  ],
];

for (const [name, run, message] of FAILING) {
  Deno.test(name, async () => {
    const error = await failure(run);
    assert(error.message.startsWith(message), error.message);
    assertStrictEquals(error.name, "AssertionError");
  });
}

Deno.test("assertEquals shows both values when they differ", async () => {
  const { message } = await failure(() =>
    assertEquals({ room: "left", size: 1 }, { room: "right", size: 1 })
  );
  assertStringIncludes(message, "left");
  assertStringIncludes(message, "right");
});

Deno.test("assertThrows returns the error when it fits", () => {
  const cause = new RangeError("out of range");
  const thrower = () => {
    throw cause;
  };
  assertStrictEquals(assertThrows(thrower), cause);
  assertStrictEquals(assertThrows(thrower, RangeError, "of"), cause);
  assertStrictEquals(assertThrows(thrower, Error), cause);
});

Deno.test("assertThrows returns anything thrown when no class is expected", () => {
  assertStrictEquals(
    assertThrows(() => {
      throw "text";
    }),
    "text",
  );
});

Deno.test("assertRejects resolves with the reason when it fits", async () => {
  const reason = new RangeError("out of range");
  const rejecter = () => Promise.reject(reason);
  assertStrictEquals(await assertRejects(rejecter), reason);
  assertStrictEquals(await assertRejects(rejecter, RangeError, "of"), reason);
  assertStrictEquals(
    await assertRejects(() => Promise.reject("text")),
    "text",
  );
});

Deno.test("AssertionError keeps its cause when it has one", () => {
  const error = new AssertionError("a", { cause: shared });
  assertInstanceOf(error, Error);
  assertStrictEquals(error.message, "a");
  assertStrictEquals(error.cause, shared);
});

const MATCHING: ReadonlyArray<
  [name: string, actual: object, expected: Record<PropertyKey, unknown>]
> = [
  ["there are more keys", { a: 1, b: 2 }, { a: 1 }],
  ["there are more keys further down", { a: { b: 1, c: 2 } }, { a: { b: 1 } }],
  ["an array agrees", { a: [1, { b: 2, c: 3 }] }, { a: [1, { b: 2 }] }],
  ["a symbol key agrees", { [KEY]: 1, a: 2 }, { [KEY]: 1 }],
  ["an instance has the properties", { peer: new Peer("a") }, {
    peer: { id: "a" },
  }],
  ["a map has more keys", { a: new Map([["b", 1], ["c", 2]]) }, {
    a: new Map([["b", 1]]),
  }],
  ["a set has more members", { a: new Set([1, 2]) }, { a: new Set([1]) }],
  ["a pattern agrees", { a: /b/g, c: 1 }, { a: /b/g }],
];

for (const [name, actual, expected] of MATCHING) {
  Deno.test(`assertObjectMatch passes when ${name}`, () => {
    assertObjectMatch(actual, expected);
  });
}

const MISMATCHING: ReadonlyArray<
  [name: string, actual: object, expected: Record<PropertyKey, unknown>]
> = [
  ["a key is missing", { a: 1 }, { a: 1, b: 2 }],
  ["all keys are missing", { a: 1 }, { b: 2 }],
  ["a value differs further down", { a: { b: 1 } }, { a: { b: 2 } }],
  ["an array is too short", { a: [1] }, { a: [1, 2] }],
  ["an element differs", { a: [1, 2] }, { a: [1, 3] }],
  ["a symbol key differs", { [KEY]: 1 }, { [KEY]: 2 }],
  ["a map misses a key", { a: new Map([["b", 1]]) }, {
    a: new Map([["c", 1]]),
  }],
  ["a set misses a member", { a: new Set([1]) }, { a: new Set([2]) }],
  ["flags differ", { a: /b/g }, { a: /b/i }],
];

for (const [name, actual, expected] of MISMATCHING) {
  Deno.test(`assertObjectMatch throws when ${name}`, async () => {
    await failure(() => assertObjectMatch(actual, expected));
  });
}
