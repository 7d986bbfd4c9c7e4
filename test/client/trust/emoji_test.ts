import { assertEquals, assertMatch } from "@std/assert";
import { emojiOf } from "../../../client/trust/emoji.ts";

const ALL = Array.from({ length: 64 }, (_, number) => emojiOf(number));

Deno.test("emojiOf has 64 emoji and 64 names when asked for each number", () => {
  assertEquals(new Set(ALL.map(({ emoji }) => emoji)).size, 64);
  assertEquals(new Set(ALL.map(({ name }) => name.toLowerCase())).size, 64);
  assertEquals(emojiOf(64), { emoji: "", name: "" });
});

Deno.test("emojiOf keeps the order that is part of the protocol", () => {
  assertEquals(emojiOf(0), { emoji: "⚓", name: "Anchor" });
  assertEquals(emojiOf(31), { emoji: "🎸", name: "Guitar" });
  assertEquals(emojiOf(63), { emoji: "🦓", name: "Zebra" });
  const names = ALL.map(({ name }) => name);
  assertEquals(names, names.toSorted());
});

Deno.test("emojiOf has single code points that are shown as emoji without a selector", () => {
  for (const { emoji, name } of ALL) {
    assertEquals([...emoji].length, 1, name);
    assertMatch(emoji, /^\p{Emoji_Presentation}$/u, name);
    // Nor such as come in colours of skin, or halves of flags.
    assertMatch(emoji, /^[^\p{Emoji_Modifier_Base}\p{Regional_Indicator}]$/u);
  }
});

Deno.test("emojiOf has names of one word that differ in more than a letter", () => {
  for (const { name } of ALL) {
    assertMatch(name, /^[A-Z][a-z]{2,9}$/);
    for (const { name: other } of ALL) {
      if (name < other) {
        assertEquals(distance(name, other) > 1, true, name + other);
      }
    }
  }
});

/** How many letters are to be put in, taken out or exchanged (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (const [column, against] of [...other].entries()) {
      next.push(Math.min(
        (next[column] ?? 0) + 1,
        (row[column + 1] ?? 0) + 1,
        (row[column] ?? 0) + Number(letter !== against),
      ));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
