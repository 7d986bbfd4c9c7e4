import { format } from "./format.ts";

/**
 * Lays two values over each other, line by line: `-` marks what is only in `actual`, `+` what is only in `expected`.
 *
 * Only the common lines at both ends are matched up; what lies between is shown whole, first one side, then the other.
 */
export function diff(actual: unknown, expected: unknown): string {
  const left = lines(actual);
  const right = lines(expected);
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (
    tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)
  ) tail++;
  return [
    "    [Diff] -Actual / +Expected",
    "",
    ...left.slice(0, head).map((line) => `    ${line}`),
    ...left.slice(head, left.length - tail).map((line) => `-   ${line}`),
    ...right.slice(head, right.length - tail).map((line) => `+   ${line}`),
    ...left.slice(left.length - tail).map((line) => `    ${line}`),
  ].join("\n");
}

/** A string differs best by its own lines, anything else by those of its rendering. */
function lines(value: unknown): string[] {
  const text = typeof value === "string" && value.includes("\n")
    ? value
    : format(value);
  return text.split("\n");
}
