import { FRAME_BYTES, WINDOW_BYTES } from "./lane_frame.ts";

/** A window of them, for all lanes of a page together. */
const MAX_FREE = WINDOW_BYTES / FRAME_BYTES;

/** Buffers of full frames that nobody needs any more. Left to the garbage collector they come to 60 MiB before Chromium calls it. */
const free: ArrayBuffer[] = [];

/** A frame to be written from its first byte to its last. */
export function takeFrame(byteLength: number): Uint8Array<ArrayBuffer> {
  const buffer = byteLength === FRAME_BYTES ? free.pop() : undefined;
  return buffer ? new Uint8Array(buffer) : new Uint8Array(byteLength);
}

/** Takes a frame back that nobody will read again. */
export function freeFrame(frame: Uint8Array<ArrayBuffer>): void {
  const full = frame.byteLength === FRAME_BYTES;
  if (full && free.length < MAX_FREE) free.push(frame.buffer);
}
