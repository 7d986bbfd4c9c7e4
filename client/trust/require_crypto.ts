/**
 * The WebCrypto that was injected, or the one of the runtime.
 *
 * @param what What cannot be done without it, as in "create identity".
 * @throws {DOMException} `NotSupportedError`, if there is none. Nothing weaker takes its place.
 */
export function requireCrypto(
  crypto: Crypto | undefined,
  what: string,
): Crypto {
  const found = crypto ?? globalThis.crypto;
  if (found?.subtle) return found;
  throw new DOMException(
    `Cannot ${what}: there is no WebCrypto; a page has it only in a secure context (HTTPS, or localhost)`,
    "NotSupportedError",
  );
}
