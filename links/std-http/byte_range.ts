/** A part of a file, both ends included. */
export interface ByteRange {
  /** The first byte. */
  readonly start: number;
  /** The last byte. */
  readonly end: number;
}

/**
 * Reads a `Range` header (RFC 9110, section 14.2) that asks for one range.
 *
 * @returns The range within the file, `"unsatisfiable"` if the file has no such bytes, or nothing if the header is not
 * understood and has to be ignored, as one with several ranges is
 */
export function byteRange(
  header: string,
  sizeBytes: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? sizeBytes - Number(last) : Number(first);
  const end = first === "" || last === "" ? sizeBytes - 1 : Number(last);
  if (end < start || start >= sizeBytes) return "unsatisfiable";
  return { start: Math.max(0, start), end: Math.min(end, sizeBytes - 1) };
}
