import { ByteQueue } from "./byte_queue.ts";
import { ContentDigest } from "./content_digest.ts";
import {
  type AcceptOptions,
  type FileController,
  makeReceivedFile,
  type ReceivedFile,
} from "./received_file.ts";
import { readTransferErrorCode, TransferError } from "./transfer_error.ts";
import { tellProgress } from "./transfer_progress.ts";
import {
  type Ending,
  type Grant,
  type Offer,
  type Refusal,
  shortReason,
} from "./transfer_frame.ts";

/** How far a sender may be ahead of what is read. */
export const CREDIT_BYTES = 2 * 2 ** 20;
/** How much is read before the sender is told. */
const GRANT_BYTES = CREDIT_BYTES / 8;

/** What an incoming file needs, and whom it tells. */
export interface IncomingFileOptions {
  readonly peer: string;
  readonly offer: Offer;
  /** There is a {@linkcode IncomingFile.grant} to send. */
  onGrant(): void;
  /** It has come to its end: all of it was read, or it is refused, or the sender has said so (`undefined`). */
  onEnd(last: "done" | Refusal | undefined): void;
}

/** A file on its way to us. */
export class IncomingFile {
  /** What the app gets. */
  readonly file: ReceivedFile;
  readonly #options: IncomingFileOptions;
  readonly #digest = new ContentDigest();
  #controller: FileController | undefined;
  #wanted: (() => void) | undefined;
  #state: "offered" | "accepted" | "closed" = "offered";
  readonly #waiting = new ByteQueue();
  #receivedBytes = 0;
  #readBytes = 0;
  #grantedBytes = 0;
  #ending: Ending | undefined;
  #accepted: AcceptOptions = {};
  readonly #lost = new AbortController();
  readonly #abort = () =>
    this.#refuse("cancelled", "", this.#accepted.signal?.reason);

  /** Waits for the app. */
  constructor(options: IncomingFileOptions) {
    this.#options = options;
    const { peer, offer } = options;
    this.file = makeReceivedFile({
      peer,
      offer,
      signal: this.#lost.signal,
      receivedBytes: () => this.#receivedBytes,
      accept: (options) => this.#accept(options),
      reject: (reason) => this.#refuse("rejected", reason),
      start: (controller) => this.#controller = controller,
      pull: () => this.#pull(),
      cancel: () => this.#refuse("cancelled", ""),
    });
  }

  /** How far the sender may go. */
  get grant(): Grant {
    return { granted: this.#grantedBytes, confirmed: this.#readBytes };
  }

  /** Takes some of it; `false` if no honest sender sends that. */
  receive(bytes: Uint8Array<ArrayBuffer>): boolean {
    const { size } = this.#options.offer;
    this.#receivedBytes += bytes.byteLength;
    const honest = bytes.byteLength > 0 && !this.#ending &&
      this.#receivedBytes <= Math.min(this.#grantedBytes, size ?? Infinity);
    if (!honest) return false;
    if (!this.#fits(this.#receivedBytes)) return true;
    this.#digest.update(bytes);
    this.#waiting.push(bytes);
    this.#serve();
    return true;
  }

  /** That was all; `false` if it cannot be. */
  end(ending: Ending): boolean {
    const { size } = this.#options.offer;
    const { byteLength } = ending;
    const honest = !this.#ending && this.#state === "accepted" &&
      byteLength === this.#receivedBytes && byteLength === (size ?? byteLength);
    if (!honest) return false;
    this.#ending = ending;
    if (this.#waiting.empty) void this.#verify(ending);
    return true;
  }

  /** The sender has stopped it. */
  abandon({ code, reason }: Refusal): void {
    this.fail(this.#failure(readTransferErrorCode(code), reason));
  }

  /** It is not taken. */
  refuse(code: TransferError["code"]): void {
    this.#refuse(code, "");
  }

  /** It cannot go on. */
  fail(error: unknown): void {
    this.#close(error, undefined);
  }

  #accept(options: AcceptOptions): void {
    if (this.#state === "closed") return;
    this.#accepted.signal?.removeEventListener("abort", this.#abort);
    this.#accepted = options;
    this.#state = "accepted";
    const { signal } = options;
    signal?.addEventListener("abort", this.#abort);
    if (signal?.aborted) return this.#abort();
    if (this.#fits(this.#options.offer.size ?? this.#receivedBytes)) {
      this.#allow();
    }
  }

  #pull(): Promise<void> {
    if (this.#state === "offered") this.#accept({});
    return new Promise((resolve) => {
      this.#wanted = resolve;
      this.#serve();
    });
  }

  /** Gives the app what it waits for. */
  #serve(): void {
    if (!this.#wanted) return;
    const bytes = this.#waiting.shift();
    if (!bytes) return;
    this.#readBytes += bytes.byteLength;
    this.#controller?.enqueue(bytes);
    this.#settle();
    this.#allow();
    this.#report();
    if (this.#ending && this.#waiting.empty) {
      void this.#verify(this.#ending);
    }
  }

  /** Lets more come, unless that is not worth a word. */
  #allow(): void {
    const granted = this.#readBytes + CREDIT_BYTES;
    const worth = granted - this.#grantedBytes >= GRANT_BYTES;
    if (this.#state !== "accepted" || !worth) return;
    this.#grantedBytes = granted;
    this.#options.onGrant();
  }

  async #verify({ digest }: Ending): Promise<void> {
    const own = await this.#digest.end();
    if (this.#state === "closed") return;
    if (own.some((byte, index) => byte !== digest[index])) {
      return this.#refuse("corrupt", "");
    }
    this.#controller?.close();
    this.#close(undefined, "done");
  }

  /** Whether the app takes that many bytes. */
  #fits(byteLength: number): boolean {
    const { maxBytes = Infinity } = this.#accepted;
    if (byteLength <= maxBytes) return true;
    this.#refuse("too-large", `the receiver takes at most ${maxBytes} bytes`);
    return false;
  }

  #refuse(
    code: TransferError["code"],
    reason: string,
    error: unknown = this.#failure(code, reason),
  ): void {
    this.#close(error, { code, reason: shortReason(reason) });
  }

  #close(error: unknown, last: "done" | Refusal | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#waiting.clear();
    this.#accepted.signal?.removeEventListener("abort", this.#abort);
    if (last !== "done") this.#controller?.error(error);
    this.#settle();
    this.#options.onEnd(last);
    if (last !== "done") this.#lost.abort(error);
  }

  #settle(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.();
  }

  #report(): void {
    const { peer, offer } = this.#options;
    const confirmedBytes = this.#readBytes;
    const totalBytes = offer.size;
    const { onProgress } = this.#accepted;
    tellProgress(onProgress, { peer, confirmedBytes, totalBytes });
  }

  #failure(code: TransferError["code"], message: string): TransferError {
    return new TransferError(code, { peer: this.#options.peer, message });
  }
}
