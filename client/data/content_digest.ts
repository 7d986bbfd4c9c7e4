/** How much is hashed at once. */
const SEGMENT_BYTES = 2 ** 20;

/**
 * Digest of a content of any length: SHA-256 over the SHA-256 digests of its
 * segments of 1 MiB, one after the other. WebCrypto hashes only what is there as a
 * whole, and is many times as fast as a script that would hash all as one.
 */
export class ContentDigest {
  #segment: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  readonly #digests: Promise<ArrayBuffer>[] = [];

  /** Whether there is a WebCrypto to do it with. */
  static get supported(): boolean {
    return crypto.subtle !== undefined;
  }

  /** Takes what comes next. */
  update(bytes: Uint8Array): void {
    const segment = this.#segment ??= new Uint8Array(SEGMENT_BYTES);
    let rest = bytes;
    while (rest.byteLength > 0) {
      const part = rest.subarray(0, SEGMENT_BYTES - this.#filled);
      segment.set(part, this.#filled);
      this.#filled += part.byteLength;
      rest = rest.subarray(part.byteLength);
      if (this.#filled === SEGMENT_BYTES) this.#close(segment);
    }
  }

  /** The digest of all. */
  async end(): Promise<Uint8Array> {
    if (this.#segment && this.#filled > 0) this.#close(this.#segment);
    const digests = await Promise.all(this.#digests);
    const all = await new Blob(digests).arrayBuffer();
    return new Uint8Array(await sha256(all));
  }

  #close(segment: Uint8Array<ArrayBuffer>): void {
    // It is copied by the call (W3C WebCrypto §14.3.5).
    this.#digests.push(sha256(segment.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}

function sha256(data: BufferSource): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", data);
}
