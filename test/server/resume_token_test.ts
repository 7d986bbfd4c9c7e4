import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { ResumeTokens, type TokenSeat } from "../../server/resume_token.ts";

const SECRET = "a secret of tests";
const SEAT = { key: "main\0room", id: "peer" };

/** A token of the seat that is used here, and who minted it. */
function setup(): { tokens: ResumeTokens; token: string } {
  const tokens = new ResumeTokens(SECRET);
  return { tokens, token: tokens.mint(SEAT, 1_700_000_000_000, 7) };
}

const ROUND_TRIPS: readonly (readonly [TokenSeat, number, number])[] = [
  [SEAT, 1_700_000_000_000, 1],
  [SEAT, 0, 0],
  [SEAT, Number.MAX_SAFE_INTEGER, 999_999_999_999_999],
  [{ key: "main\0__proto__", id: "constructor" }, 1, 2],
  [{ key: "ünï✓\0a/b?c#d e", id: "1.2.3" }, 1, 2],
  [{ key: `main\0${"x".repeat(128)}`, id: "x".repeat(64) }, 1, 2],
];

for (const [seat, joinedAt, sequence] of ROUND_TRIPS) {
  Deno.test(`ResumeTokens reads ${joinedAt} and ${sequence} when it minted them for ${JSON.stringify(seat).slice(0, 50)}`, () => {
    const tokens = new ResumeTokens(SECRET);
    const token = tokens.mint(seat, joinedAt, sequence);
    const { boot } = tokens;
    assertEquals(tokens.read(seat, token), {
      joinedAt,
      sequence,
      boot,
      proven: true,
    });
    // RFC 7230 §3.2.6, and of that what our own documentation promises.
    assertMatch(token, /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
    assertMatch(token, /^[A-Za-z0-9._-]+$/);
  });
}

const READERS: readonly (readonly [
  when: string,
  secret: string | undefined,
  seat: TokenSeat,
  proven: boolean,
])[] = [
  ["another run has the same secret", SECRET, SEAT, true],
  ["the secret is another", "another secret of tests", SEAT, false],
  ["the secret is longer by a character", `${SECRET}.`, SEAT, false],
  ["there is no secret", undefined, SEAT, false],
  ["the room is another", SECRET, { ...SEAT, key: "main\0other" }, false],
  ["the party is another", SECRET, { ...SEAT, key: "other\0room" }, false],
  ["the id is another", SECRET, { ...SEAT, id: "other" }, false],
  ["the id is written larger", SECRET, { ...SEAT, id: "Peer" }, false],
  ["room and id are swapped", SECRET, { key: "peer", id: SEAT.key }, false],
  ["a letter moved from the id to the room", SECRET, {
    key: "main\0roomp",
    id: "eer",
  }, false],
  ["a letter moved from the room to the id", SECRET, {
    key: "main\0roo",
    id: "mpeer",
  }, false],
];

for (const [when, secret, seat, proven] of READERS) {
  Deno.test(`ResumeTokens ${proven ? "proves" : "reads without proof"} a token of another run when ${when}`, () => {
    const { tokens, token } = setup();
    assertEquals(new ResumeTokens(secret).read(seat, token), {
      joinedAt: 1_700_000_000_000,
      sequence: 7,
      boot: tokens.boot,
      proven,
    });
  });
}

Deno.test("ResumeTokens proves its own tokens and no others when it has no secret", () => {
  const tokens = new ResumeTokens();
  const token = tokens.mint(SEAT, 1, 1);
  assertEquals(tokens.read(SEAT, token)?.proven, true);
  assertEquals(new ResumeTokens().read(SEAT, token)?.proven, false);
});

Deno.test("ResumeTokens names every run differently when the secret is the same", () => {
  const boots = Array.from(
    { length: 100 },
    () => new ResumeTokens(SECRET).boot,
  );
  assertEquals(new Set(boots).size, boots.length);
});

Deno.test("ResumeTokens mints another token when the seat, the time or the number differs", () => {
  const { tokens, token } = setup();
  assertEquals(tokens.mint(SEAT, 1_700_000_000_000, 7), token);
  for (
    const other of [
      tokens.mint(SEAT, 1_700_000_000_000, 8),
      tokens.mint(SEAT, 1_700_000_000_001, 7),
      tokens.mint({ ...SEAT, id: "other" }, 1_700_000_000_000, 7),
      tokens.mint({ ...SEAT, key: "main\0other" }, 1_700_000_000_000, 7),
      new ResumeTokens(SECRET).mint(SEAT, 1_700_000_000_000, 7),
    ]
  ) {
    assertNotEquals(other, token);
  }
});

/** What a character may be changed into: all that a token is made of, and some that it is not. */
const ALPHABET = [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.",
  ..."+/=%, \n\0ä✓",
  "",
  "..",
];

Deno.test("ResumeTokens proves no token when a single character of it was changed, left out or doubled", () => {
  const { tokens, token } = setup();
  for (let index = 0; index < token.length; index++) {
    const char = token[index];
    const before = token.slice(0, index);
    const after = token.slice(index + 1);
    for (const other of [...ALPHABET, `${char}${char}`]) {
      if (other === char) continue;
      const changed = before + other + after;
      assert(
        tokens.read(SEAT, changed)?.proven !== true,
        `${changed} was proven as ${token}`,
      );
    }
  }
});

Deno.test("ResumeTokens cannot read a token when it is truncated at either end", () => {
  const { tokens, token } = setup();
  for (let length = 0; length < token.length; length++) {
    assertEquals(tokens.read(SEAT, token.slice(0, length)), undefined);
    const end = tokens.read(SEAT, token.slice(token.length - length));
    // What lacks leading digits of the time only still has the form.
    assert(end?.proven !== true, token.slice(token.length - length));
  }
});

const BOOT = "AAAAAAAA";
const MAC = "A".repeat(43);

Deno.test("ResumeTokens reads a made-up token without proof", () => {
  const { tokens } = setup();
  assertEquals(tokens.read(SEAT, `3.2.${BOOT}.${MAC}`), {
    joinedAt: 3,
    sequence: 2,
    boot: BOOT,
    proven: false,
  });
});

Deno.test("ResumeTokens reads a made-up token without proof when it bears the name of this run", () => {
  const { tokens } = setup();
  const { boot } = tokens;
  const claim = tokens.read(SEAT, `3.2.${boot}.${MAC}`);
  assertEquals(claim, { joinedAt: 3, sequence: 2, boot, proven: false });
});

const UNREADABLE: readonly (readonly [when: string, token: string])[] = [
  ["it is empty", ""],
  ["it is a dot", "."],
  ["it is dots", "..."],
  ["it is a word", "undefined"],
  ["the parts are empty", `..${BOOT}.${MAC}`],
  ["the time is missing", `.2.${BOOT}.${MAC}`],
  ["the number is missing", `1..${BOOT}.${MAC}`],
  ["the signature is missing", `1.2.${BOOT}.`],
  ["a part is missing", `1.${BOOT}.${MAC}`],
  ["a part is too many", `1.2.3.${BOOT}.${MAC}`],
  ["the time is negative", `-1.2.${BOOT}.${MAC}`],
  ["the time has an exponent", `1e3.2.${BOOT}.${MAC}`],
  ["the time is hexadecimal", `0x1.2.${BOOT}.${MAC}`],
  ["the time has digits of another script", `١.2.${BOOT}.${MAC}`],
  ["the time is too long", `${"1".repeat(17)}.2.${BOOT}.${MAC}`],
  ["the number is too long", `1.${"2".repeat(16)}.${BOOT}.${MAC}`],
  ["the name of the run is too short", `1.2.AAAAAAA.${MAC}`],
  ["the name of the run is too long", `1.2.AAAAAAAAA.${MAC}`],
  ["the name of the run has another alphabet", `1.2.AAAAAA+/.${MAC}`],
  ["the signature is too short", `1.2.${BOOT}.${"A".repeat(42)}`],
  ["the signature is too long", `1.2.${BOOT}.${"A".repeat(44)}`],
  ["the signature is padded", `1.2.${BOOT}.${MAC}=`],
  ["the signature has the other alphabet", `1.2.${BOOT}.+/${"A".repeat(41)}`],
  // 42 code units and one of two bytes: as long as a signature in one way of counting only.
  ["the signature is no ASCII", `1.2.${BOOT}.ä${"A".repeat(42)}`],
  ["a space comes before it", ` 1.2.${BOOT}.${MAC}`],
  ["a line ends after it", `1.2.${BOOT}.${MAC}\n`],
  ["a line ends within it", `1.2.\n${BOOT}.${MAC}`],
  ["a zero byte follows", `1.2.${BOOT}.${MAC}\0`],
  ["it is percent-encoded", encodeURIComponent(`1.2.${BOOT}.${MAC} `)],
  ["it comes twice", `1.2.${BOOT}.${MAC}`.repeat(2)],
  ["it is a million digits", "1".repeat(1_000_000)],
  ["it is a million dots", ".".repeat(1_000_000)],
  ["its signature is a million letters", `1.2.${BOOT}.${"A".repeat(1e6)}`],
];

for (const [when, token] of UNREADABLE) {
  Deno.test(`ResumeTokens cannot read a token when ${when}`, () => {
    assertEquals(setup().tokens.read(SEAT, token), undefined);
  });
}
