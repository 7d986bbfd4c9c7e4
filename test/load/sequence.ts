/** Whether what one peer says to another arrives once and in order; it is numbered from 1. */
export class Sequence {
  #last = 0;
  readonly #skipped = new Set<number>();

  /** Takes the number of what has arrived, and tells what that is. */
  take(n: number): "in-order" | "out-of-order" | "twice" {
    if (n > this.#last) {
      for (let i = this.#last + 1; i < n; i++) this.#skipped.add(i);
      this.#last = n;
      return "in-order";
    }
    return this.#skipped.delete(n) ? "out-of-order" : "twice";
  }

  /** How many have not arrived of so many that were said. */
  missing(said: number): number {
    return this.#skipped.size + Math.max(0, said - this.#last);
  }
}
