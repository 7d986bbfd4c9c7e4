import { type Failure, type Measurement, median } from "./measurement.ts";

const HEAD = ["bench", "ours", "floor", "ratio", "min..max", "n", "aim", ""];

/**
 * Lays measurements out for a person. The ratio is the median of the ratios
 * within each round. What was measured beside ours has a row of its own, with
 * its figure in the column of ours.
 */
export function table(measurements: readonly Measurement[]): string {
  const rows = [HEAD, ...measurements.flatMap(rowsOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0))
  );
  return rows.map((cells) =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
      .trimEnd()
  ).join("\n");
}

/** A figure, and that of the floor in the same round. */
interface Compared {
  readonly figure: number;
  readonly floor: number;
}

function rowsOf(measurement: Measurement): string[][] {
  const { name, unit, floorName, samples, aim } = measurement;
  const ours = samples.map(({ ours, floor }) => ({ figure: ours, floor }));
  const { figure, ratio, cells } = compare(ours, unit);
  const floor = median(samples.map(({ floor }) => floor));
  const met = "ratio" in aim ? ratio <= aim.ratio : figure <= aim.ours;
  const others = new Set(samples.flatMap(({ others }) => [...others.keys()]));
  return [
    [
      name,
      cells.figure,
      `${floor.toFixed(1)} ${unit} (${floorName})`,
      ...cells.rest,
      "ratio" in aim ? `ratio ${aim.ratio.toFixed(2)}` : `${aim.ours} ${unit}`,
      met ? "met" : "missed",
    ],
    ...[...others].map((other) => rowOf(other, measurement)),
  ];
}

function rowOf(other: string, { samples, unit }: Measurement): string[] {
  const compared: Compared[] = [];
  const failures: Failure[] = [];
  for (const { floor, others } of samples) {
    const figure = others.get(other);
    if (typeof figure === "number") compared.push({ figure, floor });
    else if (figure) failures.push(figure);
  }
  const [failure] = failures;
  const { cells } = compare(compared, unit);
  const times = compared.length > 0 ? ` ${failures.length} times` : "";
  return [
    `  ${other}`,
    ...(compared.length > 0
      ? [cells.figure, "", ...cells.rest]
      : ["", "", "", "", "0"]),
    "",
    failure ? `fails${times}: ${failure.why}` : "",
  ];
}

function compare(compared: readonly Compared[], unit: string) {
  const figure = median(compared.map(({ figure }) => figure));
  const ratios = compared.map(({ figure, floor }) => figure / floor);
  const ratio = median(ratios);
  return {
    figure,
    ratio,
    cells: {
      figure: `${figure.toFixed(1)} ${unit}`,
      rest: [
        ratio.toFixed(2),
        `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`,
        String(compared.length),
      ],
    },
  };
}
