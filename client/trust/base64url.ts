/** How many arguments a call takes in every engine. */
const CHUNK_BYTES = 8192;

/** Bytes as text of RFC 4648 §5, without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * The bytes that {@linkcode toBase64url} writes as `text`; `undefined` if it writes
 * none so. Never throws.
 */
export function fromBase64url(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  // Bits to spare would give the same bytes a second text (RFC 4648 §3.5).
  const rest = bytes.length % 3;
  const end = rest ? toBase64url(bytes.subarray(-rest)) : "";
  if (text.endsWith(end)) return bytes;
}
