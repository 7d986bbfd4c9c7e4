/** Things in the order in which they were pushed. Where tens of thousands wait, the `shift` of an array moves them all each time. */
export class Fifo<T> {
  /** The first ones, backwards. */
  #out: T[] = [];
  #in: T[] = [];

  /** How many there are. */
  get length(): number {
    return this.#out.length + this.#in.length;
  }

  /** Puts one at the end. */
  push(item: T): void {
    this.#in.push(item);
  }

  /** Takes out the first one, if there is one. */
  shift(): T | undefined {
    if (this.#out.length === 0) {
      this.#out = this.#in.reverse();
      this.#in = [];
    }
    return this.#out.pop();
  }

  /** Takes out one that need not be there; tells whether it was. */
  remove(item: T): boolean {
    return [this.#out, this.#in].some((items) => {
      const index = items.lastIndexOf(item);
      if (index >= 0) items.splice(index, 1);
      return index >= 0;
    });
  }

  /** Takes out all, in order. */
  clear(): T[] {
    const items = [...this.#out.reverse(), ...this.#in];
    this.#out = [];
    this.#in = [];
    return items;
  }
}
