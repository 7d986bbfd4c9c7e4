/** How many there are of what, by name; what has no name counts in all alone. */
export class Counts {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** How many there are in all. */
  get total(): number {
    return this.#total;
  }

  /** How many there are under a name. */
  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** One more. */
  add(name: string | undefined): void {
    this.#total++;
    if (name !== undefined) this.#counts.set(name, this.count(name) + 1);
  }

  /** One less, which must have been added. */
  remove(name: string | undefined): void {
    this.#total--;
    if (name === undefined) return;
    const left = this.count(name) - 1;
    if (left > 0) this.#counts.set(name, left);
    else this.#counts.delete(name);
  }
}
