import { assertEquals } from "@std/assert";
import { Ledger } from "./ledger.ts";
import type { Sample } from "./sample.ts";
import { growth, leftovers, misconduct } from "./verdict.ts";

const EMPTY: Sample = {
  rss: 60_000,
  heap: 6_000,
  descriptors: 26,
  timers: 0,
  rooms: 0,
  peers: 0,
  away: 0,
};
const FULL: Sample = {
  ...EMPTY,
  rss: 200_000,
  descriptors: 1_900,
  timers: 180,
  rooms: 600,
  peers: 2_000,
  away: 150,
};

/** Sixty samples whose last tenth differs. */
function samples(last: Partial<Sample>): Sample[] {
  return Array.from(
    { length: 60 },
    (_, i) => i < 54 ? FULL : { ...FULL, ...last },
  );
}

Deno.test("leftovers tells each figure that is not back where it began", () => {
  assertEquals(leftovers(EMPTY, EMPTY), []);
  assertEquals(leftovers(EMPTY, { ...EMPTY, descriptors: 25 }), []);
  for (const name of ["descriptors", "timers", "rooms", "peers", "away"]) {
    const end = { ...EMPTY, [name]: 27 };
    assertEquals(leftovers(EMPTY, end).length, 1, name);
  }
});

Deno.test("growth tells what is more at the end than it may be", () => {
  const cases: readonly [last: Partial<Sample>, failures: number][] = [
    [{}, 0],
    [{ rss: 229_000, descriptors: 2_090, timers: 198 }, 0],
    [{ rss: 231_000 }, 1],
    [{ descriptors: 2_101 }, 1],
    [{ timers: 209 }, 1],
    [{ rss: 300_000, descriptors: 3_000, timers: 300 }, 3],
  ];
  for (const [last, failures] of cases) {
    assertEquals(growth(samples(last)).length, failures, JSON.stringify(last));
  }
});

Deno.test("misconduct counts robberies only when they are many", () => {
  const ledger = new Ledger();
  for (let i = 0; i < 20; i++) ledger.count("challenged");
  for (const [robbed, failures] of [[1, 0], [2, 0], [3, 1]] as const) {
    ledger.count("robbed");
    assertEquals(misconduct(ledger).length, failures, `${robbed}`);
  }
  ledger.complain("heard nonsense");
  assertEquals(misconduct(ledger)[0], "heard nonsense");
});
