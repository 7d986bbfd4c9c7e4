import { assertEquals, assertThrows } from "@std/assert";
import {
  isReliable,
  isSameChannel,
  readChannelOptions,
} from "../../../client/data/channel_options.ts";

const DEFAULTS = {
  ordered: true,
  maxRetransmits: null,
  maxPacketLifeTime: null,
  priority: "low",
};

const RIGHT: readonly [options: Record<string, unknown>, reliable: boolean][] =
  [
    [{}, true],
    [{ ordered: true, priority: "high" }, true],
    [{ ordered: false }, false],
    [{ maxRetransmits: 0 }, false],
    [{ maxPacketLifeTime: 65_535, ordered: false }, false],
    [{ maxRetransmits: null, maxPacketLifeTime: undefined }, true],
  ];

for (const [options, reliable] of RIGHT) {
  Deno.test(`readChannelOptions completes the options when they are ${JSON.stringify(options)}`, () => {
    const settings = readChannelOptions("name", options);
    const given = Object.entries(options).filter(([, value]) =>
      value !== undefined
    );
    assertEquals<unknown>(settings, {
      ...DEFAULTS,
      ...Object.fromEntries(given),
    });
    assertEquals(isReliable(settings), reliable);
  });
}

const NAMED: readonly [
  name: unknown,
  error: typeof TypeError,
  words: string,
][] = [
  [undefined, TypeError, '"name" must be a string, got undefined'],
  ["", RangeError, '"name" must be a name of 1 to 128 characters'],
  [
    "x".repeat(129),
    RangeError,
    '"name" must be a name of 1 to 128 characters',
  ],
  // It would be another one on the other side.
  ["\ud800", RangeError, '"name" must be a name of 1 to 128 characters'],
];

for (const [name, error, words] of NAMED) {
  Deno.test(`readChannelOptions throws a ${error.name} when the name is ${JSON.stringify(name)?.slice(0, 20)}`, () => {
    assertThrows(
      () => readChannelOptions(name, {}),
      error,
      `Cannot open channel: ${words}`,
    );
  });
}

const WRONG: readonly (readonly [
  options: Record<string, unknown>,
  error: typeof TypeError,
  words: string,
])[] = [
  [{ ordered: "yes" }, TypeError, '"ordered" must be a boolean, got string'],
  ...["maxRetransmits", "maxPacketLifeTime"].flatMap((option) =>
    [-1, 65_536, 1.5, NaN, "1"].map((value) =>
      [
        { [option]: value },
        RangeError,
        `"${option}" must be an integer of 0 to 65535, got ${value}`,
      ] as const
    )
  ),
  [
    { maxRetransmits: 0, maxPacketLifeTime: 0 },
    TypeError,
    '"maxRetransmits" and "maxPacketLifeTime" exclude each other',
  ],
  [
    { priority: "urgent" },
    TypeError,
    '"priority" must be one of very-low, low, medium, high, got urgent',
  ],
];

for (const [options, error, words] of WRONG) {
  Deno.test(`readChannelOptions throws a ${error.name} when the options are ${JSON.stringify(options)} (${Object.values(options)})`, () => {
    assertThrows(
      () => readChannelOptions("name", options),
      error,
      `Cannot open channel: ${words}`,
    );
  });
}

Deno.test("isSameChannel tells channels apart when any option differs", () => {
  const settings = readChannelOptions("name", {});
  assertEquals(isSameChannel(settings, readChannelOptions("other", {})), true);
  for (
    const options of [
      { ordered: false },
      { maxRetransmits: 1 },
      { maxPacketLifeTime: 1 },
      { priority: "high" },
    ]
  ) {
    const other = readChannelOptions("name", options);
    assertEquals(isSameChannel(settings, other), false);
  }
});
