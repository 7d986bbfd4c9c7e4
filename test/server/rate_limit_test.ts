import { assertEquals } from "@std/assert";
import { RateLimit } from "../../server/rate_limit.ts";

function takeAll(limit: RateLimit, now: number): number {
  let taken = 0;
  while (limit.take(now)) taken++;
  return taken;
}

Deno.test("RateLimit gives the burst when it is new", () => {
  assertEquals(takeAll(new RateLimit(50, 200, 0), 0), 200);
});

Deno.test("RateLimit refills at its rate when time passes", () => {
  const limit = new RateLimit(50, 200, 0);
  takeAll(limit, 0);
  assertEquals(limit.take(19), false);
  assertEquals(limit.take(20), true);
  assertEquals(takeAll(limit, 1020), 50);
});

Deno.test("RateLimit never holds more than the burst when it was idle", () => {
  const limit = new RateLimit(50, 200, 0);
  assertEquals(takeAll(limit, 3_600_000), 200);
});

Deno.test("RateLimit refills nothing when the clock goes back", () => {
  const limit = new RateLimit(50, 200, 10_000);
  takeAll(limit, 10_000);
  assertEquals(limit.take(0), false);
  assertEquals(takeAll(limit, 1000), 50);
});
