/** How many complaints are kept in words; the rest is counted. */
const KEPT = 20;

/** What happened in a soak, how often, and what should not have. */
export class Ledger {
  readonly #counts = new Map<string, number>();
  readonly #complaints: string[] = [];
  #complained = 0;

  /** Counts something that may happen. */
  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Takes down something that must not happen. */
  complain(what: string): void {
    this.#complained++;
    if (this.#complaints.length < KEPT) this.#complaints.push(what);
  }

  /** What may happen, with how often it did. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** What should not have happened, in words. */
  get complaints(): readonly string[] {
    const more = this.#complained - this.#complaints.length;
    return more > 0
      ? [...this.#complaints, `… and ${more} more`]
      : this.#complaints;
  }
}
