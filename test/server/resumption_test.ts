import { assertEquals } from "@std/assert";
import type { ResumeClaim } from "../../server/resume_token.ts";
import {
  mayReclaim,
  mayRestore,
  mayResume,
  type Ticket,
} from "../../server/resumption.ts";

const BOOT = "this-run";
const JOINED_AT = 1_000;
/** Sequence of the token that a session was restored by. */
const SEQUENCE = 5;

const PROOFS = ["proven", "unproven"] as const;
const BOOTS = ["this run", "another run"] as const;
const SEQUENCES = ["older", "equal", "newer"] as const;

interface Case {
  readonly token: "current" | "previous" | "other";
  readonly origin: "none" | typeof PROOFS[number];
  readonly proof: typeof PROOFS[number];
  readonly boot: typeof BOOTS[number];
  readonly joined: "then" | "before" | "later";
  readonly sequence: typeof SEQUENCES[number];
}

/** Every combination of all that could matter. */
function* cases(): Generator<Case> {
  for (const token of ["current", "previous", "other"] as const) {
    for (const origin of ["none", ...PROOFS] as const) {
      for (const proof of PROOFS) {
        for (const boot of BOOTS) {
          for (const joined of ["then", "before", "later"] as const) {
            for (const sequence of SEQUENCES) {
              yield { token, origin, proof, boot, joined, sequence };
            }
          }
        }
      }
    }
  }
}

/** The only tokens besides its own that a session is given away for. */
const AT_ONCE = new Set([
  "other, proven, of another run, joined then, newer than an origin that is proven",
  "other, proven, of another run, joined then, older than an origin that is unproven",
  "other, proven, of another run, joined then, equal to an origin that is unproven",
  "other, proven, of another run, joined then, newer than an origin that is unproven",
]);

function described(
  { token, origin, proof, boot, joined, sequence }: Case,
): string {
  const than = sequence === "equal" ? "to" : "than";
  return `${token}, ${proof}, of ${boot}, joined ${joined}, ${sequence} ${than} an origin that is ${origin}`;
}

function claimOf({ proof, boot, joined, sequence }: Case): ResumeClaim {
  const offsets = { then: 0, before: -1, later: 1 };
  const steps = { older: -1, equal: 0, newer: 1 };
  return {
    joinedAt: JOINED_AT + offsets[joined],
    sequence: SEQUENCE + steps[sequence],
    boot: boot === "this run" ? BOOT : "other",
    proven: proof === "proven",
  };
}

function originOf({ origin }: Case): ResumeClaim | undefined {
  return origin === "none" ? undefined : {
    joinedAt: JOINED_AT,
    sequence: SEQUENCE,
    boot: "third",
    proven: origin === "proven",
  };
}

for (const each of cases()) {
  const when = described(each);
  const expected = each.token !== "other"
    ? "if-silent"
    : AT_ONCE.has(when)
    ? "at-once"
    : "never";
  Deno.test(`mayResume is ${expected} when the token is ${when}`, () => {
    const ticket = {
      joinedAt: JOINED_AT,
      current: "current",
      previous: "previous",
      origin: originOf(each),
    };
    const shown = { token: each.token, claim: claimOf(each) };
    assertEquals(mayResume(ticket, shown, BOOT), expected);
  });
}

Deno.test("mayResume means every combination that its table names", () => {
  const known = new Set([...cases()].map(described));
  assertEquals([...AT_ONCE].filter((name) => !known.has(name)), []);
});

const TOKENLESS: readonly (readonly [string, string])[] = [
  ["is empty", ""],
  ["is the word undefined", "undefined"],
  ["is any other", "other"],
];

for (const [when, token] of TOKENLESS) {
  Deno.test(`mayResume is never when the session has no token yet and the one shown ${when}`, () => {
    const ticket = {
      joinedAt: JOINED_AT,
      current: undefined,
      previous: undefined,
      origin: undefined,
    };
    const claim = {
      joinedAt: JOINED_AT,
      sequence: SEQUENCE,
      boot: BOOT,
      proven: true,
    };
    assertEquals(mayResume(ticket, { token, claim }, BOOT), "never");
  });
}

const NOW = 1_000;

const RESTORES: readonly (readonly [
  boot: typeof BOOTS[number],
  proof: typeof PROOFS[number],
  joinedAt: number,
  restores: boolean,
])[] = [
  ["this run", "proven", 0, false],
  ["this run", "proven", NOW - 1, false],
  ["this run", "proven", NOW, false],
  ["this run", "proven", NOW + 1, false],
  ["this run", "unproven", 0, false],
  ["this run", "unproven", NOW - 1, false],
  ["this run", "unproven", NOW, false],
  ["this run", "unproven", NOW + 1, false],
  ["another run", "proven", 0, false],
  ["another run", "proven", 1, true],
  ["another run", "proven", NOW - 1, true],
  ["another run", "proven", NOW, true],
  ["another run", "proven", NOW + 1, true],
  ["another run", "unproven", 0, false],
  ["another run", "unproven", 1, true],
  ["another run", "unproven", NOW - 1, true],
  ["another run", "unproven", NOW, true],
  ["another run", "unproven", NOW + 1, false],
  ["another run", "unproven", 9_999_999_999_999_999, false],
];

for (const [boot, proof, joinedAt, restores] of RESTORES) {
  Deno.test(`mayRestore ${restores ? "restores" : "refuses"} when the token is of ${boot}, ${proof}, joined at ${joinedAt} and it is ${NOW}`, () => {
    for (const sequence of [0, 1, 999_999_999_999_999]) {
      const claim: ResumeClaim = {
        joinedAt,
        sequence,
        boot: boot === "this run" ? BOOT : "other",
        proven: proof === "proven",
      };
      assertEquals(
        mayRestore({ token: "t", claim }, { boot: BOOT, now: NOW }),
        restores ? claim : undefined,
      );
    }
  });
}

const RECLAIM = { boot: "this", now: 5_000, startedAt: 1_000, graceMs: 15_000 };
const FRESH: Ticket = {
  joinedAt: 2_000,
  current: "t",
  previous: undefined,
  origin: undefined,
};
const OWNER: ResumeClaim = {
  joinedAt: 500,
  sequence: 1,
  boot: "before",
  proven: true,
};

const RECLAIMS: readonly (readonly [
  when: string,
  ticket: Partial<Ticket>,
  claim: Partial<ResumeClaim>,
  options: Partial<typeof RECLAIM>,
  may: boolean,
])[] = [
  ["its owner comes back with proof", {}, {}, {}, true],
  ["there is no proof", {}, { proven: false }, {}, false],
  ["the token is of this run", {}, { boot: "this" }, {}, false],
  ["the owner joined after the start", {}, { joinedAt: 1_000 }, {}, false],
  ["the time to come back is just not over", {}, {}, { now: 25_999 }, true],
  ["the time to come back is over", {}, {}, { now: 26_000 }, false],
  ["the clock has gone back", {}, {}, { now: 999 }, false],
  ["the other has come back, too", { origin: OWNER }, {}, {}, false],
];

for (const [when, ticket, claim, options, may] of RECLAIMS) {
  Deno.test(`mayReclaim says ${may} when ${when}`, () => {
    const shown = { token: "shown", claim: { ...OWNER, ...claim } };
    assertEquals(
      mayReclaim({ ...FRESH, ...ticket }, shown, { ...RECLAIM, ...options }),
      may,
    );
  });
}
