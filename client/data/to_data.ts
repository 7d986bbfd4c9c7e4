// A byte order mark is part of what was sent.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What the app is given of bytes that arrived: the string that they are, or their buffer. */
export function toData(
  bytes: Uint8Array<ArrayBuffer>,
  text: boolean,
): string | ArrayBuffer {
  return text ? decoder.decode(bytes) : bytes.buffer;
}
