import { assertEquals } from "@std/assert";
import { opener, seal } from "../../../server/backplane/envelope.ts";

Deno.test("opener gives back what seal was given", () => {
  const open = opener("me");
  for (const frame of ["", " ", "a b c", "\n", '{"a":" 1 "}']) {
    assertEquals(open(seal("other-1_a", 1, frame)), frame);
  }
});

Deno.test("opener leaves one's own frames out", () => {
  assertEquals(opener("me")(seal("me", 1, "x")), undefined);
});

Deno.test("opener leaves frames of a session out when a later one was heard", () => {
  const open = opener("me");
  assertEquals(open(seal("a", 9, "first")), "first");
  assertEquals(open(seal("a", 10, "second")), "second");
  assertEquals(open(seal("a", 9, "late")), undefined);
  assertEquals(open(seal("a", 10, "third")), "third");
  assertEquals(open(seal("b", 1, "of another")), "of another");
});

Deno.test("opener leaves out what was never sealed", () => {
  const open = opener("me");
  for (const text of ["", "x", " ", "a b", " 1 x", "a x y", "a 1.5 x"]) {
    assertEquals(open(text), undefined, text);
  }
});

Deno.test("opener remembers the senders that it heard last, and not all", () => {
  const open = opener("me");
  open(seal("old", 2, "x"));
  open(seal("kept", 2, "x"));
  for (let i = 0; i < 1023; i++) open(seal(`node-${i}`, 1, "x"));
  assertEquals(open(seal("kept", 1, "late")), undefined);
  assertEquals(open(seal("old", 1, "forgotten")), "forgotten");
});
