import { Fifo } from "./fifo.ts";
import { takeFrame } from "./frame_pool.ts";
import { END, ITEM, type Kind, START } from "./item_frame.ts";
import type { Feed, Lane } from "./lane.ts";
import { FRAME_BYTES, viewOf } from "./lane_frame.ts";
import type { Payload } from "./payload.ts";
import type { Source } from "./source.ts";

/** What the start of an item takes of its frame: type, kind and length. */
const START_BYTES = 10;
/** The same if the item ends there, too. */
const WHOLE_BYTES = 2;

/** Something to send, and who wants to know. */
export interface OutgoingItem {
  readonly kind: Kind;
  /** Stands before the payload. */
  readonly head?: Uint8Array;
  readonly payload: Payload;
  /** All of it was handed to the network, or is kept until it is. */
  onLeft?(): void;
  /** It will not leave, or not all of it. */
  onFail?(error: unknown): void;
}

/** An item whose turn it is. */
interface Current {
  readonly item: OutgoingItem;
  readonly source: Source;
  readonly byteLength: number;
  sentBytes: number;
  /** Whether its bytes have not come to an end, and will not. */
  broken: boolean;
}

/** Items in the order in which they were pushed, cut into frames as they are asked for. */
export class ItemQueue implements Feed {
  readonly #lane: Pick<Lane, "wake" | "peerMaxMessageBytes">;
  readonly #waiting = new Fifo<OutgoingItem>();
  #current: Current | undefined;
  #heldBytes = 0;

  /** Leaves by `lane`, once it was added there. */
  constructor(lane: Pick<Lane, "wake" | "peerMaxMessageBytes">) {
    this.#lane = lane;
  }

  /** How much memory those take that have not left. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** How many are still to leave. */
  get length(): number {
    const { broken = true } = this.#current ?? {};
    return this.#waiting.length + (broken ? 0 : 1);
  }

  /** Puts an item at the end. */
  push(item: OutgoingItem): void {
    this.#waiting.push(item);
    this.#heldBytes += item.payload.heldBytes;
    this.#lane.wake();
  }

  /** Takes an item out: what has left of it is made void. Nobody is told. */
  remove(item: OutgoingItem): void {
    const current = this.#current;
    if (current?.item === item) {
      current.broken = true;
      return this.#lane.wake();
    }
    if (!this.#waiting.remove(item)) return;
    this.#heldBytes -= item.payload.heldBytes;
  }

  /** Takes all items out and says why. */
  fail(error: unknown): void {
    const items = this.#waiting.clear();
    const { item, broken } = this.#current ?? {};
    if (item && !broken) items.unshift(item);
    this.#current = undefined;
    this.#heldBytes = 0;
    for (const { onFail } of items) onFail?.(error);
  }

  /** {@linkcode Feed.next} */
  next(maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    for (let current; (current = this.#current ??= this.#begin());) {
      const { item, sentBytes } = current;
      const taken = sentBytes > 0 || this.#takes(current);
      if (taken === undefined) return;
      if (taken && !current.broken) return this.#cut(current, maxBytes);
      this.#finish(item);
      // Of what has not begun there is nothing to make void.
      if (sentBytes > 0) return Uint8Array.of(ITEM | START | END);
    }
  }

  /** Whether the other side takes an item that large; `undefined` before it has said what it takes. Whoever waits for it is told. */
  #takes({ item, broken }: Current): boolean | undefined {
    const { byteLength } = item.payload;
    if (byteLength <= FRAME_BYTES || broken) return true;
    const maxBytes = this.#lane.peerMaxMessageBytes;
    if (maxBytes === undefined || byteLength <= maxBytes) {
      return maxBytes !== undefined || undefined;
    }
    const error = `Cannot send: the peer takes at most ${maxBytes} bytes`;
    item.onFail?.(new RangeError(error));
    return false;
  }

  #cut(
    current: Current,
    maxBytes: number,
  ): Uint8Array<ArrayBuffer> | undefined {
    const { item, source, byteLength, sentBytes } = current;
    const starts = sentBytes === 0;
    const head = starts && item.head || EMPTY;
    const rest = byteLength - sentBytes - head.byteLength;
    const room = maxBytes - (starts ? START_BYTES : 1) - head.byteLength;
    const body = rest > 0 ? source.take(Math.min(rest, room)) : EMPTY;
    if (!body) return;
    const ends = body.byteLength === rest;
    const offset = starts ? ends ? WHOLE_BYTES : START_BYTES : 1;
    const frame = takeFrame(offset + head.byteLength + body.byteLength);
    frame[0] = ITEM | (starts ? START : 0) | (ends ? END : 0);
    if (starts) frame[1] = item.kind;
    if (starts && !ends) viewOf(frame).setFloat64(2, byteLength);
    frame.set(head, offset);
    frame.set(body, offset + head.byteLength);
    current.sentBytes += head.byteLength + body.byteLength;
    if (ends) {
      this.#finish(item);
      item.onLeft?.();
    }
    return frame;
  }

  #begin(): Current | undefined {
    const item = this.#waiting.shift();
    if (!item) return;
    const { head, payload } = item;
    const current: Current = {
      item,
      source: payload.open({
        onReady: () => this.#lane.wake(),
        onError: (error) => {
          if (this.#current !== current || current.broken) return;
          current.broken = true;
          item.onFail?.(error);
          this.#lane.wake();
        },
      }),
      byteLength: (head?.byteLength ?? 0) + payload.byteLength,
      sentBytes: 0,
      broken: false,
    };
    return current;
  }

  #finish({ payload }: OutgoingItem): void {
    this.#current = undefined;
    this.#heldBytes -= payload.heldBytes;
  }
}

const EMPTY = new Uint8Array();
