import { assertEquals } from "@std/assert";
import { type Shift, shiftMappings } from "../../scripts/shift_mappings.ts";

/** Mappings, what grew in their script, and what becomes of them. */
const TABLE: readonly [string, Shift, string][] = [
  // Columns 0, 4 and 8.
  ["AAAA,IAAI,IAAI", { line: 0, column: 0, by: 3 }, "AAAA,OAAI,IAAI"],
  ["AAAA,IAAI,IAAI", { line: 0, column: 4, by: -1 }, "AAAA,IAAI,GAAI"],
  ["AAAA,IAAI,IAAI", { line: 0, column: 8, by: 3 }, "AAAA,IAAI,IAAI"],
  // 15 is the last number of one digit, 511 the last of two.
  ["AAAA,IAAI", { line: 0, column: 0, by: 11 }, "AAAA,eAAI"],
  ["AAAA,IAAI", { line: 0, column: 0, by: 12 }, "AAAA,gBAAI"],
  ["AAAA,IAAI", { line: 0, column: 0, by: 507 }, "AAAA,+fAAI"],
  ["AAAA,IAAI", { line: 0, column: 0, by: 508 }, "AAAA,ggBAAI"],
  ["AAAA,ggBAAI", { line: 0, column: 0, by: -508 }, "AAAA,IAAI"],
  // Segments of one and of five fields.
  ["A,I,IAAIC", { line: 0, column: 4, by: 1 }, "A,I,KAAIC"],
  // Only its own line.
  ["AAAA;IAAI;IAAI", { line: 1, column: 0, by: 1 }, "AAAA;KAAI;IAAI"],
  ["AAAA;;IAAI", { line: 1, column: 0, by: 1 }, "AAAA;;IAAI"],
  ["", { line: 0, column: 0, by: 1 }, ""],
  ["AAAA", { line: 7, column: 0, by: 1 }, "AAAA"],
];

for (const [mappings, shift, shifted] of TABLE) {
  const { line, column, by } = shift;
  const where = `line ${line}, column ${column}, by ${by}`;
  Deno.test(`shiftMappings moves "${mappings}" when ${where} is added`, () => {
    assertEquals(shiftMappings(mappings, shift), shifted);
  });
}
