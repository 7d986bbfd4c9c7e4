import { exceedsBytes, type IceServer, isFields } from "../protocol.ts";

/** What is in an address of STUN or TURN. */
export interface IceUrl {
  /** The address, its scheme in lower case. */
  readonly href: string;
  /** Whether it is one of TURN, which takes a credential. */
  readonly turn: boolean;
  /** Whether it is one of TLS. */
  readonly tls: boolean;
  /** A name, or an address without brackets. */
  readonly hostname: string;
  /** Its port, or that of its scheme. */
  readonly port: number;
}

/** RFC 7064 §3.1, RFC 7065 §3.1; a host of what DNS has (RFC 1123 §2.1), or an address. */
const ICE_URL =
  /^(stun|turn)(s?):(\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?(\?transport=(?:udp|tcp))?$/;

/** Reads an address of STUN or TURN; `undefined` if `RTCPeerConnection` throws at it. */
export function readIceUrl(url: string): IceUrl | undefined {
  // Schemes know no case (RFC 3986 §3.1).
  const href = url.replace(/^[a-z]+(?=:)/i, (scheme) => scheme.toLowerCase());
  const [, kind, secure, host = "", digits, transport] = ICE_URL.exec(href) ??
    [];
  const turn = kind === "turn";
  if (kind === undefined || (transport !== undefined && !turn)) return;
  if (!URL.canParse(`http://${host}`)) return;
  const tls = secure === "s";
  const port = Number(digits ?? (tls ? 5349 : 3478));
  if (port < 1 || port > 65535) return;
  return { href, turn, tls, hostname: host.replace(/^\[|\]$/g, ""), port };
}

/** Fetch Standard, "bad port". */
const BLOCKED_PORTS: ReadonlySet<number> = new Set(
  [
    [1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77],
    [79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123],
    [135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530],
    [531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995],
    [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665],
    [6666, 6667, 6668, 6669, 6679, 6697, 10080],
  ].flat(),
);

/** Whether browsers refuse the port of an address: at 53 they only wait, and at the others Firefox throws. */
export function hasBlockedPort({ port }: IceUrl): boolean {
  return BLOCKED_PORTS.has(port);
}

/** RFC 8489 §14.3 wants fewer than 509 bytes; a password has no need of more. */
const MAX_CREDENTIAL_BYTES = 508;

/** Whether it can be the user name or the password of a credential: with any other, `RTCPeerConnection` throws, or a server refuses it. */
export function isCredential(text: unknown): text is string {
  return typeof text === "string" && text !== "" &&
    !exceedsBytes(text, MAX_CREDENTIAL_BYTES);
}

/** Whether peers are relayed by one of these: it is of TURN and has its credential. */
export function hasTurn(iceServers: readonly IceServer[]): boolean {
  return iceServers.some(({ urls, username, credential }) =>
    isCredential(username) && isCredential(credential) &&
    urls.some((url) => readIceUrl(url)?.turn)
  );
}

/** Whether a browser takes one of a list; one that it does not take costs it all of them. */
export function isUsable(server: IceServer): boolean {
  return usable(server, Infinity)?.urls.length === server.urls.length;
}

/** URLs of a vendor at most; with more than a few, browsers only take longer. */
const MAX_URLS = 16;

/** What a browser can use of a list that a vendor answered with. */
export function usableIceServers(list: unknown): IceServer[] {
  const servers: IceServer[] = [];
  let left = MAX_URLS;
  for (const entry of Array.isArray(list) ? list : []) {
    const server = usable(entry, left);
    if (!server) continue;
    servers.push(server);
    left -= server.urls.length;
  }
  return servers;
}

function usable(entry: unknown, maxUrls: number): IceServer | undefined {
  if (!isFields(entry)) return;
  const { username, credential } = entry;
  const all: unknown[] = Array.isArray(entry.urls) ? entry.urls : [entry.urls];
  const read = all.map((url) =>
    typeof url === "string" ? readIceUrl(url) : undefined
  );
  const good = read.filter((url) => url !== undefined)
    .filter((url) => !hasBlockedPort(url))
    .slice(0, maxUrls);
  if (good.length === 0) return;
  const urls = good.map(({ href }) => href);
  if (!good.some(({ turn }) => turn)) return { urls };
  // A TURN URL without its credential makes RTCPeerConnection throw (W3C WebRTC, "set the configuration").
  if (!isCredential(username) || !isCredential(credential)) return;
  return { urls, username, credential };
}
