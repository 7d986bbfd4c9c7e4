import { ByteQueue } from "./byte_queue.ts";
import {
  END,
  isMessage,
  ITEM,
  KIND,
  type Kind,
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
  /** What has come, whatever was promised. */
  readonly pieces: ByteQueue;
  receivedBytes: number;
}

/** Puts items together again. What it holds of a peer is bounded by what that peer has really sent. */
export class Assembler {
  readonly #maxBytes: number;
  #part: Part | undefined;

  /** Takes messages, requests and answers of `maxBytes` at most. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next frame; `null` if it ends nothing, `undefined` if no honest peer sends it. */
  accept(frame: Uint8Array<ArrayBuffer>): IncomingItem | null | undefined {
    const { 0: type = 0, byteLength } = frame;
    if ((type & ~(START | END)) !== ITEM) return;
    if (!(type & START)) return this.#goOn(frame.subarray(1), type);
    const part = this.#part;
    if (type & END && byteLength === 1) {
      this.#part = undefined;
      return part && null;
    }
    const kind = readKind(frame[1]);
    if (part || kind === undefined) return;
    const maxBytes = this.#maxOf(kind);
    if (type & END) {
      return byteLength - 2 <= maxBytes
        ? { kind, bytes: frame.slice(2) }
        : undefined;
    }
    if (byteLength < 10) return;
    const total = viewOf(frame).getFloat64(2);
    if (!isCount(total) || total > maxBytes) return;
    const pieces = new ByteQueue();
    const started = { kind, byteLength: total, pieces, receivedBytes: 0 };
    this.#part = started;
    return this.#append(started, frame.subarray(10)) ? null : undefined;
  }

  /** Forgets what has not come whole. */
  reset(): void {
    this.#part = undefined;
  }

  #goOn(
    body: Uint8Array<ArrayBuffer>,
    type: number,
  ): IncomingItem | null | undefined {
    const part = this.#part;
    const ends = (type & END) > 0;
    if (!part || !this.#append(part, body)) return;
    const { kind, byteLength, receivedBytes, pieces } = part;
    if (ends !== (receivedBytes === byteLength)) return;
    if (!ends) return null;
    this.#part = undefined;
    const bytes = new Uint8Array(byteLength);
    let offset = 0;
    for (let piece; (piece = pieces.shift());) {
      bytes.set(piece, offset);
      offset += piece.byteLength;
    }
    return { kind, bytes };
  }

  /** Takes some bytes; tells whether they can be of that item. */
  #append(part: Part, body: Uint8Array<ArrayBuffer>): boolean {
    part.receivedBytes += body.byteLength;
    part.pieces.push(body);
    // Without bytes it would cost only us.
    return body.byteLength > 0 && part.receivedBytes <= part.byteLength;
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
