import { assertEquals, assertRejects } from "@std/assert";
import { type Failure, interleaved } from "./measurement.ts";
import { table } from "./table.ts";

Deno.test("interleaved turns and reverses the order from round to round", async () => {
  const order: string[] = [];
  await interleaved(4, (side) => {
    order.push(side);
    return Promise.resolve(1);
  }, ["other"]);
  assertEquals(
    order.join(" "),
    [
      "ours floor other",
      "other floor ours",
      "floor other ours",
      "ours other floor",
    ].join(" "),
  );
});

Deno.test("interleaved keeps why another failed, and gives it up after the second time", async () => {
  let tries = 0;
  const samples = await interleaved(4, (side) => {
    if (side !== "other") return Promise.resolve(1);
    return Promise.reject(new Error(`no ${++tries}\n    at a page`));
  }, ["other"]);
  assertEquals(tries, 2);
  assertEquals(
    samples.map(({ others }) => others.get("other")),
    [{ why: "no 1" }, { why: "no 2" }, { why: "no 1" }, { why: "no 1" }],
  );
});

Deno.test("interleaved rejects when ours or the floor fails", async () => {
  for (const failing of ["ours", "floor"]) {
    await assertRejects(
      () =>
        interleaved(
          1,
          (side) =>
            side === failing
              ? Promise.reject(new Error("broken"))
              : Promise.resolve(1),
        ),
      Error,
      "broken",
    );
  }
});

Deno.test("table has a row for each of the others, with a figure or why there is none", () => {
  const others = new Map<string, number | Failure>([
    ["slow", 30],
    ["broken", { why: "too large" }],
  ]);
  const text = table([{
    name: "bench",
    unit: "ms",
    floorName: "by hand",
    samples: [{ ours: 11, floor: 10, others }],
    aim: { ratio: 1.05 },
  }]);
  assertEquals(
    text.split("\n").slice(1).map((line) => line.trim().split(/ {2,}/)),
    [
      [
        "bench",
        "11.0 ms",
        "10.0 ms (by hand)",
        "1.10",
        "1.10..1.10",
        "1",
        "ratio 1.05",
        "missed",
      ],
      ["slow", "30.0 ms", "3.00", "3.00..3.00", "1"],
      ["broken", "0", "fails: too large"],
    ],
  );
});
