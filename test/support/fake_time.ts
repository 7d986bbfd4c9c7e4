/** Time that passes only when a test says so: it stands in for the global timers and the clock until it is disposed. */
export class FakeTime implements Disposable {
  readonly #timers = new Map<number, Timer>();
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
  };
  readonly #now = Date.now;
  #passed = 0;
  #clock = 1_700_000_000_000;
  #lastId = 0;

  /** Stops the time. */
  constructor() {
    const setTimeout = (run: () => void, ms = 0): number => {
      this.#timers.set(++this.#lastId, { at: this.#passed + ms, run });
      return this.#lastId;
    };
    const setInterval = (run: () => void, every: number): number => {
      const at = this.#passed + every;
      this.#timers.set(++this.#lastId, { at, run, every });
      return this.#lastId;
    };
    const clearTimeout = (id?: number): void => {
      if (id !== undefined) this.#timers.delete(id);
    };
    const clearInterval = clearTimeout;
    Object.assign(globalThis, {
      setTimeout,
      clearTimeout,
      setInterval,
      clearInterval,
    });
    Date.now = () => this.#clock;
    // Never goes back (High Resolution Time §3), whatever becomes of the clock.
    performance.now = () => this.#passed;
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
    while (this.#runNext(end));
    this.#move(end);
  }

  /** The same, with all that promises do in between. */
  async flow(ms: number): Promise<void> {
    const end = this.#passed + ms;
    do await settle(); while (this.#runNext(end));
    this.#move(end);
  }

  /** Sets the clock forward, or back, as if the machine had slept: timers do not notice. */
  turnClock(ms: number): void {
    this.#clock += ms;
  }

  /** Gives the real timers and the real clock back. */
  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
    Date.now = this.#now;
    Reflect.deleteProperty(performance, "now");
  }

  /** Runs the timer that is due first, of two at the same time the one that was set first; tells whether one was, until `end`. */
  #runNext(end: number): boolean {
    let next: [number, Timer] | undefined;
    for (const each of this.#timers) {
      if (each[1].at <= end && each[1].at < (next?.[1].at ?? Infinity)) {
        next = each;
      }
    }
    if (!next) return false;
    const [id, timer] = next;
    const { at, run, every } = timer;
    this.#move(at);
    this.#timers.delete(id);
    if (every !== undefined) {
      this.#timers.set(id, { at: at + every, run, every });
    }
    run();
    return true;
  }

  #move(to: number): void {
    this.#clock += to - this.#passed;
    this.#passed = to;
  }
}

/** What is set, and when it is due; an interval comes `every` so often. */
interface Timer {
  readonly at: number;
  readonly run: () => void;
  readonly every?: number;
}

/** More turns than any chain of promises in the sources takes. */
const TURNS = 60;

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
}
