/** Lets something happen so many times within a span of time: a peer decides how often it asks, we how often we follow. */
export class Pace {
  readonly #times: number[] = [];
  readonly #count: number;
  readonly #spanMs: number;

  /** Nothing has happened yet. */
  constructor(count: number, spanMs: number) {
    this.#count = count;
    this.#spanMs = spanMs;
  }

  /** Whether it may happen now; if so, it counts as having happened. */
  allows(): boolean {
    const now = performance.now();
    const [first = -Infinity] = this.#times;
    const full = this.#times.length === this.#count;
    if (full && now - first < this.#spanMs) return false;
    if (full) this.#times.shift();
    this.#times.push(now);
    return true;
  }
}
