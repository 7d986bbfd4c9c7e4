/** Renders a value in full, with sorted keys and one entry per line, so that two renderings can be compared by line. */
export function format(value: unknown): string {
  return Deno.inspect(value, {
    breakLength: Infinity,
    compact: false,
    depth: Infinity,
    iterableLimit: Infinity,
    sorted: true,
    strAbbreviateSize: Infinity,
    trailingComma: true,
  });
}
