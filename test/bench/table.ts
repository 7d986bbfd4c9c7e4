import { type Measurement, median } from "./measurement.ts";

const HEAD = ["bench", "ours", "floor", "ratio", "min..max", "n", "aim", ""];

/** Lays measurements out for a person. The ratio is the median of the ratios of neighbouring samples. */
export function table(measurements: readonly Measurement[]): string {
  const rows = [HEAD, ...measurements.map(row)];
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0))
  );
  return rows.map((cells) =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
      .trimEnd()
  ).join("\n");
}

function row({ name, unit, floorName, samples, aim }: Measurement): string[] {
  const ratios = samples.map(({ ours, floor }) => ours / floor);
  const ratio = median(ratios);
  const ours = median(samples.map((sample) => sample.ours));
  const floor = median(samples.map((sample) => sample.floor));
  const met = "ratio" in aim ? ratio <= aim.ratio : ours <= aim.ours;
  return [
    name,
    `${ours.toFixed(1)} ${unit}`,
    `${floor.toFixed(1)} ${unit} (${floorName})`,
    ratio.toFixed(2),
    `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`,
    String(samples.length),
    "ratio" in aim ? `ratio ${aim.ratio.toFixed(2)}` : `${aim.ours} ${unit}`,
    met ? "met" : "missed",
  ];
}
