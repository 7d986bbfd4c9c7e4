import type { IceConfig, TurnProvider } from "./turn_provider.ts";

/** The public STUN server that is used where no TURN is configured. */
export const PUBLIC_STUN = "stun:stun.cloudflare.com:3478";

/**
 * STUN only: peers behind symmetric NATs or firewalls without UDP stay
 * unreachable for each other, but nothing needs an account.
 *
 * @param urls STUN addresses (RFC 7064); an empty list leaves peers to their local network.
 */
export function publicStun(
  urls: readonly string[] = [PUBLIC_STUN],
): TurnProvider {
  const iceServers = urls.length > 0 ? [{ urls }] : [];
  return {
    name: "STUN",
    stunOnly: true,
    description:
      `not configured; peers get STUN only (${urls.join(", ") || "none"}), ` +
      "so pairs behind symmetric NATs or strict firewalls will not connect",
    credentials(): Promise<IceConfig> {
      return Promise.resolve({ iceServers, expiresAt: null });
    },
  };
}
