/** Whether pages of an origin may use the server. */
export type AllowsOrigin = (origin: string) => boolean;

/**
 * Reads a list of origins (RFC 6454 §6.2), such as `https://example.com` or
 * `http://localhost:8000`. `https://*.example.com` stands for every subdomain,
 * `*` for everybody.
 *
 * @throws {TypeError} If one is no origin.
 */
export function readOrigins(origins: readonly string[]): AllowsOrigin {
  const exact = new Set<string>();
  const subdomains: { readonly head: string; readonly tail: string }[] = [];
  let everybody = false;
  for (const origin of origins) {
    const plain = origin.replace("://*.", "://");
    if (origin === "*") everybody = true;
    else if (!isOrigin(plain)) {
      throw new TypeError(
        `Cannot read origins: "${origin}" is none, such as https://example.com`,
      );
    } else if (plain !== origin) {
      const [scheme = "", host = ""] = plain.split("://");
      subdomains.push({ head: `${scheme}://`, tail: `.${host}` });
    } else exact.add(origin);
  }
  return (origin) =>
    everybody || exact.has(origin) ||
    subdomains.some(({ head, tail }) =>
      origin.startsWith(head) && origin.endsWith(tail) &&
      origin.length > head.length + tail.length
    );
}

/** Whether it is what a browser sends: a scheme and a host, in lower case, without a default port. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text &&
    !text.includes("*");
}
