import { type IceServer, isFields } from "../protocol.ts";
import { hasBlockedPort, hasTurn, isIceUrl, isTurnUrl } from "./ice_servers.ts";
import type { IceConfig, TurnProvider } from "./turn_provider.ts";

/** One entry of {@linkcode staticIceServers}, as `RTCIceServer` (W3C WebRTC). */
export interface StaticIceServer {
  /** STUN or TURN addresses (RFC 7064, RFC 7065). */
  readonly urls: string | readonly string[];
  /** User name of TURN. */
  readonly username?: string;
  /** Password of TURN. */
  readonly credential?: string;
}

/**
 * The same servers for everybody, with credentials that do not expire, such as
 * coturn's `user=name:password`. Who has them once has them for good. URLs of
 * port 53 are left out, as browsers block it.
 *
 * @throws {TypeError} If `list` is not as `RTCPeerConnection` would take it; which entry, and why.
 */
export function staticIceServers(
  list: readonly StaticIceServer[],
): TurnProvider {
  if (list.length === 0) throw refused("there are none");
  const iceServers = list.map(readEntry);
  const urls = iceServers.flatMap(({ urls }) => urls).join(" ");
  return {
    name: "static",
    description: `the same for everybody, ${urls}`,
    stunOnly: !hasTurn(iceServers),
    credentials({ signal }): Promise<IceConfig> {
      return signal.aborted
        ? Promise.reject(signal.reason)
        : Promise.resolve({ iceServers, expiresAt: null });
    },
  };
}

/** Trusts no type: the list may come out of the environment. */
function readEntry(entry: unknown, index: number): IceServer {
  const which = `entry ${index + 1}`;
  if (!isFields(entry)) throw refused(`${which} is no object`);
  const { urls, username, credential } = entry;
  const all: unknown[] = Array.isArray(urls) ? urls : [urls];
  const usable: string[] = [];
  for (const url of all) {
    if (typeof url !== "string") {
      throw refused(`"urls" of ${which} must be a string, or a list of them`);
    }
    if (!isIceUrl(url)) {
      throw refused(`"${url}" of ${which} is no URL of STUN or TURN`);
    }
    if (!hasBlockedPort(url)) usable.push(url);
  }
  if (usable.length === 0) {
    throw refused(`${which} has no URL that a browser would use`);
  }
  if (!usable.some(isTurnUrl)) return { urls: usable };
  if (typeof username !== "string" || typeof credential !== "string") {
    throw refused(`${which} is of TURN and lacks "username" or "credential"`);
  }
  return { urls: usable, username, credential };
}

function refused(why: string): TypeError {
  return new TypeError(`Cannot use these ICE servers: ${why}`);
}
