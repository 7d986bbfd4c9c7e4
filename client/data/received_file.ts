import type { Offer } from "./transfer_frame.ts";
import type { TransferProgress } from "./transfer_progress.ts";

/** How much {@linkcode ReceivedFile.blob} keeps before it hands it to the browser, which may put it on disk. */
const FOLD_BYTES = 8 * 2 ** 20;

/** Options of {@linkcode ReceivedFile.accept} and {@linkcode ReceivedFile.blob}. */
export interface AcceptOptions {
  /** Stops the transfer as soon as more bytes than that are offered, or arrive. @default {Infinity} */
  readonly maxBytes?: number;
  /** Called when the app has read some more of it. */
  readonly onProgress?: (progress: TransferProgress) => void;
  /** Stops the transfer when aborted. */
  readonly signal?: AbortSignal;
}

/** What a received file is made of. */
export interface ReceivedFileParts {
  readonly peer: string;
  readonly offer: Offer;
  /** Aborted when it will not arrive. */
  readonly signal: AbortSignal;
  /** How many bytes have come. */
  receivedBytes(): number;
  accept(options: AcceptOptions): void;
  reject(reason: string): void;
  /** Where to put what comes. */
  start(controller: FileController): void;
  /** The app reads on; resolves when it has got something. */
  pull(): Promise<void>;
  /** The app reads no more. */
  cancel(): void;
}

/** Where what has come is put to be read. */
export type FileController = ReadableStreamDefaultController<
  Uint8Array<ArrayBuffer>
>;

/** Makes a received file, for the library alone. */
export let makeReceivedFile: (parts: ReceivedFileParts) => ReceivedFile;

/**
 * A file that a peer offers: a stream of its bytes. Nothing of it is sent before
 * it is accepted, which reading it does, too; then no more than 2 MiB ahead of
 * what is read. The stream closes when all of it has been read and its digest is
 * right, and fails with a {@linkcode TransferError} otherwise.
 */
export class ReceivedFile extends ReadableStream<Uint8Array<ArrayBuffer>> {
  /** Id of the peer that offers it. */
  readonly peer: string;
  /** Its name, as the peer says: may hold any characters, so it is no path to write to. */
  readonly name: string;
  /** Its media type (RFC 6838), as the peer says; empty if it does not. */
  readonly type: string;
  /** Its size in bytes; `null` for a stream. More than that does not come. */
  readonly size: number | null;
  /**
   * Aborted when it will not arrive any more, also before it was accepted: the
   * sender has taken it back, or is gone, or this side does not want it. The
   * reason is a {@linkcode TransferError}, or that of the `signal` of `accept`.
   */
  readonly signal: AbortSignal;
  readonly #parts: ReceivedFileParts;

  private constructor(parts: ReceivedFileParts) {
    super({
      start: (controller) => parts.start(controller),
      pull: () => parts.pull(),
      cancel: () => parts.cancel(),
    }, { highWaterMark: 0 });
    const { peer, offer: { name, type, size }, signal } = parts;
    this.peer = peer;
    this.name = name;
    this.type = type;
    this.size = size;
    this.signal = signal;
    this.#parts = parts;
  }

  static {
    makeReceivedFile = (parts) => new ReceivedFile(parts);
  }

  /** How many bytes have come so far. */
  get receivedBytes(): number {
    return this.#parts.receivedBytes();
  }

  /** Lets it come. Later options replace earlier ones. */
  accept(options: AcceptOptions = {}): this {
    this.#parts.accept(options);
    return this;
  }

  /** Does not want it, or no more of it: the sender gets a `TransferError` with the code `rejected` and this reason. */
  reject(reason = ""): void {
    this.#parts.reject(reason);
  }

  /**
   * Accepts it and reads all of it into a Blob, which the browser may keep on
   * disk.
   *
   * @throws {TransferError} If it does not arrive whole.
   * @throws {TypeError} If it is being read already.
   * @throws {DOMException} `NotReadableError` if the browser has no room for all of it.
   */
  async blob(options?: AcceptOptions): Promise<Blob> {
    const reader = this.getReader();
    // Else reading accepts it, with the options that there are.
    if (options) this.accept(options);
    let parts: BlobPart[] = [];
    let looseBytes = 0;
    while (true) {
      const { done, value } = await reader.read();
      if (done) {
        const blob = new Blob(parts, { type: this.type });
        // Chromium makes one without a word that it had no room for.
        await blob.slice(-1).arrayBuffer();
        return blob;
      }
      parts.push(value);
      looseBytes += value.byteLength;
      if (looseBytes < FOLD_BYTES) continue;
      parts = [new Blob(parts)];
      looseBytes = 0;
    }
  }
}
