/**
 * A token bucket: `burst` at once, `perSecond` of them on average.
 * Holds no clock; whoever asks says what time it is.
 */
export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** A full bucket at the time `now`, in milliseconds. */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes one token; `false` when there was none. A clock that goes back refills nothing. */
  take(now: number): boolean {
    this.#tokens = this.#filled(now);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Whether a new one is as good: it is full again, or of a clock that has gone back since. */
  isFull(now: number): boolean {
    return now < this.#at || this.#filled(now) === this.#burst;
  }

  #filled(now: number): number {
    const refilled = Math.max(0, now - this.#at) * this.#perMs;
    return Math.min(this.#burst, this.#tokens + refilled);
  }
}
