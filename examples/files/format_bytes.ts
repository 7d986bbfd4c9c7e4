const UNITS = ["kB", "MB", "GB", "TB"];

/** A number of bytes with three digits and a decimal unit (IEC 80000-13), as file managers show it. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) {
    return bytes === 1 ? "1 byte" : `${Math.round(bytes)} bytes`;
  }
  let value = bytes;
  let unit = "";
  for (const next of UNITS) {
    // What would be rounded to 1000 has the next unit.
    if (unit && value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(value < 9.95 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`;
}
