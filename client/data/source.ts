/** How much of a Blob is read at once: a read costs the same for little. */
const PIECE_BYTES = 2 ** 20;

/** Bytes that are taken piece by piece. */
export interface Source {
  /**
   * Takes the next bytes, `maxBytes` at most, which stay as they are only until
   * the next call; `undefined` while there are none: whoever made the source is told when there are.
   */
  take(maxBytes: number): Uint8Array | undefined;
}

/** Whom a {@linkcode BlobSource} tells. */
export interface BlobSourceOptions {
  /** There is something to take. */
  onReady(): void;
  /** The Blob cannot be read, such as a file that has changed since. Nothing follows. */
  onError(error: unknown): void;
}

/** Reads a Blob, one piece ahead. */
export class BlobSource implements Source {
  readonly #blob: Blob;
  readonly #options: BlobSourceOptions;
  #piece: Uint8Array | undefined;
  #next: Uint8Array | undefined;
  #reading = false;
  #read = 0;

  /** Reads nothing yet. */
  constructor(blob: Blob, options: BlobSourceOptions) {
    this.#blob = blob;
    this.#options = options;
  }

  /** {@linkcode Source.take} */
  take(maxBytes: number): Uint8Array | undefined {
    if (!this.#piece?.byteLength) {
      this.#piece = this.#next;
      this.#next = undefined;
    }
    if (!this.#next) void this.#readOn();
    const piece = this.#piece;
    this.#piece = piece?.subarray(maxBytes);
    return piece?.subarray(0, maxBytes);
  }

  async #readOn(): Promise<void> {
    const start = this.#read;
    if (this.#reading || start >= this.#blob.size) return;
    this.#reading = true;
    try {
      const slice = this.#blob.slice(start, start + PIECE_BYTES);
      this.#next = new Uint8Array(await slice.arrayBuffer());
      this.#read = start + this.#next.byteLength;
      this.#reading = false;
    } catch (error) {
      return this.#options.onError(error);
    }
    if (!this.#piece?.byteLength) this.#options.onReady();
  }
}
