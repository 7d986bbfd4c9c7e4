import type { Message } from "../events.ts";
import type { ExchangeOptions } from "./exchange.ts";
import { Fifo } from "./fifo.ts";

/** How much of a peer may wait to be read before that peer has to wait. */
const HIGH_WATER_BYTES = 2 ** 20;
/** What a message takes beside its data. */
const OVERHEAD_BYTES = 64;

/**
 * Messages in the order in which they come, one after the other. A peer that
 * says more than is read has to wait.
 */
export class MessageQueue implements AsyncIterableIterator<Message> {
  readonly #options: Pick<ExchangeOptions, "plane">;
  readonly #signal: AbortSignal | undefined;
  readonly #offs: (() => void)[];
  readonly #messages = new Fifo<Message>();
  /** How much of each peer waits, of those that have to wait or soon do. */
  readonly #waitingBytes = new Map<string, number>();
  readonly #held = new Map<string, () => void>();
  #readers: PromiseWithResolvers<IteratorResult<Message, undefined>>[] = [];
  #state: "open" | "closed" | "aborted" = "open";
  readonly #abort = () => this.#end("aborted");

  /** Takes what comes from now on. */
  constructor(
    options:
      & Pick<ExchangeOptions, "plane" | "on" | "onMessage">
      & { readonly signal: AbortSignal | undefined },
  ) {
    const { on, onMessage, signal } = options;
    this.#options = options;
    this.#signal = signal;
    this.#offs = [
      onMessage((message) => this.#push(message)),
      // A pair that is made anew is not held any more.
      on("peer-disconnect", (peer) => void this.#held.delete(peer)),
      on("state", ({ state }) => state === "closed" && this.#end("closed")),
    ];
    if (signal?.aborted) this.#end("aborted");
    else signal?.addEventListener("abort", this.#abort);
  }

  /** The next message, as soon as there is one. */
  next(): Promise<IteratorResult<Message, undefined>> {
    const reader = Promise.withResolvers<IteratorResult<Message, undefined>>();
    this.#readers.push(reader);
    this.#serve();
    return reader.promise;
  }

  /** Stops: what was not read is dropped. */
  return(): Promise<IteratorResult<Message, undefined>> {
    this.#messages.clear();
    this.#end("closed");
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(message: Message): void {
    // It may have ended while others heard of the same message.
    if (this.#state !== "open") return;
    this.#messages.push(message);
    this.#count(message, 1);
    this.#serve();
  }

  #serve(): void {
    while (this.#readers.length > 0) {
      if (this.#state === "aborted") {
        this.#readers.shift()?.reject(this.#signal?.reason);
        continue;
      }
      const message = this.#messages.shift();
      if (!message && this.#state === "open") return;
      const reader = this.#readers.shift();
      if (!message) {
        reader?.resolve({ done: true, value: undefined });
        continue;
      }
      this.#count(message, -1);
      reader?.resolve({ done: false, value: message });
    }
  }

  /** Holds a peer, or lets it go on. */
  #count({ data, peer }: Message, sign: 1 | -1): void {
    const bytes = typeof data === "string" ? data.length : data.byteLength;
    const before = this.#waitingBytes.get(peer) ?? 0;
    const now = before + sign * (bytes + OVERHEAD_BYTES);
    if (now > 0) this.#waitingBytes.set(peer, now);
    else this.#waitingBytes.delete(peer);
    if (now <= HIGH_WATER_BYTES) return this.#release(peer);
    const plane = this.#options.plane(peer);
    if (this.#held.has(peer) || !plane) return;
    plane.hold();
    this.#held.set(peer, () => plane.release());
  }

  #release(peer: string): void {
    const release = this.#held.get(peer);
    this.#held.delete(peer);
    release?.();
  }

  #end(state: "closed" | "aborted"): void {
    if (this.#state !== "open") return;
    this.#state = state;
    this.#signal?.removeEventListener("abort", this.#abort);
    for (const off of this.#offs) off();
    if (state === "aborted") this.#messages.clear();
    for (const peer of [...this.#held.keys()]) this.#release(peer);
    this.#serve();
  }
}
