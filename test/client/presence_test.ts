import { assertEquals, assertThrows } from "@std/assert";
import {
  applyDiff,
  applySnapshot,
  decodePresence,
  encodePresence,
  type KnownMember,
  type Roster,
  withAwaited,
} from "../../client/presence.ts";

const A: KnownMember = { id: "a", joinedAt: 1, presence: null, away: false };
const B: KnownMember = { id: "b", joinedAt: 2, presence: "1", away: false };

function members(...list: KnownMember[]): Roster {
  return new Map(list.map((member) => [member.id, member]));
}

const NOTHING = { joined: [], left: [], published: [], turned: [] };

Deno.test("applySnapshot says that everybody joined when nobody was known", () => {
  assertEquals(applySnapshot(members(), [A, B]), {
    ...NOTHING,
    members: members(A, B),
    joined: [A, B],
    published: [B],
  });
});

Deno.test("applySnapshot says nothing when nothing changed", () => {
  assertEquals(applySnapshot(members(A, B), [A, B]), {
    ...NOTHING,
    members: members(A, B),
  });
});

Deno.test("applySnapshot tells who left, who joined and what changed", () => {
  const changed = { ...B, presence: "2" };
  const c = { ...A, id: "c" };
  assertEquals(applySnapshot(members(A, B), [changed, c]), {
    ...NOTHING,
    members: members(changed, c),
    joined: [c],
    left: [A],
    published: [changed],
  });
});

Deno.test("applySnapshot takes who came back under the same id for somebody else", () => {
  const again = { ...A, joinedAt: 9 };
  assertEquals(applySnapshot(members(A), [again]), {
    ...NOTHING,
    members: members(again),
    joined: [again],
    left: [A],
  });
});

const DIFFS: readonly (readonly [
  string,
  Parameters<typeof applyDiff>[1],
  Partial<ReturnType<typeof applyDiff>>,
])[] = [
  ["somebody joins", { type: "join", peer: B }, {
    members: members(A, B),
    joined: [B],
    published: [B],
  }],
  ["who is known joins", { type: "join", peer: A }, {}],
  ["somebody leaves", { type: "leave", id: "a", reason: "lost" }, {
    members: members(),
    left: [A],
  }],
  ["who is unknown leaves", {
    type: "leave",
    id: "__proto__",
    reason: "lost",
  }, {}],
  ["somebody is away", { type: "away", id: "a" }, {
    members: members({ ...A, away: true }),
    turned: [{ ...A, away: true }],
  }],
  ["who was not away is back", { type: "back", id: "a" }, {}],
  ["somebody publishes", { type: "presence", id: "a", presence: "x" }, {
    members: members({ ...A, presence: "x" }),
    published: [{ ...A, presence: "x" }],
  }],
  ["somebody publishes the same", {
    type: "presence",
    id: "a",
    presence: null,
  }, {}],
  [
    "who is unknown publishes",
    { type: "presence", id: "z", presence: "x" },
    {},
  ],
];

for (const [when, diff, expected] of DIFFS) {
  Deno.test(`applyDiff tells what changed when ${when}`, () => {
    assertEquals(applyDiff(members(A), diff), {
      ...NOTHING,
      members: members(A),
      ...expected,
    });
  });
}

Deno.test("applyDiff keeps what a peer has published when a restarted server tells of it again", () => {
  const { presence: _, ...told } = B;
  assertEquals(applyDiff(members(B), { type: "join", peer: told }), {
    ...NOTHING,
    members: members(B),
  });
});

Deno.test("applyDiff tells that a peer publishes nothing any more when it says so", () => {
  const told = { ...B, presence: null };
  assertEquals(applyDiff(members(B), { type: "join", peer: told }), {
    ...NOTHING,
    members: members(told),
    published: [told],
  });
});

Deno.test("applySnapshot takes a newcomer of whom nothing is said for one that publishes nothing", () => {
  const { presence: _, ...told } = B;
  const b = { ...B, presence: null };
  assertEquals(applySnapshot(members(), [told]), {
    ...NOTHING,
    members: members(b),
    joined: [b],
  });
});

Deno.test("applyDiff takes who joins under a known name for somebody else", () => {
  const other = { ...B, joinedAt: 9, presence: null };
  assertEquals(applyDiff(members(B), { type: "join", peer: other }), {
    ...NOTHING,
    members: members(other),
    joined: [other],
    left: [B],
  });
});

Deno.test("withAwaited keeps who is awaited and not told of", () => {
  const b = { ...B };
  assertEquals(withAwaited(members(A, B), [b], [A, B]), [b, A]);
});

Deno.test("withAwaited does not keep who came back and left", () => {
  const cameBack = members({ ...A }, B);
  assertEquals(withAwaited(cameBack, [B], [A]), [B]);
  assertEquals(withAwaited(members(B), [B], [A]), [B]);
});

for (
  const value of [null, 0, "", "x", false, [], {}, {
    name: "Ä",
    list: [1, { a: null }],
  }]
) {
  Deno.test(`decodePresence gives back what encodePresence took when it is ${JSON.stringify(value)}`, () => {
    assertEquals(decodePresence(encodePresence(value)), value);
  });
}

for (const value of [undefined, () => {}, Symbol("x"), 1n]) {
  Deno.test(`encodePresence throws when it gets a ${typeof value}`, () => {
    assertThrows(() => encodePresence(value), TypeError);
  });
}

Deno.test("decodePresence is null when a peer published what is no JSON", () => {
  assertEquals(decodePresence("{oops"), null);
});
