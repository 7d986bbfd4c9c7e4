import { assertEquals } from "@std/assert";
import { Mailbox } from "../../server/mailbox.ts";

type Step =
  | readonly ["push", frame: string]
  | readonly ["offer", frame: string, kept: boolean]
  | readonly ["seen", count: number];

/** Does the steps to a mailbox for three frames and ten characters. */
function after(steps: readonly Step[]): Mailbox {
  const mailbox = new Mailbox({ queueFrames: 3, queueBytes: 10 });
  let taken = 0;
  for (const step of steps) {
    switch (step[0]) {
      case "push":
        mailbox.push(step[1], 0);
        taken++;
        break;
      case "offer":
        assertEquals(mailbox.offer(step[1]), step[2], `offer ${step[1]}`);
        if (step[2]) taken++;
        break;
      case "seen":
        mailbox.seen(step[1]);
        break;
      default:
        step satisfies never;
    }
    // Every signal of the session is kept or gone: both sides count by it.
    assertEquals(mailbox.gone + mailbox.frames.length, taken);
  }
  return mailbox;
}

const ABC: readonly Step[] = [["push", "a"], ["push", "b"], ["push", "c"]];
const HUGE = "x".repeat(11);

const CASES: readonly (readonly [
  when: string,
  steps: readonly Step[],
  frames: readonly string[],
])[] = [
  ["nothing came", [], []],
  ["as many came as there is room for", ABC, ["a", "b", "c"]],
  ["the same frame came twice", [["push", "a"], ["push", "a"]], ["a", "a"]],
  ["one too many was pushed", [...ABC, ["push", "d"]], ["b", "c", "d"]],
  ["one too many was offered", [...ABC, ["offer", "d", false]], [
    "a",
    "b",
    "c",
  ]],
  ["some were pushed and some offered", [["push", "a"], ["offer", "b", true]], [
    "a",
    "b",
  ]],
  ["exactly as many characters came as allowed", [
    ["push", "12345"],
    ["offer", "67890", true],
  ], ["12345", "67890"]],
  ["one character too many was pushed", [
    ["push", "12345"],
    ["push", "678901"],
  ], ["678901"]],
  ["one character too many was offered", [
    ["push", "12345"],
    ["offer", "678901", false],
  ], ["12345"]],
  ["a large one took the room of several", [
    ["push", "12"],
    ["push", "34"],
    ["push", "567"],
    ["push", "12345678"],
  ], ["12345678"]],
  ["no more were forgotten than it took", [
    ["push", "1234"],
    ["push", "56"],
    ["push", "12345678"],
  ], ["56", "12345678"]],
  ["one was pushed that never fits", [["push", "a"], ["push", HUGE]], []],
  ["one was offered that never fits", [["push", "a"], ["offer", HUGE, false]], [
    "a",
  ]],
  ["a refused one left its room to a smaller one", [
    ["push", "12345"],
    ["offer", "678901", false],
    ["offer", "67890", true],
  ], ["12345", "67890"]],
  ["one that never fits left its room to others", [
    ["push", HUGE],
    ["offer", "1234567890", true],
  ], ["1234567890"]],
  ["empty ones came", [
    ["push", ""],
    ["offer", "", true],
    ["offer", "", true],
    ["offer", "", false],
  ], ["", "", ""]],
  ["none was seen", [...ABC, ["seen", 0]], ["a", "b", "c"]],
  ["some were seen", [...ABC, ["seen", 2]], ["c"]],
  ["all were seen", [...ABC, ["seen", 3]], []],
  ["they were seen one by one", [...ABC, ["seen", 1], ["seen", 2]], ["c"]],
  ["the same were seen twice", [...ABC, ["seen", 2], ["seen", 2]], ["c"]],
  ["fewer were seen than before", [...ABC, ["seen", 2], ["seen", 1]], ["c"]],
  ["less than none was seen", [...ABC, ["seen", -1]], ["a", "b", "c"]],
  ["no number was seen", [...ABC, ["seen", NaN]], ["a", "b", "c"]],
  ["half of one was seen", [...ABC, ["seen", 0.5]], ["b", "c"]],
  ["what was seen left its room to others", [
    ...ABC,
    ["seen", 2],
    ["offer", "d", true],
    ["offer", "e", true],
    ["offer", "f", false],
  ], ["c", "d", "e"]],
  ["the characters of what was seen left their room to others", [
    ["push", "1234567890"],
    ["seen", 1],
    ["offer", "1234567890", true],
  ], ["1234567890"]],
  ["what was forgotten counts as seen", [
    ...ABC,
    ["push", "d"],
    ["seen", 1],
  ], ["b", "c", "d"]],
  ["what was forgotten counts before what was seen", [
    ...ABC,
    ["push", "d"],
    ["seen", 2],
  ], ["c", "d"]],
  ["one that never fits counts", [["push", HUGE], ["push", "a"], ["seen", 1]], [
    "a",
  ]],
  ["what was refused does not count", [
    ["offer", HUGE, false],
    ["push", "a"],
    ["push", "b"],
    ["seen", 1],
  ], ["b"]],
  // A client that lies about what it has seen takes nothing from what comes later.
  ["more were seen than there were, and another came", [
    ...ABC,
    ["seen", 1_000],
    ["push", "d"],
  ], ["d"]],
  ["infinitely many were seen, and another came and was seen", [
    ...ABC,
    ["seen", Infinity],
    ["push", "d"],
    ["push", "e"],
    ["seen", 4],
  ], ["e"]],
  ["more were seen when it was empty", [["seen", 9], ["push", "a"]], ["a"]],
];

for (const [when, steps, frames] of CASES) {
  Deno.test(`Mailbox keeps ${JSON.stringify(frames)} when ${when}`, () => {
    assertEquals(after(steps).frames, frames);
  });
}

const GONE: readonly (readonly [
  when: string,
  steps: readonly Step[],
  gone: number,
])[] = [
  ["nothing came", [], 0],
  ["all that came is kept", ABC, 0],
  ["one made room", [...ABC, ["push", "d"]], 1],
  ["several made room", [...ABC, ["push", "1234567890"]], 3],
  ["one never fits", [...ABC, ["push", HUGE]], 4],
  ["one was refused", [...ABC, ["offer", "d", false]], 0],
  ["some were seen", [...ABC, ["seen", 2]], 2],
  ["the same were seen twice", [...ABC, ["seen", 2], ["seen", 2]], 2],
  ["fewer were seen than before", [...ABC, ["seen", 2], ["seen", 1]], 2],
  ["what made room was seen", [...ABC, ["push", "d"], ["seen", 1]], 1],
  ["some made room and more were seen", [
    ...ABC,
    ["push", "d"],
    ["seen", 2],
  ], 2],
  ["more were seen than there were", [...ABC, ["seen", 1_000]], 3],
  ["infinitely many were seen", [...ABC, ["seen", Infinity]], 3],
  ["no number was seen", [...ABC, ["seen", NaN]], 0],
  ["less than none was seen", [...ABC, ["seen", -1]], 0],
];

for (const [when, steps, gone] of GONE) {
  Deno.test(`Mailbox tells that ${gone} are gone when ${when}`, () => {
    assertEquals(after(steps).gone, gone);
  });
}

Deno.test("Mailbox stays within its bounds when a thousand frames of any length are pushed", () => {
  const limits = { queueFrames: 7, queueBytes: 100 };
  const mailbox = new Mailbox(limits);
  for (let index = 0; index < 1_000; index++) {
    mailbox.push("x".repeat((index * 37) % 120), index * 40);
    const { frames, gone } = mailbox;
    assertEquals(gone + frames.length, index + 1);
    assertEquals(frames.length <= limits.queueFrames, true);
    assertEquals(frames.join("").length <= limits.queueBytes, true);
  }
});

Deno.test("Mailbox keeps 32 of what was sent, and two of a flood, until that is over", () => {
  const mailbox = new Mailbox({ queueFrames: 256, queueBytes: 256 * 1024 });
  for (let sent = 0; sent < 40; sent++) {
    mailbox.push(String(sent), sent * 1_000);
  }
  assertEquals(mailbox.frames.length, 32);
  for (let sent = 0; sent < 33; sent++) mailbox.push(`f${sent}`, 50_000 + sent);
  assertEquals(mailbox.frames, ["f31", "f32"]);
  for (let sent = 0; sent < 5; sent++) mailbox.push(`n${sent}`, 51_000);
  assertEquals(mailbox.frames.length, 7);
  assertEquals(mailbox.gone, 71);
});
