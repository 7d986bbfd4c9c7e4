/** Lets so many in at once; the others wait, in the order in which they came. */
export class Gate {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** A gate to so many places, all of them free. */
  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves when there is a place; `undefined` if there is one right away. Whoever has got in must leave. */
  enter(): Promise<void> | undefined {
    if (this.#free === 0) {
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    this.#free--;
  }

  /** Gives the place to the next one. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
