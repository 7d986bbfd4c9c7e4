import { type IceServer, isFields } from "../protocol.ts";
import {
  hasBlockedPort,
  hasTurn,
  isCredential,
  readIceUrl,
} from "./ice_servers.ts";
import type { IceConfig, IceProvider } from "./turn_provider.ts";

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
 * coturn's `user=name:password`. Who has them once has them for good. A list
 * with TURN in it cannot fail, so no provider behind it is ever asked. URLs of
 * ports that browsers block are left out, such as 53.
 *
 * @throws {TypeError} If `list` is not as `RTCPeerConnection` would take it; which entry, and why.
 */
export function staticIceServers(
  list: readonly StaticIceServer[],
): IceProvider {
  if (list.length === 0) throw refused("there are none");
  const iceServers = list.map(readEntry);
  const urls = iceServers.flatMap(({ urls }) => urls).join(" ");
  const about = {
    name: "static",
    description: `the same for everybody, ${urls}`,
  };
  if (!hasTurn(iceServers)) return { ...about, stunServers: iceServers };
  return {
    ...about,
    credentials({ signal }): Promise<IceConfig> {
      return signal.aborted
        ? Promise.reject(signal.reason)
        : Promise.resolve({ iceServers, expiresAt: null });
    },
  };
}

/** Trusts no type: the list may come out of the environment. Quotes nothing: there may be a password in it, wherever. */
function readEntry(entry: unknown, index: number): IceServer {
  const which = `entry ${index + 1}`;
  if (!isFields(entry)) throw refused(`${which} is no object`);
  const { urls, username, credential } = entry;
  const all: unknown[] = Array.isArray(urls) ? urls : [urls];
  const read = all.map((url, index) => {
    if (typeof url !== "string") {
      throw refused(`"urls" of ${which} must be a string, or a list of them`);
    }
    const read = readIceUrl(url);
    if (read) return read;
    throw refused(`URL ${index + 1} of ${which} is none of STUN or TURN`);
  });
  const usable = read.filter((url) => !hasBlockedPort(url));
  if (usable.length === 0) {
    throw refused(`${which} has no URL whose port browsers do not block`);
  }
  const hrefs = usable.map(({ href }) => href);
  if (!usable.some(({ turn }) => turn)) return { urls: hrefs };
  if (!isCredential(username) || !isCredential(credential)) {
    throw refused(
      `${which} is of TURN and has no usable "username" or "credential"`,
    );
  }
  return { urls: hrefs, username, credential };
}

function refused(why: string): TypeError {
  return new TypeError(`Cannot use these ICE servers: ${why}`);
}
