/**
 * A token bucket: `burst` frames at once, `perSecond` of them on average.
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
    if (now > this.#at) {
      const refilled = this.#tokens + (now - this.#at) * this.#perMs;
      this.#tokens = Math.min(this.#burst, refilled);
    }
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
