import { RateLimit } from "./rate_limit.ts";

/** A {@linkcode RateLimit} for each address. Those that are as full as new ones are forgotten. */
export class RateLimits {
  readonly #perSecond: number;
  readonly #burst: number;
  /** The one that was used last is the last one. */
  readonly #limits = new Map<string, RateLimit>();

  /** Full buckets for everybody. */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** How many addresses it remembers. */
  get size(): number {
    return this.#limits.size;
  }

  /** Takes one token of `address`; `false` when there was none. Who has no address has no limit. */
  take(address: string | undefined, now: number): boolean {
    if (address === undefined) return true;
    const limit = this.#limits.get(address) ??
      new RateLimit(this.#perSecond, this.#burst, now);
    this.#limits.delete(address);
    for (const [address, limit] of this.#limits) {
      if (!limit.isFull(now)) break;
      this.#limits.delete(address);
    }
    this.#limits.set(address, limit);
    return limit.take(now);
  }
}
