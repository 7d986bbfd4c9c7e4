import {
  END,
  isMessage,
  isSlot,
  KIND,
  type Kind,
  slotOf,
  SMALL_ITEM_BYTES,
  START,
} from "./item_frame.ts";
import { isCount, viewOf } from "./lane_frame.ts";

/** What has come whole. */
export interface IncomingItem {
  readonly kind: Kind;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An item of which more is to come. */
interface Part {
  readonly kind: Kind;
  readonly byteLength: number;
  /** As large as what has come asks for, not what was promised. */
  bytes: Uint8Array<ArrayBuffer>;
  receivedBytes: number;
}

/** How much room an item is given at first. */
const FIRST_BYTES = 256 * 1024;

/** Puts items together again. What it holds of a peer is bounded by what that peer has really sent. */
export class Assembler {
  readonly #maxBytes: number;
  readonly #parts = new Map<number, Part>();

  /** Takes messages, requests and answers of `maxBytes` at most. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next frame; `null` if it ends nothing, `undefined` if no honest peer sends it. */
  accept(frame: Uint8Array<ArrayBuffer>): IncomingItem | null | undefined {
    const { 0: type = 0, byteLength } = frame;
    const slot = type & ~(START | END);
    if (!isSlot(slot)) return;
    const part = this.#parts.get(slot);
    if (!(type & START)) return this.#goOn(slot, part, frame);
    if (type & END && byteLength === 1) {
      return this.#parts.delete(slot) ? null : undefined;
    }
    const kind = readKind(frame[1]);
    if (part || kind === undefined || slotOf(kind) !== slot) return;
    const maxBytes = this.#maxOf(kind);
    if (type & END) {
      return byteLength - 2 <= maxBytes
        ? { kind, bytes: frame.slice(2) }
        : undefined;
    }
    if (byteLength < 10) return;
    const total = viewOf(frame).getFloat64(2);
    if (!isCount(total) || total > maxBytes) return;
    const bytes = new Uint8Array(Math.min(total, FIRST_BYTES));
    const started = { kind, byteLength: total, bytes, receivedBytes: 0 };
    this.#parts.set(slot, started);
    return this.#append(started, frame.subarray(10)) ? null : undefined;
  }

  /** Forgets what has not come whole. */
  reset(): void {
    this.#parts.clear();
  }

  #goOn(
    slot: number,
    part: Part | undefined,
    frame: Uint8Array,
  ): IncomingItem | null | undefined {
    const ends = ((frame[0] ?? 0) & END) > 0;
    if (!part || !this.#append(part, frame.subarray(1))) return;
    const { kind, byteLength, receivedBytes, bytes } = part;
    if (ends !== (receivedBytes === byteLength)) return;
    if (!ends) return null;
    this.#parts.delete(slot);
    return { kind, bytes };
  }

  /** Takes some bytes; tells whether they can be of that item. */
  #append(part: Part, body: Uint8Array): boolean {
    const start = part.receivedBytes;
    const end = part.receivedBytes += body.byteLength;
    // Without bytes it would cost only us.
    if (start === end || end > part.byteLength) return false;
    if (end > part.bytes.byteLength) {
      const room = Math.min(part.byteLength, 2 * end);
      const bytes = new Uint8Array(room);
      bytes.set(part.bytes);
      part.bytes = bytes;
    }
    part.bytes.set(body, start);
    return true;
  }

  #maxOf(kind: Kind): number {
    // Requests and answers have a number in front.
    return isMessage(kind) || kind < KIND.failure
      ? this.#maxBytes + 4
      : SMALL_ITEM_BYTES;
  }
}

const KINDS: readonly unknown[] = Object.values(KIND);

function readKind(value: number | undefined): Kind | undefined {
  return KINDS.includes(value) ? value as Kind : undefined;
}
