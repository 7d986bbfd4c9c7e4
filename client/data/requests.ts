import type { IncomingItem } from "./assembler.ts";
import { isFields, readJson } from "../../protocol.ts";
import { Fifo } from "./fifo.ts";
import { KIND, type Kind } from "./item_frame.ts";
import type { ItemQueue, OutgoingItem } from "./item_queue.ts";
import { viewOf } from "./lane_frame.ts";
import { Payload, type Sendable } from "./payload.ts";
import { RequestError, type RequestErrorCode } from "./request_error.ts";
import { toData } from "./to_data.ts";

/** Most requests of one side that are on their way or being answered. */
const MAX_OPEN = 64;
/** The longest time a timer takes; beyond it, it would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Most of a failure that crosses the wire. */
const MAX_CODE_CHARS = 64;
const MAX_REASON_CHARS = 1024;

/** What a peer asks. */
export interface Request<Data extends string | ArrayBuffer> {
  /** What it sent. */
  readonly data: Data;
  /** Its id. */
  readonly peer: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Answers requests. What it throws reaches the peer as `handler-failed`, a {@linkcode RequestError} as it is. */
export type RequestHandler<Data extends string | ArrayBuffer> = (
  request: Request<Data>,
) => Sendable | Promise<Sendable>;

/** What requests need. */
export interface RequestsOptions {
  /** Id of the peer. */
  readonly peer: string;
  /** Where requests and answers leave. */
  readonly queue: ItemQueue;
  /** Largest answer that the peer takes. */
  maxAnswerBytes(): number;
  /** Who answers, if anybody does. */
  handler(): RequestHandler<string | ArrayBuffer> | undefined;
}

/** A request that waits for its answer. */
interface Open {
  readonly resolve: (data: string | ArrayBuffer) => void;
  readonly reject: (error: unknown) => void;
}

/** The requests of one pair, in both directions. */
export class Requests {
  readonly #options: RequestsOptions;
  #lastNumber = 0;
  readonly #open = new Map<number, Open>();
  /** Those that begin when others have ended. */
  readonly #waiting = new Fifo<() => void>();
  readonly #answering = new Map<number, AbortController>();
  /** Handlers that have not come to an end, though nobody may wait for them any more. */
  #running = 0;

  /** Asks and answers nothing yet. */
  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Asks the peer. */
  async ask(
    payload: Payload,
    options: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<string | ArrayBuffer> {
    const { signal, timeoutMs } = options;
    const { queue, peer } = this.#options;
    signal?.throwIfAborted();
    const number = this.#lastNumber = (this.#lastNumber + 1) % 2 ** 32;
    let item: OutgoingItem | undefined;
    let left = false;
    const { promise, resolve, reject } = Promise.withResolvers<
      string | ArrayBuffer
    >();
    const begin = () => {
      item = {
        kind: payload.text ? KIND.textRequest : KIND.binaryRequest,
        head: numberBytes(number),
        payload,
        onLeft: () => left = true,
        onFail: reject,
      };
      queue.push(item);
    };
    const abort = () => reject(signal?.reason);
    this.#open.set(number, { resolve, reject });
    signal?.addEventListener("abort", abort);
    const timer = setTimeout(() => {
      const message = `peer "${peer}" did not answer within ${timeoutMs} ms`;
      reject(new RequestError("timeout", message, { peer }));
    }, Math.min(timeoutMs, MAX_TIMER_MS));
    if (this.#open.size <= MAX_OPEN) begin();
    else this.#waiting.push(begin);
    if (!left) payload.keep();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      // Still there: it ended without an answer.
      const unanswered = this.#open.delete(number);
      if (!item) this.#waiting.remove(begin);
      else if (!left) queue.remove(item);
      else if (unanswered) this.#say(KIND.cancel, number);
      if (this.#open.size - this.#waiting.length < MAX_OPEN) {
        this.#waiting.shift()?.();
      }
    }
  }

  /** Takes a request, or what became of one; `false` if no honest peer says that. */
  receive({ kind, bytes }: IncomingItem): boolean {
    if (bytes.byteLength < 4) return false;
    const number = viewOf(bytes).getUint32(0);
    const body = bytes.slice(4);
    switch (kind) {
      case KIND.textRequest:
      case KIND.binaryRequest:
        if (this.#answering.has(number)) return false;
        void this.#answer(number, toData(body, kind === KIND.textRequest));
        return true;
      case KIND.cancel:
        this.#answering.get(number)?.abort();
        return this.#answering.delete(number) || true;
      case KIND.textAnswer:
      case KIND.binaryAnswer:
      case KIND.failure:
        return this.#settle(number, kind, body);
      default:
        return false;
    }
  }

  /** Ends all of them: the other side has begun anew, or is gone. */
  reset(): void {
    const { peer } = this.#options;
    const error = new RequestError("peer-left", `peer "${peer}" is gone`, {
      peer,
    });
    this.#waiting.clear();
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { reject } of open) reject(error);
    const answering = [...this.#answering.values()];
    this.#answering.clear();
    for (const controller of answering) controller.abort(error);
  }

  #settle(
    number: number,
    kind: Kind,
    body: Uint8Array<ArrayBuffer>,
  ): boolean {
    const open = this.#open.get(number);
    if (kind !== KIND.failure) {
      this.#open.delete(number);
      open?.resolve(toData(body, kind === KIND.textAnswer));
      return true;
    }
    const value = readJson(toData(body, true) as string);
    if (!isFields(value)) return false;
    const { code, reason } = value;
    if (typeof code !== "string" || typeof reason !== "string") return false;
    this.#open.delete(number);
    const { peer } = this.#options;
    open?.reject(new RequestError(code, reason, { peer }));
    return true;
  }

  async #answer(number: number, data: string | ArrayBuffer): Promise<void> {
    const { peer, queue, handler, maxAnswerBytes } = this.#options;
    const answer = handler();
    if (!answer) {
      return this.#fail(number, "no-handler", "the peer answers no requests");
    }
    if (this.#running === MAX_OPEN) {
      return this.#fail(number, "busy", "the peer answers too many requests");
    }
    const controller = new AbortController();
    const { signal } = controller;
    this.#answering.set(number, controller);
    this.#running++;
    try {
      const payload = new Payload(
        "answer",
        await answer({ data, peer, signal }),
      );
      if (signal.aborted) return;
      if (payload.byteLength > maxAnswerBytes()) throw tooLarge();
      payload.keep();
      await new Promise<void>((resolve, reject) => {
        const item: OutgoingItem = {
          kind: payload.text ? KIND.textAnswer : KIND.binaryAnswer,
          head: numberBytes(number),
          payload,
          onLeft: resolve,
          // It may have said only now what it takes.
          onFail: (error) =>
            reject(error instanceof RangeError ? tooLarge() : error),
        };
        signal.addEventListener("abort", () => {
          queue.remove(item);
          resolve();
        });
        queue.push(item);
      });
    } catch (error) {
      if (signal.aborted) return;
      const told = error instanceof RequestError;
      // What went wrong here is for the console, not for the peer.
      if (!told) {
        // Node has no reportError.
        queueMicrotask(() => {
          throw error;
        });
      }
      const code = told ? error.code : "handler-failed";
      this.#fail(number, code, told ? error.message : "its handler failed");
    } finally {
      this.#running--;
      // Whoever began anew may have used the number again.
      if (this.#answering.get(number) === controller) {
        this.#answering.delete(number);
      }
    }
  }

  #fail(number: number, code: RequestErrorCode, reason: string): void {
    const failure = {
      code: String(code).slice(0, MAX_CODE_CHARS),
      reason: reason.slice(0, MAX_REASON_CHARS),
    };
    this.#say(KIND.failure, number, JSON.stringify(failure));
  }

  #say(kind: Kind, number: number, text = ""): void {
    const payload = new Payload("answer", text);
    this.#options.queue.push({ kind, head: numberBytes(number), payload });
  }
}

function numberBytes(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, number);
  return bytes;
}

/** Of the peer's own making, so it is told, and is no fault here. */
function tooLarge(): RequestError {
  return new RequestError("too-large", "the answer is too large for you");
}
