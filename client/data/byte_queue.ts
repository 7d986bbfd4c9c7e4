import { Fifo } from "./fifo.ts";

/** What is smaller is put together with its neighbours: by itself it would cost a hundred times its bytes. */
const SMALL_BYTES = 4096;
/** How much of that makes one piece. */
const PIECE_BYTES = 65_536;

/** Bytes that wait to be read, in pieces. */
export class ByteQueue {
  readonly #pieces = new Fifo<Uint8Array<ArrayBuffer>>();
  #last: Uint8Array<ArrayBuffer> | undefined;
  /** How much of the last piece is filled. */
  #filled = 0;

  /** Whether there are none. */
  get empty(): boolean {
    return this.#pieces.length === 0 && this.#filled === 0;
  }

  /** Puts some at the end. Who gives them gives them away. */
  push(bytes: Uint8Array<ArrayBuffer>): void {
    const { byteLength } = bytes;
    const small = byteLength < SMALL_BYTES;
    if (!small || this.#filled + byteLength > PIECE_BYTES) this.#closeLast();
    if (!small) return this.#pieces.push(bytes);
    this.#last ??= new Uint8Array(PIECE_BYTES);
    this.#last.set(bytes, this.#filled);
    this.#filled += byteLength;
  }

  /** Takes out the next piece, if there is one. */
  shift(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#pieces.length === 0) this.#closeLast();
    return this.#pieces.shift();
  }

  /** Takes out all. */
  clear(): void {
    this.#pieces.clear();
    this.#filled = 0;
  }

  #closeLast(): void {
    if (this.#filled === 0) return;
    const piece = this.#last?.slice(0, this.#filled);
    this.#filled = 0;
    if (piece) this.#pieces.push(piece);
  }
}
