import { within } from "./within.ts";

/** How often an engine is asked whether it is there. With the next one, an engine that froze is found out within 3 s. */
const PROBE_MS = 750;

/** How long it may take to answer. */
const ANSWER_MS = 2000;

/** How long an attempt to connect may take. */
const CONNECT_MS = 4000;

/** How long what is left over at the end may take. */
const END_MS = 1000;

/** Longest wait between two attempts. */
const MAX_WAIT_MS = 2000;

/** How many reasons of one outage are told. */
const MAX_REASONS = 8;

/** What can be asked of a connection to an engine, whichever it is. */
export interface Session {
  /** Resolves if all of it answers. */
  ping(): Promise<unknown>;
  /** Resolves when what was sent before has arrived. */
  leave(): Promise<unknown>;
}

/** One attempt to connect, and the session that it leads to. */
export interface Life {
  /** Says that the connection is lost. */
  lost(reason: string): void;
  /** Does that when the attempt or the session is over; at once if it is. */
  defer(end: () => unknown): void;
}

/** How a session is made, and who is told of it. */
export interface Upkeep<S extends Session> {
  /** Connects. */
  connect(life: Life): Promise<S>;
  /** There is a session, which answers. */
  onUp(session: S): void;
  /** It is lost. */
  onDown(reason: string): void;
  /** There is none, and why not; each reason once until there is one. */
  onTrouble?(reason: string): void;
}

/** Keeps a session with an engine: asks all the time whether it answers, and makes a new one when it does not, for ever. */
export class KeptSession<S extends Session> {
  readonly #upkeep: Upkeep<S>;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  /** What is left over of lives that are over. */
  readonly #ends = new Set<Promise<unknown>>();
  #current: S | undefined;

  constructor(upkeep: Upkeep<S>) {
    this.#upkeep = upkeep;
    this.#ended = this.#run();
  }

  /** The session, while there is one that answers. */
  get current(): S | undefined {
    return this.#current;
  }

  /** Leaves, for good; nobody is told. Closing twice is fine. */
  async close(): Promise<void> {
    const session = this.#current;
    this.#current = undefined;
    if (session && !this.#closing.signal.aborted) {
      // What was sent last is a goodbye.
      await within(END_MS, session.leave()).catch(() => {});
    }
    this.#closing.abort(new Error("closed"));
    await this.#ended;
    await within(END_MS, Promise.all(this.#ends)).catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const told = new Set<string>();
    let attempts = 0;
    for (;;) {
      // Not before whoever opens the link has it in hand.
      await Promise.resolve();
      const over = new AbortController();
      const { wasUp, reason } = await this.#live(over);
      if (signal.aborted) return;
      if (wasUp) {
        attempts = 0;
        told.clear();
        this.#upkeep.onDown(reason);
      } else if (!told.has(reason) && told.size < MAX_REASONS) {
        told.add(reason);
        this.#upkeep.onTrouble?.(reason);
      }
      try {
        await wait(waitMs(attempts++, Math.random()), signal);
      } catch {
        return;
      }
    }
  }

  /** From an attempt to the end of the session that came of it. */
  async #live(
    over: AbortController,
  ): Promise<{ wasUp: boolean; reason: string }> {
    const signal = AbortSignal.any([over.signal, this.#closing.signal]);
    const ends: (() => unknown)[] = [];
    let wasUp = false;
    try {
      signal.throwIfAborted();
      const session = await within(
        CONNECT_MS,
        unless(
          signal,
          this.#upkeep.connect({
            lost: (reason) => over.abort(new Error(reason)),
            defer: (end) => {
              if (signal.aborted) this.#end(end);
              else ends.push(end);
            },
          }),
        ),
      );
      await within(ANSWER_MS, unless(signal, session.ping()));
      this.#current = session;
      wasUp = true;
      this.#upkeep.onUp(session);
      for (;;) {
        await wait(PROBE_MS, signal);
        await within(ANSWER_MS, unless(signal, session.ping()));
      }
    } catch (error) {
      return { wasUp, reason: messageOf(error) };
    } finally {
      this.#current = undefined;
      over.abort();
      for (const end of ends.reverse()) this.#end(end);
    }
  }

  #end(end: () => unknown): void {
    const ended = (async () => await end())().catch(() => {});
    this.#ends.add(ended);
    ended.then(() => this.#ends.delete(ended));
  }
}

/** How long to wait after that many attempts which failed: ever longer, and not as long as all others that lost the same engine. */
function waitMs(attempts: number, random: number): number {
  return Math.min(MAX_WAIT_MS, 100 * 2 ** attempts) * (0.5 + random / 2);
}

/** The answer, unless the signal is aborted before. */
async function unless<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([answer, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await unless(signal, promise);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message || "it does not say why";
}
