/** Times are told apart from here on, in milliseconds. */
const LEAST_MS = 0.001;
/** How much longer the times of one class are than those of the one before. */
const STEP = 1.02;

/** How many times there were of each class, by its number. */
export type Classes = Readonly<Record<number, number>>;

/** Any number of times, to two percent, in little memory. Those of several processes can be added up. */
export class Latencies {
  readonly #counts = new Map<number, number>();
  #total = 0;

  /** Takes a time in milliseconds. */
  add(ms: number): void {
    const times = Math.max(1, ms / LEAST_MS);
    this.#count(Math.ceil(Math.log(times) / Math.log(STEP)), 1);
  }

  /** Takes what another one has. */
  addAll(classes: Classes): void {
    for (const [number, count] of Object.entries(classes)) {
      this.#count(Number(number), count);
    }
  }

  /** What it has, for {@linkcode Latencies.addAll}; it has nothing then. */
  take(): Classes {
    const classes = Object.fromEntries(this.#counts);
    this.#counts.clear();
    this.#total = 0;
    return classes;
  }

  /** The time that so many percent do not exceed, in milliseconds; `null` if there are no times. */
  percentile(percent: number): number | null {
    let left = this.#total * percent / 100;
    for (const number of [...this.#counts.keys()].sort((a, b) => a - b)) {
      left -= this.#counts.get(number) ?? 0;
      // What adding up has lost must not make it the next one.
      if (left <= 1e-6) return LEAST_MS * STEP ** number;
    }
    return null;
  }

  #count(number: number, count: number): void {
    this.#counts.set(number, (this.#counts.get(number) ?? 0) + count);
    this.#total += count;
  }
}
