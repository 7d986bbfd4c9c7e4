import { median } from "../bench/measurement.ts";
import type { Ledger } from "./ledger.ts";
import type { Sample } from "./sample.ts";

/** How much more there may be at the end of a soak than after its warm-up. */
const MAX_GROWTH = { rss: 1.15, descriptors: 1.1, timers: 1.1 } as const;

/** What an operator cannot see in the noise. */
const NEGLIGIBLE = { rss: 0, descriptors: 10, timers: 10 } as const;

/** What is left when everybody is gone that was not there before anybody came. */
export function leftovers(start: Sample, end: Sample): string[] {
  const failures: string[] = [];
  for (const name of ["descriptors", "timers"] as const) {
    if (end[name] > start[name]) {
      failures.push(`${name}: ${start[name]} at the start, ${end[name]} left`);
    }
  }
  for (const name of ["rooms", "peers", "away"] as const) {
    if (end[name] !== 0) failures.push(`${name}: ${end[name]} left`);
  }
  return failures;
}

/** The middle of each figure in one tenth of the samples, counted from 0. */
export function tenth(samples: readonly Sample[], which: number): Sample {
  const part = samples.slice(
    Math.floor(samples.length * which / 10),
    Math.max(1, Math.floor(samples.length * (which + 1) / 10)),
  );
  const middle = (name: keyof Sample) => median(part.map((s) => s[name]));
  return {
    rss: middle("rss"),
    heap: middle("heap"),
    descriptors: middle("descriptors"),
    timers: middle("timers"),
    rooms: middle("rooms"),
    peers: middle("peers"),
    away: middle("away"),
  };
}

/** What has grown from the second to the last tenth of a soak whose load is the same all the time. */
export function growth(samples: readonly Sample[]): string[] {
  const warm = tenth(samples, 1);
  const last = tenth(samples, 9);
  return (["rss", "descriptors", "timers"] as const).flatMap((name) => {
    const most = warm[name] * MAX_GROWTH[name] + NEGLIGIBLE[name];
    return last[name] <= most
      ? []
      : `${name}: grew from ${warm[name]} to ${last[name]}`;
  });
}

/** What visitors have met that must not be, or too often. */
export function misconduct({ counts, complaints }: Ledger): string[] {
  const robbed = counts.get("robbed") ?? 0;
  const challenged = counts.get("challenged") ?? 0;
  // One that answers keeps its seat, unless a process stands still for a second.
  return robbed > 1 + challenged / 20
    ? [...complaints, `robbed: ${robbed} of ${challenged}`]
    : [...complaints];
}
