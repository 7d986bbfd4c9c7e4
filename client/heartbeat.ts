/** How often a socket is asked for a sign of life; one that gave none until the next time is dead. */
const BEAT_MS = 8_000;
/** The same after something happened to the network or to the machine. */
const HURRY_MS = 2_000;

/** What a heartbeat does to a socket. */
export interface HeartbeatOptions {
  /** Asks the server for a sign of life. */
  ping(): void;
  /** None came. */
  onDead(): void;
}

/** Finds a dead socket within 16 seconds: a network that swallows packets closes nothing. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #asked = false;
  #dueAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Does nothing yet. */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Asks now, and again and again. */
  start(): void {
    this.#ask(BEAT_MS);
  }

  /** Asks now, and waits for less long than usual; no longer than it did already. */
  hurry(ms = HURRY_MS): void {
    const sooner = this.#asked && this.#dueAt <= Date.now() + ms;
    if (!sooner) this.#ask(ms);
  }

  /** Must be called with everything that the server says. */
  heard(): void {
    this.#asked = false;
  }

  /** Counts as dead after so long, whatever is heard, unless it is hurried: the server has said that it will be. */
  expire(ms: number): void {
    this.stop();
    this.#timer = setTimeout(() => this.#options.onDead(), ms);
  }

  /** Asks no more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #ask(ms: number): void {
    this.stop();
    this.#asked = true;
    this.#dueAt = Date.now() + ms;
    this.#timer = setTimeout(() => this.#judge(), ms);
    this.#options.ping();
  }

  #judge(): void {
    if (this.#asked) return this.#options.onDead();
    // When the machine has slept, or the page, its socket may not have outlived that.
    const late = Date.now() - this.#dueAt > HURRY_MS;
    this.#ask(late ? HURRY_MS : BEAT_MS);
  }
}
