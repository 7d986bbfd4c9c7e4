import { type Classes, Latencies } from "./latencies.ts";

/** What a tally holds, as it goes from process to process. */
export interface Figures {
  readonly welcomed: number;
  /** From the first attempt to the last welcome. */
  readonly joinMs: number;
  readonly welcome: Classes;
  readonly sent: number;
  readonly received: number;
  /** How many signals were due and not sent, since this process was too slow. */
  readonly forgone: number;
  /** How long they talked. */
  readonly talkMs: number;
  readonly relay: Classes;
  /** How much of a core this process took, at most, while they came or talked. */
  readonly busy: number;
  readonly errors: Readonly<Record<string, number>>;
}

/** What happened under a load. */
export class Tally {
  /** From the first word to the welcome. */
  readonly welcome: Latencies = new Latencies();
  /** From saying a signal to hearing it. */
  readonly relay: Latencies = new Latencies();
  welcomed = 0;
  joinMs = 0;
  sent = 0;
  received = 0;
  forgone = 0;
  talkMs = 0;
  busy = 0;
  readonly #errors = new Map<string, number>();

  /** Takes down what must not happen, by kind. */
  fail(kind: string, count = 1): void {
    if (count > 0) {
      this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + count);
    }
  }

  /** How often each kind happened. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  /** Adds what a process has counted in a phase. */
  add(figures: Figures): void {
    this.welcome.addAll(figures.welcome);
    this.relay.addAll(figures.relay);
    this.welcomed += figures.welcomed;
    this.sent += figures.sent;
    this.received += figures.received;
    this.forgone += figures.forgone;
    this.joinMs = Math.max(this.joinMs, figures.joinMs);
    this.talkMs = Math.max(this.talkMs, figures.talkMs);
    this.busy = Math.max(this.busy, figures.busy);
    for (const [kind, count] of Object.entries(figures.errors)) {
      this.fail(kind, count);
    }
  }

  /** What it has, for {@linkcode Tally.add}; it has nothing then. */
  take(): Figures {
    const { welcomed, joinMs, sent, received, forgone, talkMs, busy } = this;
    const errors = Object.fromEntries(this.#errors);
    this.welcomed =
      this.joinMs =
      this.sent =
      this.received =
        0;
    this.forgone = this.talkMs = this.busy = 0;
    this.#errors.clear();
    return {
      welcomed,
      joinMs,
      welcome: this.welcome.take(),
      sent,
      received,
      forgone,
      talkMs,
      relay: this.relay.take(),
      busy,
      errors,
    };
  }
}
