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

/** Whom a source tells that has to read first. */
export interface SourceOptions {
  /** There is something to take, or it has ended. */
  onReady(): void;
  /** It cannot be read, such as a file that has changed since. Nothing follows. */
  onError(error: unknown): void;
}

/** Where a source reads from. */
interface Origin {
  /** The next bytes; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Nothing more will be read. */
  cancel?(reason: unknown): void;
}

/** Reads one piece ahead. */
export class ReadAheadSource implements Source {
  readonly #origin: Origin;
  readonly #options: SourceOptions;
  #piece: Uint8Array | undefined;
  #next: Uint8Array | undefined;
  #state: "idle" | "reading" | "done" = "idle";

  private constructor(origin: Origin, options: SourceOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** Reads a Blob. */
  static ofBlob(blob: Blob, options: SourceOptions): ReadAheadSource {
    let start = 0;
    return new ReadAheadSource({
      async read() {
        const piece = blob.slice(start, start += PIECE_BYTES);
        return piece.size > 0
          ? new Uint8Array(await piece.arrayBuffer())
          : undefined;
      },
    }, options);
  }

  /**
   * Reads a stream, which is locked from now on.
   *
   * @throws {TypeError} If it is locked already.
   */
  static ofStream(
    stream: ReadableStream<unknown>,
    options: SourceOptions,
  ): ReadAheadSource {
    const reader = stream.getReader();
    return new ReadAheadSource({
      async read() {
        const { done, value } = await reader.read();
        if (done) return;
        if (value instanceof Uint8Array) return value;
        throw new TypeError("The chunks of a stream must be Uint8Arrays");
      },
      cancel: (reason) => void reader.cancel(reason).catch(() => {}),
    }, options);
  }

  /** Whether all was taken. */
  get ended(): boolean {
    return this.#state === "done" && !this.#piece?.byteLength && !this.#next;
  }

  /** Nobody takes any more. */
  cancel(reason: unknown): void {
    this.#state = "done";
    this.#piece = this.#next = undefined;
    this.#origin.cancel?.(reason);
  }

  /** {@linkcode Source.take} */
  take(maxBytes: number): Uint8Array | undefined {
    if (!this.#piece?.byteLength) {
      this.#piece = this.#next;
      this.#next = undefined;
    }
    if (!this.#next && this.#state === "idle") void this.#readOn();
    const piece = this.#piece;
    this.#piece = piece?.subarray(maxBytes);
    return piece?.subarray(0, maxBytes);
  }

  async #readOn(): Promise<void> {
    this.#state = "reading";
    try {
      let piece = await this.#origin.read();
      // What is empty is nothing to take.
      while (piece?.byteLength === 0) piece = await this.#origin.read();
      if (this.#isCancelled()) return;
      this.#next = piece;
      this.#state = piece ? "idle" : "done";
    } catch (error) {
      if (this.#isCancelled()) return;
      this.#state = "done";
      return this.#options.onError(error);
    }
    if (!this.#piece?.byteLength) this.#options.onReady();
  }

  #isCancelled(): boolean {
    return this.#state === "done";
  }
}
