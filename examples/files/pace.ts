/** How much of the past counts. */
const WINDOW_MS = 3000;

/** How fast something grows, from what it was within the last seconds. */
export class Pace {
  #samples: { readonly bytes: number; readonly at: number }[] = [];

  /** Takes how many bytes there are at a time in milliseconds, and answers with bytes per second; `undefined` while that is not known. */
  note(bytes: number, at: number): number | undefined {
    this.#samples = this.#samples.filter((each) => each.at > at - WINDOW_MS);
    this.#samples.push({ bytes, at });
    const [first] = this.#samples;
    if (!first || at - first.at < WINDOW_MS / 4) return;
    return (bytes - first.bytes) / (at - first.at) * 1000;
  }

  /** Forgets the past: a pause counts as no time. */
  reset(): void {
    this.#samples = [];
  }
}
