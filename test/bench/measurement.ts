/** What a bench found: samples of a few rounds, and what they should come to. */
export interface Measurement {
  /** Name of the bench. */
  readonly name: string;
  /** Unit of the samples. */
  readonly unit: string;
  /** What ours is compared with. */
  readonly floorName: string;
  /** One entry for each round, in which all were measured right after each other. */
  readonly samples: readonly Sample[];
  /** What is aimed at: a bound of the median ratio, or of our own figure. */
  readonly aim: { readonly ratio: number } | { readonly ours: number };
}

/** The two things that are compared. */
export type Side = "ours" | "floor";

/** All that was measured in one round. */
export interface Sample extends Readonly<Record<Side, number>> {
  /** What else does the same, by name. Of those nothing is asked, and they may fail. */
  readonly others: ReadonlyMap<string, number | Failure>;
}

/** Why there is no figure. */
export interface Failure {
  readonly why: string;
}

/** After so many failures a side is not measured again: each may have taken all the time there is. */
const GIVE_UP = 2;

/**
 * Measures all sides `count` times. The order turns and is reversed from round
 * to round: whatever drifts on the machine, or follows from who went before,
 * then helps nobody.
 */
export async function interleaved<Other extends string = never>(
  count: number,
  measure: (side: Side | Other) => Promise<number>,
  others: readonly Other[] = [],
): Promise<Sample[]> {
  const sides: readonly (Side | Other)[] = ["ours", "floor", ...others];
  const failures = new Map<string, Failure[]>();

  async function attempt(other: Side | Other): Promise<number | Failure> {
    const before = failures.get(other) ?? [];
    const [first] = before;
    if (first && before.length === GIVE_UP) return first;
    try {
      return await measure(other);
    } catch (error) {
      const failure = { why: reasonOf(error) };
      failures.set(other, [...before, failure]);
      return failure;
    }
  }

  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) {
    const figures: Record<Side, number> = { ours: NaN, floor: NaN };
    const others = new Map<string, number | Failure>();
    for (const side of inOrder(sides, i)) {
      if (isCompared(side)) figures[side] = await measure(side);
      else others.set(side, await attempt(side));
    }
    samples.push({ ...figures, others });
  }
  return samples;
}

function isCompared(side: string): side is Side {
  return side === "ours" || side === "floor";
}

/** The order of a round. */
function inOrder<T>(sides: readonly T[], round: number): readonly T[] {
  const first = (round >> 1) % sides.length;
  const turned = [...sides.slice(first), ...sides.slice(0, first)];
  return round % 2 === 0 ? turned : turned.reverse();
}

/** The first line: that of a page goes on with its stack. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0] ?? text;
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return ((sorted[lower] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
}
