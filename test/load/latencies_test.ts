import { assert, assertEquals } from "@std/assert";
import { Latencies } from "./latencies.ts";

/** Within the two percent, and on the safe side. */
function assertNear(ms: number | null, exact: number): void {
  assert(ms !== null && exact <= ms && ms <= exact * 1.02, `${ms}`);
}

Deno.test("Latencies tells percentiles to two percent", () => {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 1000; ms++) latencies.add(ms);
  for (const percent of [1, 50, 99, 100]) {
    assertNear(latencies.percentile(percent), percent * 10);
  }
});

Deno.test("Latencies of two processes add up", () => {
  const [here, there] = [new Latencies(), new Latencies()];
  for (let i = 0; i < 100; i++) here.add(1);
  for (let i = 0; i < 300; i++) there.add(100);
  here.addAll(JSON.parse(JSON.stringify(there.take())));
  assertNear(here.percentile(25), 1);
  assertNear(here.percentile(26), 100);
  assertEquals(there.percentile(50), null);
});

Deno.test("Latencies has no percentile when there were no times", () => {
  assertEquals(new Latencies().percentile(50), null);
});
