/** What a bench found: pairs of neighbouring samples, and what they should come to. */
export interface Measurement {
  /** Name of the bench. */
  readonly name: string;
  /** Unit of the samples. */
  readonly unit: string;
  /** What ours is compared with. */
  readonly floorName: string;
  /** One entry for each time both were measured, right after each other. */
  readonly samples: readonly Sample[];
  /** What is aimed at: a bound of the median ratio, or of our own figure. */
  readonly aim: { readonly ratio: number } | { readonly ours: number };
}

/** Ours and the floor, measured right after each other. */
export interface Sample {
  readonly ours: number;
  readonly floor: number;
}

/** The two things that are compared. */
export type Side = keyof Sample;

/**
 * Measures both sides `count` times. Who goes first alternates: whatever
 * drifts on the machine then helps neither.
 */
export async function interleaved(
  count: number,
  measure: (side: Side) => Promise<number>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) {
    const order: readonly Side[] = i % 2 === 0
      ? ["ours", "floor"]
      : ["floor", "ours"];
    const sample = { ours: 0, floor: 0 };
    for (const side of order) sample[side] = await measure(side);
    samples.push(sample);
  }
  return samples;
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return ((sorted[lower] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
}
