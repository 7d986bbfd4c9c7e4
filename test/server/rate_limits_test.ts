import { assertEquals } from "@std/assert";
import { RateLimits } from "../../server/rate_limits.ts";

/** How many of so many are taken. */
function taken(
  limits: RateLimits,
  { address, now, count = 9 }: {
    address: string | undefined;
    now: number;
    count?: number;
  },
): number {
  const all = Array.from({ length: count }, () => limits.take(address, now));
  return all.filter(Boolean).length;
}

Deno.test("RateLimits lets each address take a burst, and then so many a second", () => {
  const limits = new RateLimits(1, 4);
  assertEquals(taken(limits, { address: "a", now: 0 }), 4);
  assertEquals(taken(limits, { address: "b", now: 0 }), 4);
  assertEquals(taken(limits, { address: "a", now: 2_000 }), 2);
  assertEquals(taken(limits, { address: "a", now: 99_000 }), 4);
});

Deno.test("RateLimits knows no limit for whom it knows no address", () => {
  const limits = new RateLimits(1, 4);
  assertEquals(taken(limits, { address: undefined, now: 0 }), 9);
  assertEquals(limits.size, 0);
});

Deno.test("RateLimits remembers an address only until it may take a burst again", () => {
  const limits = new RateLimits(1, 4);
  for (let address = 0; address < 1_000; address++) {
    limits.take(String(address), 0);
  }
  taken(limits, { address: "greedy", now: 500 });
  assertEquals(limits.size, 1_001);
  limits.take("late", 1_000);
  assertEquals(limits.size, 2);
  assertEquals(taken(limits, { address: "greedy", now: 1_500 }), 1);
});

Deno.test("RateLimits forgets all when the clock has gone back", () => {
  const limits = new RateLimits(1, 4);
  for (let address = 0; address < 1_000; address++) {
    limits.take(String(address), 3_600_000);
  }
  assertEquals(taken(limits, { address: "a", now: 0 }), 4);
  assertEquals(limits.size, 1);
});
