import type { Page } from "puppeteer";

declare global {
  /** Makes what pages send each other, and tells whether it arrived as it was. */
  var content: {
    /** Bytes that say where they stand: those from `offset` on. */
    bytes(offset: number, byteLength: number): Uint8Array<ArrayBuffer>;
    /** Where bytes are not those from `offset` on; -1 if they are. */
    difference(bytes: Uint8Array, offset: number): number;
    /** A text that takes that many bytes, with characters of every length. */
    text(byteLength: number): string;
    /** A stream of all bytes up to a length, in chunks of every size, which leaves no garbage. */
    stream(byteLength: number): ReadableStream<Uint8Array<ArrayBuffer>>;
  };
}

/** Defines `content` in a page. */
export async function defineContent(page: Page): Promise<void> {
  await page.evaluate(define);
}

/** Runs in the page. */
function define(): void {
  // A prime, which no size of a frame or a chunk divides: what is lost, doubled or moved shows.
  const block = new Uint8Array(1_048_573);
  let state = 0x2545f491;
  for (let index = 0; index < block.length; index++) {
    // xorshift32 (Marsaglia 2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block[index] = state >>> 24;
  }
  // Of an odd number of bytes, so that a frame ends in the middle of every kind of character.
  const words = "a\0é€😀\ufeff".repeat(4099);
  const encoder = new TextEncoder();
  const wordBytes = encoder.encode(words).byteLength;

  globalThis.content = {
    bytes(offset, byteLength) {
      const bytes = new Uint8Array(byteLength);
      for (let at = 0; at < byteLength;) {
        const start = (offset + at) % block.length;
        const part = block.subarray(start, start + byteLength - at);
        bytes.set(part, at);
        at += part.length;
      }
      return bytes;
    },
    difference(bytes, offset) {
      let place = offset % block.length;
      for (let at = 0; at < bytes.length; at++) {
        if (bytes[at] !== block[place]) return at;
        if (++place === block.length) place = 0;
      }
      return -1;
    },
    text(byteLength) {
      const text = words.repeat(Math.floor(byteLength / wordBytes));
      return text + "x".repeat(byteLength % wordBytes);
    },
    stream(byteLength) {
      let offset = 0;
      let size = 1;
      return new ReadableStream({
        pull(controller) {
          size = size * 7919 % 300_007;
          const start = offset % block.length;
          const rest = byteLength - offset;
          const chunk = block.subarray(start, start + Math.min(size, rest));
          offset += chunk.length;
          if (chunk.length > 0) controller.enqueue(chunk);
          if (offset === byteLength) controller.close();
        },
      }, { highWaterMark: 0 });
    },
  };
}
