/** Timers that end together. */
export class Timers {
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #ended = false;

  /** Does something later, unless that is cancelled, or all are ended. */
  later(ms: number, action: () => void): () => void {
    if (this.#ended) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  /** Does nothing any more. */
  end(): void {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
