import { assertEquals } from "@std/assert";
import {
  CLOSE,
  comesBack,
  exceedsBytes,
  isName,
  isPolite,
  LIMITS,
  parseClientMessage,
  type Parsed,
  type ParseFailure,
  parseServerMessage,
} from "../protocol.ts";

const MEMBER = { id: "a", joinedAt: 1, presence: null, away: false };
const WELCOME = {
  type: "welcome",
  version: 1,
  id: "me",
  joinedAt: 2,
  peers: [MEMBER, { ...MEMBER, id: "b", presence: "{}", away: true }],
  iceServers: [
    { urls: ["stun:s.example"] },
    { urls: ["turn:t.example"], username: "u", credential: "c" },
  ],
  iceExpiresAt: 3,
  turn: "ready",
  resume: "1.1.boot.mac",
  session: "new",
  seen: 0,
  sent: 0,
  limits: {
    frameBytes: 65_536,
    presenceBytes: 4096,
    framesPerSecond: 50,
    frameBurst: 200,
    graceMs: 60_000,
  },
};

const GOOD_FROM_CLIENT: readonly unknown[] = [
  { type: "signal", to: "a", data: "x" },
  { type: "signal", to: "__proto__", data: "" },
  { type: "presence", presence: "{}" },
  { type: "presence", presence: null },
  { type: "ping", seen: 0 },
  { type: "pong" },
];

const GOOD_FROM_SERVER: readonly unknown[] = [
  WELCOME,
  { ...WELCOME, peers: [], iceServers: [], iceExpiresAt: null, turn: "none" },
  { ...WELCOME, turn: "failed" },
  { ...WELCOME, turn: "of-a-newer-server" },
  { ...WELCOME, session: "restored", seen: 7 },
  { type: "ping" },
  { type: "pong", seen: 7 },
  { type: "drain" },
  { type: "join", peer: MEMBER },
  { type: "join", peer: { id: "a", joinedAt: 1, away: false } },
  { type: "leave", id: "a", reason: "goodbye" },
  { type: "leave", id: "a", reason: "lost" },
  { type: "leave", id: "a", reason: "dropped" },
  { type: "away", id: "a" },
  { type: "back", id: "a" },
  { type: "presence", id: "a", presence: "[]" },
  { type: "presence", id: "a", presence: null },
  { type: "signal", from: "a", data: "x" },
  { type: "ice", iceServers: [], iceExpiresAt: null, turn: "none" },
  { type: "error", code: "unknown-peer", message: "gone", to: "a" },
  { type: "error", code: "bad-frame", message: "what?" },
  { type: "error", code: "of-a-newer-server", message: "m" },
];

type Bad = readonly [frame: unknown, reason: ParseFailure];

const BAD_FOR_BOTH: readonly Bad[] = [
  [new ArrayBuffer(2), "not-text"],
  [new Blob(["{}"]), "not-text"],
  [undefined, "not-text"],
  [null, "not-text"],
  ["", "not-an-object"],
  ["{", "not-an-object"],
  ["null", "not-an-object"],
  ["[]", "not-an-object"],
  ['"signal"', "not-an-object"],
  ["1e999", "not-an-object"],
  ["{}{}", "not-an-object"],
  ["[".repeat(60_000), "not-an-object"],
  ["{}", "unknown-type"],
  ['{"type":null}', "unknown-type"],
  ['{"type":["signal"]}', "unknown-type"],
  ['{"type":"toString"}', "unknown-type"],
  ['{"type":"__proto__"}', "unknown-type"],
  ['{"__proto__":{"type":"presence","presence":null}}', "unknown-type"],
  ['{"type":"signal"}', "bad-field"],
];

const BAD_FROM_CLIENT: readonly Bad[] = [
  ...BAD_FOR_BOTH,
  ["x".repeat(LIMITS.frameBytes + 1), "too-large"],
  ["ä".repeat(LIMITS.frameBytes / 2 + 1), "too-large"],
  ['{"type":"welcome"}', "unknown-type"],
  ['{"type":"signal","to":"a"}', "bad-field"],
  ['{"type":"signal","to":1,"data":"x"}', "bad-field"],
  ['{"type":"signal","to":["a"],"data":"x"}', "bad-field"],
  ['{"type":"signal","to":"a","data":{}}', "bad-field"],
  ['{"type":"signal","to":"a","data":null}', "bad-field"],
  ['{"type":"presence"}', "bad-field"],
  ['{"type":"presence","presence":{}}', "bad-field"],
];

const BAD_FROM_SERVER: readonly Bad[] = [
  ...BAD_FOR_BOTH,
  ...Object.keys(WELCOME).filter((name) => name !== "type").map((name): Bad => [
    JSON.stringify({ ...WELCOME, [name]: undefined }),
    "bad-field",
  ]),
  ...Object.keys(WELCOME.limits).map((name): Bad => [
    JSON.stringify({ ...WELCOME, limits: { ...WELCOME.limits, [name]: "1" } }),
    "bad-field",
  ]),
  ...[{}, null, { ...MEMBER, id: 1 }, { ...MEMBER, joinedAt: "1" }, {
    ...MEMBER,
    presence: {},
  }, { ...MEMBER, away: 0 }].flatMap((peer): Bad[] => [
    [JSON.stringify({ type: "join", peer }), "bad-field"],
    [JSON.stringify({ ...WELCOME, peers: [MEMBER, peer] }), "bad-field"],
  ]),
  [JSON.stringify({ ...WELCOME, iceServers: [{}] }), "bad-field"],
  [
    JSON.stringify({ ...WELCOME, iceServers: [{ urls: "stun:s" }] }),
    "bad-field",
  ],
  [JSON.stringify({ ...WELCOME, iceServers: [{ urls: [1] }] }), "bad-field"],
  ['{"type":"leave","id":"a"}', "bad-field"],
  ['{"type":"leave","id":"a","reason":"bored"}', "bad-field"],
  ['{"type":"away"}', "bad-field"],
  ['{"type":"presence","id":"a"}', "bad-field"],
  ['{"type":"signal","from":"a"}', "bad-field"],
  ['{"type":"ice","iceServers":[]}', "bad-field"],
  ['{"type":"ice","iceServers":[],"turn":"none"}', "bad-field"],
  ['{"type":"ice","iceServers":[],"iceExpiresAt":null}', "bad-field"],
  [
    '{"type":"ice","iceServers":[],"iceExpiresAt":null,"turn":null}',
    "bad-field",
  ],
  ['{"type":"error","code":1,"message":"m"}', "bad-field"],
  ['{"type":"error","code":"bad-frame"}', "bad-field"],
];

const PARSERS = [
  {
    name: "parseClientMessage",
    parse: (frame: unknown) => parseClientMessage(frame),
    good: GOOD_FROM_CLIENT,
    bad: BAD_FROM_CLIENT,
  },
  {
    name: "parseServerMessage",
    parse: parseServerMessage,
    good: GOOD_FROM_SERVER,
    bad: BAD_FROM_SERVER,
  },
] as const;

for (const { name, parse, good, bad } of PARSERS) {
  for (const message of good) {
    const frame = JSON.stringify(message);
    Deno.test(`${name} reads ${frame.slice(0, 60)}`, () => {
      assertEquals(parse(frame) as Parsed<unknown>, { ok: true, message });
    });
  }

  for (const [frame, reason] of bad) {
    const shown = typeof frame === "string"
      ? frame.slice(0, 60)
      : String(frame);
    Deno.test(`${name} says ${reason} when it gets ${shown || "nothing"} of ${frame?.toString().length}`, () => {
      assertEquals(parse(frame) as Parsed<unknown>, { ok: false, reason });
    });
  }

  Deno.test(`${name} leaves out fields it does not know`, () => {
    const parsed = parse(
      '{"type":"signal","to":"a","from":"b","data":"x","__proto__":{"evil":1},"more":1}',
    );
    const known = name === "parseClientMessage" ? { to: "a" } : { from: "b" };
    assertEquals(parsed as Parsed<unknown>, {
      ok: true,
      message: { type: "signal", data: "x", ...known },
    });
  });
}

Deno.test("parseClientMessage counts bytes, not characters, when a limit is given", () => {
  const frame = JSON.stringify({
    type: "signal",
    to: "a",
    data: "€".repeat(10),
  });
  const bytes = new TextEncoder().encode(frame).length;
  assertEquals(parseClientMessage(frame, bytes).ok, true);
  assertEquals(parseClientMessage(frame, bytes - 1), {
    ok: false,
    reason: "too-large",
  });
});

for (
  const text of [
    "",
    "abc",
    "ä",
    "€",
    "😀",
    "\ud800",
    "a\udc00b",
    "ä€😀x".repeat(9),
  ]
) {
  Deno.test(`exceedsBytes agrees with TextEncoder when it counts ${JSON.stringify(text.slice(0, 8))} of ${text.length}`, () => {
    const bytes = new TextEncoder().encode(text).length;
    assertEquals(exceedsBytes(text, bytes), false);
    assertEquals(exceedsBytes(text, bytes - 1), true);
  });
}

for (
  const [code, expected] of [
    [CLOSE.goodbye, true],
    [1001, true],
    [1006, true],
    [1012, true],
    [CLOSE.frameTooLarge, false],
    [CLOSE.restarting, true],
    [CLOSE.tooSlow, true],
    [CLOSE.rateLimited, true],
    [4499, true],
    [CLOSE.badFrame, false],
    [4999, false],
  ] as const
) {
  Deno.test(`comesBack is ${expected} when the socket closed with ${code}`, () => {
    assertEquals(comesBack(code), expected);
  });
}

for (
  const [self, other, expected] of [
    [{ id: "z", joinedAt: 1 }, { id: "a", joinedAt: 2 }, true],
    [{ id: "a", joinedAt: 2 }, { id: "z", joinedAt: 1 }, false],
    [{ id: "a", joinedAt: 1 }, { id: "b", joinedAt: 1 }, true],
    [{ id: "b", joinedAt: 1 }, { id: "a", joinedAt: 1 }, false],
  ] as const
) {
  Deno.test(`isPolite is ${expected} when ${JSON.stringify(self)} meets ${JSON.stringify(other)}`, () => {
    assertEquals(isPolite(self, other), expected);
    assertEquals(
      isPolite(other, self),
      !expected,
      "exactly one of a pair is polite",
    );
  });
}

for (
  const [name, expected] of [
    ["a", true],
    ["__proto__", true],
    ["a/b?c#d e", true],
    ["ünï✓", true],
    ["x".repeat(9), true],
    ["", false],
    ["x".repeat(10), false],
    ["a\0b", false],
    ["a\nb", false],
    ["\x7f", false],
  ] as const
) {
  Deno.test(`isName is ${expected} when the name is ${JSON.stringify(name)}`, () => {
    assertEquals(isName(name, 9), expected);
  });
}
