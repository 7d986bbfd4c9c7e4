import { assertEquals } from "@std/assert";
import { computeVectors, openVectors } from "../../support/compute_vectors.ts";
import { EXPECTED_OPEN, VECTORS } from "../../support/vectors.ts";
import { makeVectors } from "./make_vectors.ts";

Deno.test("vectors.json holds what Node's cryptography makes of the documentation", () => {
  assertEquals(makeVectors(), VECTORS);
});

Deno.test("RoomSecret and Guard make what the vectors hold", async () => {
  assertEquals(await computeVectors(VECTORS), VECTORS.output);
});

Deno.test("Guard opens what the vectors hold", async () => {
  assertEquals<readonly unknown[]>(await openVectors(VECTORS), EXPECTED_OPEN);
});
