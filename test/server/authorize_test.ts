import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  type Admission,
  admit,
  type Admitted,
  type Asked,
  type Authorize,
  type Claims,
} from "../../server/authorize.ts";
import { refusal } from "../../server/refusal.ts";

const ID_CHARS = 16;
const ASKED: Asked = { party: "main", room: "room", id: "peer" };
const NAMELESS: Asked = { ...ASKED, id: undefined };

function requestFrom(origin?: string): Request {
  return new Request("http://localhost/parties/main/room", {
    headers: origin === undefined ? {} : { origin },
  });
}

function admission(authorize?: Authorize): Admission {
  return {
    allowsOrigin: (origin) => origin === "https://good.example",
    authorize,
    idChars: ID_CHARS,
  };
}

const ORIGINS: readonly (readonly [
  when: string,
  origin: string | undefined,
  refused: boolean,
])[] = [
  ["there is none", undefined, false],
  ["it is allowed", "https://good.example", false],
  ["it is another", "https://evil.example", true],
  ["it is null", "null", true],
  ["it is empty", "", true],
];

for (const [when, origin, refused] of ORIGINS) {
  Deno.test(`admit ${refused ? "refuses" : "admits"} an origin when ${when}`, async () => {
    let asked = 0;
    for (const authorize of [undefined, () => (asked++, {})]) {
      assertEquals(
        await admit(requestFrom(origin), ASKED, admission(authorize)),
        refused ? { refused: "bad-origin" } : { id: "peer" },
      );
    }
    // Nobody is asked about a page that may not be here at all.
    assertEquals(asked, refused ? 0 : 1);
  });
}

Deno.test("admit leaves the id as it was asked for when there is nobody to authorize", async () => {
  assertEquals(await admit(requestFrom(), ASKED, admission()), { id: "peer" });
  assertEquals(await admit(requestFrom(), NAMELESS, admission()), {
    id: undefined,
  });
});

const CLAIMS: readonly (readonly [
  when: string,
  asked: Asked,
  claims: Claims,
  expected: unknown,
])[] = [
  ["nothing is claimed", ASKED, {}, { id: "peer" }],
  ["nothing is claimed and no id asked for", NAMELESS, {}, { id: undefined }],
  ["the room is the one", ASKED, { room: "room" }, { id: "peer" }],
  ["the room is another", ASKED, { room: "other" }, { refused: "forbidden" }],
  ["the room is larger", ASKED, { room: "Room" }, { refused: "forbidden" }],
  ["the room is a part", ASKED, { room: "roo" }, { refused: "forbidden" }],
  ["the room is empty", ASKED, { room: "" }, { refused: "forbidden" }],
  ["the room is the party", ASKED, { room: "main" }, { refused: "forbidden" }],
  ["the id is the one", ASKED, { sub: "peer" }, { id: "peer" }],
  ["the id is another", ASKED, { sub: "other" }, { refused: "forbidden" }],
  ["the id is larger", ASKED, { sub: "Peer" }, { refused: "forbidden" }],
  ["the id is empty", ASKED, { sub: "" }, { refused: "forbidden" }],
  ["no id is asked for", NAMELESS, { sub: "other" }, { id: "other" }],
  ["the party is the one", ASKED, { party: "main" }, { id: "peer" }],
  ["the party is another", ASKED, { party: "x" }, { refused: "forbidden" }],
  ["the party is larger", ASKED, { party: "Main" }, { refused: "forbidden" }],
  ["the party is a part", ASKED, { party: "mai" }, { refused: "forbidden" }],
  ["the party is empty", ASKED, { party: "" }, { refused: "forbidden" }],
  ["the party is the room", ASKED, { party: "room" }, { refused: "forbidden" }],
  ["both are the ones", ASKED, { room: "room", sub: "peer" }, { id: "peer" }],
  ["all three are the ones", ASKED, {
    party: "main",
    room: "room",
    sub: "peer",
  }, { id: "peer" }],
  ["the party is another and the others are the ones", ASKED, {
    party: "other",
    room: "room",
    sub: "peer",
  }, { refused: "forbidden" }],
  ["the party is another and no id is asked for", NAMELESS, {
    party: "other",
    sub: "peer",
  }, { refused: "forbidden" }],
  ["the room is the one and the id is another", ASKED, {
    room: "room",
    sub: "other",
  }, { refused: "forbidden" }],
  ["the room is another and the id is the one", ASKED, {
    room: "other",
    sub: "peer",
  }, { refused: "forbidden" }],
  ["the room is another and no id is asked for", NAMELESS, {
    room: "other",
    sub: "peer",
  }, { refused: "forbidden" }],
  [
    "names are those of an object",
    {
      party: "toString",
      room: "__proto__",
      id: "constructor",
    },
    { party: "toString", room: "__proto__", sub: "constructor" },
    { id: "constructor" },
  ],
  ["the app claims more", ASKED, { id: "evil", name: "Ada", exp: 1 }, {
    id: "peer",
  }],
];

for (const [when, asked, claims, expected] of CLAIMS) {
  Deno.test(`admit says ${JSON.stringify(expected)} when ${when}`, async () => {
    for (const answer of [claims, Promise.resolve(claims)]) {
      assertEquals(
        await admit(requestFrom(), asked, admission(() => answer)),
        expected,
      );
    }
  });
}

/** Ids that a claim may give to a peer, and those that no peer can have. */
const SUBS: readonly (readonly [when: string, sub: string, given: boolean])[] =
  [
    ["as long as may be", "x".repeat(ID_CHARS), true],
    ["a whole character of two halves", "😀", true],
    ["three dots", "...", true],
    ["a space", " ", true],
    ["empty", "", false],
    ["too long", "x".repeat(ID_CHARS + 1), false],
    ["too long by half a character", `${"x".repeat(ID_CHARS - 1)}😀`, false],
    ["a control character", "\0", false],
    ["one that holds a control character", "a\x7fb", false],
    ["one that holds a newline", "a\n", false],
    ["a dot", ".", false],
    ["two dots", "..", false],
    ["the first half of a character", "a\ud800", false],
    ["the second half of a character", "\udc00a", false],
  ];

for (const [what, sub, given] of SUBS) {
  Deno.test(`admit ${given ? "gives the id" : "says forbidden"} when it is claimed and ${what}`, async () => {
    const expected: Admitted = given ? { id: sub } : { refused: "forbidden" };
    // It makes no difference whether it was asked for.
    for (const id of [undefined, sub]) {
      assertEquals(
        await admit(
          requestFrom(),
          { ...ASKED, id },
          admission(() => ({ sub })),
        ),
        expected,
      );
    }
  });
}

Deno.test("admit hands on the answer of authorize when that is a response", async () => {
  for (const response of [refusal("unauthorized"), new Response("come in")]) {
    const admitted = await admit(
      requestFrom(),
      ASKED,
      admission(() => response),
    );
    assertStrictEquals(
      "refused" in admitted ? admitted.refused : undefined,
      response,
    );
  }
});

Deno.test("admit asks authorize once, with the request and what was asked for", async () => {
  const calls: unknown[] = [];
  const request = requestFrom("https://good.example");
  await admit(
    request,
    NAMELESS,
    admission((...args) => {
      calls.push(args);
      return {};
    }),
  );
  assertEquals(calls.length, 1);
  const [[first, second]] = calls as [[unknown, unknown]];
  assertStrictEquals(first, request);
  assertStrictEquals(second, NAMELESS);
});

const FAILURES: readonly (readonly [string, Authorize])[] = [
  ["throws", () => {
    throw new Error("our fault");
  }],
  ["rejects", () => Promise.reject(new Error("our fault"))],
];

for (const [how, authorize] of FAILURES) {
  Deno.test(`admit admits nobody when authorize ${how}`, async () => {
    await assertRejects(
      () => admit(requestFrom(), ASKED, admission(authorize)),
      Error,
      "our fault",
    );
  });
}
