/**
 * Reads the option `host` as the address before `/parties`, such as
 * `wss://example.com`. An explicit scheme is honoured. Without one it is
 * `ws` for this machine and private networks (RFC 1918), and for the very host
 * that served the page over plain HTTP; everything else is `wss`. The host of
 * a page that was served over HTTPS is always `wss`.
 *
 * @param page The page's own location, where there is a page.
 */
export function readAddress(
  host: string,
  page?: { readonly protocol: string; readonly host: string },
): string {
  const [, scheme, rest] = /^(?:(\w+):\/\/)?(.*?)\/*$/.exec(host) ?? [];
  if (!rest || scheme && !/^(http|ws)s?$/.test(scheme)) {
    throw new TypeError(
      `Cannot connect: "host" must be a host or its URL, got "${host}"`,
    );
  }
  const plain = scheme
    ? scheme === "http" || scheme === "ws"
    : isPlain(rest, page);
  const address = `${plain ? "ws" : "wss"}://${rest}`;
  // Throws for what no URL can hold: the socket would try for ever, without a word.
  new URL(address);
  return address;
}

const PRIVATE =
  /^(localhost|\[::1\]|(127|10)(\.\d+){3}|(192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d+){2})$/;

function isPlain(
  host: string,
  page?: { readonly protocol: string; readonly host: string },
): boolean {
  const authority = host.split("/", 1)[0] ?? "";
  if (page?.host === authority) return page.protocol === "http:";
  return PRIVATE.test(authority.replace(/:\d+$/, ""));
}
