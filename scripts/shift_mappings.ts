const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Where in a generated script something grew by how many columns. */
export interface Shift {
  /** Line, from 0. */
  readonly line: number;
  /** Column, from 0, where what grew begins. */
  readonly column: number;
  /** How much longer it is now; negative if it is shorter. */
  readonly by: number;
}

/** The `mappings` of a source map (ECMA-426) after something in its script has grown. */
export function shiftMappings(
  mappings: string,
  { line, column, by }: Shift,
): string {
  const lines = mappings.split(";");
  const segments = lines[line]?.split(",") ?? [];
  let at = 0;
  for (const [i, segment] of segments.entries()) {
    const [, first = "", rest = ""] = /^([g-z0-9+/]*[A-Za-f])(.*)$/
      .exec(segment) ?? [];
    at += decode(first);
    if (at <= column) continue;
    // Each column counts from the one before: the rest of the line follows.
    segments[i] = encode(decode(first) + by) + rest;
    lines[line] = segments.join(",");
    break;
  }
  return lines.join(";");
}

/** A number in Base64 VLQ: five bits a digit, the lowest first, the lowest of all for the sign. */
function decode(digits: string): number {
  let bits = 0;
  for (const digit of [...digits].reverse()) {
    bits = bits << 5 | DIGITS.indexOf(digit) & 31;
  }
  return bits & 1 ? -(bits >> 1) : bits >> 1;
}

function encode(value: number): string {
  let bits = value < 0 ? -value << 1 | 1 : value << 1;
  let digits = "";
  do {
    const more = bits > 31 ? 32 : 0;
    digits += DIGITS[bits & 31 | more];
    bits >>= 5;
  } while (bits > 0);
  return digits;
}
