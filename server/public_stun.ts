import { hasBlockedPort, readIceUrl } from "./ice_servers.ts";
import type { StunProvider } from "./turn_provider.ts";

/** The public STUN server that is used where no TURN is configured. */
export const PUBLIC_STUN = "stun:stun.cloudflare.com:3478";

/**
 * STUN only: peers behind symmetric NATs or firewalls without UDP stay
 * unreachable for each other, but nothing needs an account.
 *
 * @param urls STUN addresses (RFC 7064); an empty list leaves peers to their local network.
 * @throws {TypeError} If one is none, or browsers block its port.
 */
export function publicStun(
  urls: readonly string[] = [PUBLIC_STUN],
): StunProvider {
  for (const [index, url] of urls.entries()) {
    const read = readIceUrl(url);
    if (!read || read.turn || hasBlockedPort(read)) {
      throw new TypeError(
        `Cannot use public STUN: URL ${index + 1} is none of STUN`,
      );
    }
  }
  return {
    name: "STUN",
    description:
      `not configured; peers get STUN only (${urls.join(", ") || "none"}), ` +
      "so pairs behind symmetric NATs or strict firewalls will not connect",
    stunServers: urls.length > 0 ? [{ urls }] : [],
  };
}
