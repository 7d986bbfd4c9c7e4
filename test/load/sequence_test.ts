import { assertEquals } from "@std/assert";
import { Sequence } from "./sequence.ts";

for (
  const { arrives, said, told, missing } of [
    { arrives: [1, 2, 3], said: 3, told: [], missing: 0 },
    { arrives: [1, 2], said: 3, told: [], missing: 1 },
    { arrives: [1, 3], said: 3, told: [], missing: 1 },
    { arrives: [1, 3, 2], said: 3, told: ["out-of-order"], missing: 0 },
    { arrives: [1, 2, 2], said: 2, told: ["twice"], missing: 0 },
    {
      arrives: [1, 3, 2, 2],
      said: 3,
      told: ["out-of-order", "twice"],
      missing: 0,
    },
    { arrives: [], said: 2, told: [], missing: 2 },
  ]
) {
  Deno.test(`Sequence finds ${told.join(" and ") || "nothing wrong"} and ${missing} missing when of ${said} arrive ${arrives.join(", ") || "none"}`, () => {
    const sequence = new Sequence();
    const found = arrives.map((n) => sequence.take(n));
    assertEquals(found.filter((what) => what !== "in-order"), told as never[]);
    assertEquals(sequence.missing(said), missing);
  });
}
