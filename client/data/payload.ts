import { ReadAheadSource, type Source, type SourceOptions } from "./source.ts";

/** What can be sent. */
export type Sendable = string | BufferSource | Blob;

/** What a message that waits takes beside its data. */
const OVERHEAD_BYTES = 256;

const encoder = new TextEncoder();

/** Data to send, to one peer or to many. */
export class Payload {
  /** Whether it arrives as a string. */
  readonly text: boolean;
  /** How many bytes it has. */
  readonly byteLength: number;
  /** What a data channel can send as it is; `undefined` for a Blob. */
  readonly raw: string | Uint8Array | undefined;
  readonly #blob: Blob | undefined;
  /** Of what is no Blob. */
  #bytes: Uint8Array | undefined;
  /** Whether nobody else writes to the bytes. */
  #own: boolean;

  /**
   * Takes `data` as it is, until {@linkcode Payload.keep}.
   *
   * @throws {TypeError} If it cannot be sent.
   */
  constructor(action: string, data: unknown) {
    this.text = this.#own = typeof data === "string";
    if (typeof data === "string") this.#bytes = encoder.encode(data);
    else if (data instanceof Blob) this.#blob = data;
    else if (data instanceof ArrayBuffer) this.#bytes = new Uint8Array(data);
    else if (ArrayBuffer.isView(data)) {
      const { buffer, byteOffset, byteLength } = data;
      this.#bytes = new Uint8Array(buffer, byteOffset, byteLength);
    } else {
      throw new TypeError(
        `Cannot ${action}: "data" must be a string, an ArrayBuffer, a view of one or a Blob, got ${
          data === null ? "null" : typeof data
        }`,
      );
    }
    this.raw = typeof data === "string" ? data : this.#bytes;
    this.byteLength = (this.#blob?.size ?? this.#bytes?.byteLength) as number;
  }

  /** How much memory it takes until it has left. */
  get heldBytes(): number {
    return OVERHEAD_BYTES + (this.#bytes?.byteLength ?? 0);
  }

  /** Makes sure that it stays as it is, whatever the app does with what it gave: what has to wait is copied. */
  keep(): void {
    if (!this.#own) this.#bytes = this.#bytes?.slice();
    this.#own = true;
  }

  /** Reads it from the start. */
  open(options: SourceOptions): Source {
    if (this.#blob) return ReadAheadSource.ofBlob(this.#blob, options);
    let offset = 0;
    return {
      take: (maxBytes) => {
        const start = offset;
        offset += maxBytes;
        return this.#bytes?.subarray(start, offset);
      },
    };
  }
}
