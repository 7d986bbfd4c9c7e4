import { assertEquals } from "@std/assert";
import {
  backoffMs,
  HIDDEN_PATIENCE,
  OFFLINE_PATIENCE,
} from "../../client/backoff.ts";

for (
  const [attempt, boundMs] of [
    [0, 0],
    [1, 300],
    [2, 600],
    [3, 1200],
    [5, 4800],
    [6, 5000],
    [2000, 5000],
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
    assertEquals(
      backoffMs(attempt, 1, HIDDEN_PATIENCE),
      backoffMs(attempt, 1),
    );
  }
});

for (
  const [what, patience, attempts] of [
    ["hidden page", HIDDEN_PATIENCE, 8],
    ["page without a network", OFFLINE_PATIENCE, 3],
  ] as const
) {
  Deno.test(`backoffMs is half a minute at least when a ${what} has tried ${attempts} times`, () => {
    assertEquals(
      backoffMs(attempts, 1, patience),
      backoffMs(attempts, 1),
    );
    assertEquals(backoffMs(attempts + 1, 0, patience), 30_000);
    assertEquals(backoffMs(2000, 1, patience), 60_000);
  });
}
