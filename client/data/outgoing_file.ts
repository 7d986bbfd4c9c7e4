import { ContentDigest } from "./content_digest.ts";
import type { Feed, Lane } from "./lane.ts";
import { ReadAheadSource } from "./source.ts";
import { readTransferErrorCode, TransferError } from "./transfer_error.ts";
import { tellProgress, type TransferProgress } from "./transfer_progress.ts";
import {
  endFrame,
  type Grant,
  jsonFrame,
  type Offer,
  type Refusal,
  TRANSFER,
  TRANSFER_HEAD_BYTES,
  transferFrame,
} from "./transfer_frame.ts";

/** What is sent to one peer, and who wants to know. */
export interface OutgoingFileOptions {
  readonly peer: string;
  readonly lane: Pick<Lane, "wake">;
  /** Its number among those of this side. */
  readonly number: number;
  readonly source: Blob | ReadableStream<unknown>;
  readonly offer: Offer;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Whether the peer has heard of everything that was said before. */
  mayOffer(): boolean;
  /** Says something after all frames that were asked for. */
  say(frame: Uint8Array<ArrayBuffer>): void;
  /** It has come to its end: `error` tells why too early. */
  onEnd(error?: unknown): void;
}

/** A file on its way to one peer. */
export class OutgoingFile implements Feed {
  readonly #options: OutgoingFileOptions;
  readonly #source: ReadAheadSource;
  readonly #digest = new ContentDigest();
  #state: "new" | "offered" | "closing" | "closed" = "new";
  #sentBytes = 0;
  #grantedBytes = 0;
  #confirmedBytes = 0;

  /**
   * Sends nothing before it is asked for frames.
   *
   * @throws {TypeError} If the source is a stream that is locked.
   */
  constructor(options: OutgoingFileOptions) {
    const { source, lane } = options;
    this.#options = options;
    const reading = {
      onReady: () => lane.wake(),
      onError: (cause: unknown) => {
        const message = "what is sent cannot be read";
        const error = this.#error("source-failed", message, cause);
        this.#stop(error, { code: error.code, reason: message });
      },
    };
    this.#source = source instanceof Blob
      ? ReadAheadSource.ofBlob(source, reading)
      : ReadAheadSource.ofStream(source, reading);
  }

  /** {@linkcode Feed.next} */
  next(maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const { number, offer, mayOffer } = this.#options;
    switch (this.#state) {
      case "new":
        if (!mayOffer()) return;
        this.#state = "offered";
        return jsonFrame(TRANSFER.offer, number, offer);
      case "offered":
        return this.#nextData(maxBytes - TRANSFER_HEAD_BYTES);
    }
  }

  /** The receiver has read more, and wants more; `false` if no honest one says that. */
  grant({ granted, confirmed }: Grant): boolean {
    const honest = confirmed <= this.#sentBytes &&
      confirmed >= this.#confirmedBytes && granted >= this.#grantedBytes &&
      granted > 0;
    if (!honest) return false;
    const accepts = this.#grantedBytes === 0;
    const grows = confirmed > this.#confirmedBytes;
    this.#grantedBytes = granted;
    this.#confirmedBytes = confirmed;
    if (accepts || grows) this.#report();
    this.#options.lane.wake();
    return true;
  }

  /** The receiver has all of it; `false` if it cannot have. */
  finish(): boolean {
    if (this.#state !== "closing") return false;
    if (this.#confirmedBytes < this.#sentBytes) {
      this.#confirmedBytes = this.#sentBytes;
      this.#report();
    }
    this.#state = "closed";
    this.#options.onEnd();
    return true;
  }

  /** The receiver wants no more of it. */
  refuse({ code, reason }: Refusal): void {
    this.fail(this.#error(readTransferErrorCode(code), reason));
  }

  /** The app takes it back. */
  cancel(reason: unknown): void {
    const said = { code: "cancelled", reason: "the sender has stopped it" };
    this.#stop(reason, said);
  }

  /** It ends, without a word to the receiver. */
  fail(error: unknown): void {
    this.#stop(error);
  }

  #nextData(maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const room = Math.min(maxBytes, this.#grantedBytes - this.#sentBytes);
    const bytes = this.#source.ended || room <= 0
      ? undefined
      : this.#source.take(room);
    const { number } = this.#options;
    let frame: Uint8Array<ArrayBuffer> | undefined;
    if (bytes) {
      frame = transferFrame(TRANSFER.data, number, bytes);
      this.#digest.update(bytes);
      this.#sentBytes += bytes.byteLength;
    }
    // An empty file, too, ends only when it was accepted: nobody has looked before.
    if (this.#source.ended) void this.#close();
    return frame;
  }

  async #close(): Promise<void> {
    this.#state = "closing";
    const { number, say } = this.#options;
    const byteLength = this.#sentBytes;
    const digest = await this.#digest.end();
    if (this.#state === "closing") {
      say(endFrame(number, { byteLength, digest }));
    }
  }

  #stop(error: unknown, refusal?: Refusal): void {
    if (this.#state === "closed") return;
    const { number, say, onEnd } = this.#options;
    // Who was offered nothing need not hear that it is over; who was hears so before another one is offered.
    const told = refusal && this.#state !== "new";
    this.#state = "closed";
    if (told) say(jsonFrame(TRANSFER.abandon, number, refusal));
    this.#source.cancel(error);
    onEnd(error);
  }

  #report(): void {
    const { peer, offer, onProgress } = this.#options;
    const confirmedBytes = this.#confirmedBytes;
    const totalBytes = offer.size;
    tellProgress(onProgress, { peer, confirmedBytes, totalBytes });
  }

  #error(
    code: TransferError["code"],
    message: string,
    cause?: unknown,
  ): TransferError {
    return new TransferError(code, {
      peer: this.#options.peer,
      message,
      cause,
    });
  }
}
