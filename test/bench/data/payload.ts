/** A mark stands in the first byte of so many. */
const STRIDE_BYTES = 4096;

/** A prime, so that no power of two bytes can be left out unseen. */
const MARKS = 251;

function markAt(offset: number): number {
  return offset / STRIDE_BYTES % MARKS;
}

/** Bytes of which one sees cheaply whether all are there, in order. */
export function makePayload(byteLength: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(byteLength);
  for (let at = 0; at < byteLength; at += STRIDE_BYTES) {
    payload[at] = markAt(at);
  }
  return payload;
}

/** Whether bytes are those at `offset` of a payload, as far as their marks tell. */
export function isPayload(bytes: Uint8Array, offset: number): boolean {
  const first = Math.ceil(offset / STRIDE_BYTES) * STRIDE_BYTES;
  for (let at = first; at < offset + bytes.byteLength; at += STRIDE_BYTES) {
    if (bytes[at - offset] !== markAt(at)) return false;
  }
  return true;
}
