/** Size of the messages that bytes are sent in: a little less than 64 KiB, so that a header still fits. */
export const MESSAGE_BYTES = 64_000;

/** Bytes in messages of that size. */
export function* pieces(
  bytes: Uint8Array<ArrayBuffer>,
): Generator<Uint8Array<ArrayBuffer>, void> {
  for (let at = 0; at < bytes.byteLength; at += MESSAGE_BYTES) {
    yield bytes.subarray(at, at + MESSAGE_BYTES);
  }
}
