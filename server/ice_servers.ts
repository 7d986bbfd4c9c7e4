import { type IceServer, isFields } from "../protocol.ts";

/** A host name or an address (RFC 3986 §3.2.2), and a port. */
const HOST = String.raw`(?:\[[\da-fA-F:.]+\]|[^\s:/?#@[\]]+)(?::\d{1,5})?`;
/** RFC 7064 §3.1. */
const STUN_URL = new RegExp(`^stuns?:${HOST}$`);
/** RFC 7065 §3.1. */
const TURN_URL = new RegExp(`^turns?:${HOST}(?:\\?transport=(?:udp|tcp))?$`);

/** Whether `url` is one of STUN or TURN that `RTCPeerConnection` takes; any other makes it throw. */
export function isIceUrl(url: string): boolean {
  return STUN_URL.test(url) || isTurnUrl(url);
}

/** Whether `url` is one of TURN, which takes a credential. */
export function isTurnUrl(url: string): boolean {
  return TURN_URL.test(url);
}

/** Whether browsers refuse the port of `url` (Fetch Standard, "bad port"): with such a server, they only wait. */
export function hasBlockedPort(url: string): boolean {
  return /:53(?:\?|$)/.test(url);
}

/** Whether peers are relayed by one of these: it is of TURN and has its credential. */
export function hasTurn(iceServers: readonly IceServer[]): boolean {
  return iceServers.some(({ urls, username, credential }) =>
    username !== undefined && credential !== undefined && urls.some(isTurnUrl)
  );
}

/** What a browser can use of a list that a vendor answered with. */
export function usableIceServers(list: unknown): IceServer[] {
  return Array.isArray(list) ? list.flatMap(usable) : [];
}

function usable(entry: unknown): IceServer[] {
  if (!isFields(entry)) return [];
  const { username, credential } = entry;
  const all: unknown[] = Array.isArray(entry.urls) ? entry.urls : [entry.urls];
  const urls = all.filter((url): url is string =>
    typeof url === "string" && isIceUrl(url) && !hasBlockedPort(url)
  );
  if (urls.length === 0) return [];
  if (!urls.some(isTurnUrl)) return [{ urls }];
  // A TURN URL without its credential makes RTCPeerConnection throw (W3C WebRTC, "set the configuration").
  if (typeof username !== "string" || typeof credential !== "string") return [];
  return [{ urls, username, credential }];
}
