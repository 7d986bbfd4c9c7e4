import { assertEquals } from "@std/assert";
import { backoffMs } from "../../client/backoff.ts";

for (
  const [attempt, boundMs] of [
    [0, 0],
    [1, 300],
    [2, 600],
    [3, 1200],
    [6, 9600],
    [7, 10_000],
    [2000, 10_000],
  ] as const
) {
  Deno.test(`backoffMs is anything up to ${boundMs} when it is attempt ${attempt}`, () => {
    assertEquals(backoffMs(attempt, 0), 0);
    assertEquals(backoffMs(attempt, 0.5), boundMs / 2);
    assertEquals(backoffMs(attempt, 1), boundMs);
  });
}

Deno.test("backoffMs is the same for a hidden page at first, whose peers must not notice", () => {
  for (let attempt = 0; attempt <= 8; attempt++) {
    assertEquals(backoffMs(attempt, 1, true), backoffMs(attempt, 1));
  }
});

Deno.test("backoffMs is half a minute at least when a hidden page has tried eight times", () => {
  assertEquals(backoffMs(9, 0, true), 30_000);
  assertEquals(backoffMs(2000, 1, true), 60_000);
});
