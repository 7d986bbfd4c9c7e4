/** Time that passes only when a test says so: it stands in for the global timers and the clock until it is disposed. */
export class FakeTime implements Disposable {
  readonly #timers = new Map<number, { at: number; run: () => void }>();
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    now: Date.now,
  };
  #passed = 0;
  #clock = 1_700_000_000_000;
  #lastId = 0;

  /** Stops the time. */
  constructor() {
    const setTimeout = (run: () => void, ms = 0): number => {
      this.#timers.set(++this.#lastId, { at: this.#passed + ms, run });
      return this.#lastId;
    };
    const clearTimeout = (id?: number): void => {
      if (id !== undefined) this.#timers.delete(id);
    };
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = () => this.#clock;
  }

  /** Milliseconds that have passed. */
  get passed(): number {
    return this.#passed;
  }

  /** Number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers run when they are due, in order. */
  pass(ms: number): void {
    const end = this.#passed + ms;
    for (let next = this.#due(end); next; next = this.#due(end)) {
      const [id, { at, run }] = next;
      this.#move(at);
      this.#timers.delete(id);
      run();
    }
    this.#move(end);
  }

  /** Sets the clock forward, or back, as if the machine had slept: timers do not notice. */
  turnClock(ms: number): void {
    this.#clock += ms;
  }

  /** Gives the real timers and the real clock back. */
  [Symbol.dispose](): void {
    const { setTimeout, clearTimeout, now } = this.#real;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = now;
  }

  /** The timer that is due first, until `end`; of two at the same time the one that was set first. */
  #due(end: number): [number, { at: number; run: () => void }] | undefined {
    return [...this.#timers]
      .filter(([, { at }]) => at <= end)
      .sort(([, a], [, b]) => a.at - b.at)[0];
  }

  #move(to: number): void {
    this.#clock += to - this.#passed;
    this.#passed = to;
  }
}
