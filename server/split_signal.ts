/** A signal as it came: who it is for, and its data as the JSON string literal that it was. */
export interface SplitSignal {
  /** Id of the addressee. */
  readonly to: string;
  /** One JSON string literal, quotes included, still escaped. */
  readonly literal: string;
}

const HEAD = '{"type":"signal","to":"';
const MIDDLE = '","data":';
const TAIL = '"}';
const BACKSLASH = "\\".charCodeAt(0);

/**
 * Splits a signal without decoding its data, which is what most of a server's
 * work would go into. Takes only frames as `JSON.stringify` writes them;
 * `undefined` leaves the others to the full parser.
 *
 * What it gives back can be put into another frame as it is: it is proven that
 * no quote ends the literal early, so nobody slips a field of his own into what
 * the server says. An escape that JSON does not know is left to the receiver.
 */
export function splitSignal(frame: string): SplitSignal | undefined {
  if (!frame.startsWith(HEAD) || !frame.endsWith(TAIL)) return;
  const toEnd = frame.indexOf('"', HEAD.length);
  if (!frame.startsWith(MIDDLE, toEnd)) return;
  const to = frame.slice(HEAD.length, toEnd);
  if (to.includes("\\")) return;
  const start = toEnd + MIDDLE.length;
  const end = frame.length - TAIL.length;
  if (frame[start] !== '"' || start >= end) return;
  for (let at = start + 1;; at++) {
    at = frame.indexOf('"', at);
    if (at === end) break;
    if (!isEscaped(frame, at)) return;
  }
  if (isEscaped(frame, end)) return;
  return { to, literal: frame.slice(start, end + 1) };
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}
