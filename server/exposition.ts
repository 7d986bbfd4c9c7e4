import type { Metric, Sample } from "./metric.ts";

/** Media type of what {@linkcode exposition} writes. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes metrics in Prometheus' text format 0.0.4.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function exposition(metrics: readonly Metric[]): string {
  const lines = metrics.flatMap(({ name, kind, help, samples }) => [
    `# HELP ${name} ${escaped(help, /[\\\n]/g)}`,
    `# TYPE ${name} ${kind}`,
    ...samples.flatMap((sample) => linesOf(name, sample)),
  ]);
  return `${lines.join("\n")}\n`;
}

function linesOf(name: string, { labels, value }: Sample): readonly string[] {
  if (typeof value === "number") return [line(name, labels, value)];
  const { buckets, sum, count } = value;
  return [
    ...buckets.map(({ upTo, count }) =>
      line(`${name}_bucket`, { ...labels, le: String(upTo) }, count)
    ),
    line(`${name}_bucket`, { ...labels, le: "+Inf" }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
): string {
  const pairs = Object.entries(labels).map(([label, value]) =>
    `${label}="${escaped(value, /[\\"\n]/g)}"`
  );
  return pairs.length === 0
    ? `${name} ${value}`
    : `${name}{${pairs.join(",")}} ${value}`;
}

/** Text in which the characters that end something are written as the format wants them. */
function escaped(text: string, special: RegExp): string {
  return text.replaceAll(
    special,
    (char) => char === "\n" ? "\\n" : `\\${char}`,
  );
}
