import { hasBlockedPort, readIceUrl } from "./ice_servers.ts";
import { probeStun } from "./stun_probe.ts";
import { checkTtl, TTL_SECONDS } from "./ttl.ts";
import type { IceConfig, TurnProvider } from "./turn_provider.ts";

/** Settings of {@linkcode coturn}. */
export interface CoturnOptions {
  /**
   * Where it listens, as `turn:turn.example.com?transport=udp` (RFC 7065), at
   * least one; STUN URLs (RFC 7064) may be among them. Those of ports that
   * browsers block are left out, such as 53.
   */
  readonly urls: readonly string[];
  /** Its `static-auth-secret`. Never leaves the server. */
  readonly secret: string;
  /** Life of a credential in seconds, at most a year. @default {3600} */
  readonly ttlSeconds?: number;
  /**
   * Whether to find out that it is up, where another provider is there for when
   * it is not: it must answer a STUN Binding request at the TCP port of one of
   * its TURN URLs, so neither `no-tcp` nor `no-stun` may be set.
   *
   * @default {true}
   */
  readonly probe?: boolean;
  /** The time, in milliseconds since the epoch. @default {Date.now} */
  readonly now?: () => number;
}

const MAX_TTL_SECONDS = 365 * 86_400;

/**
 * A TURN server of one's own, coturn with `use-auth-secret` or any other that
 * shares a secret in the same way. Credentials are made here: the user name is
 * when they expire, and whose they are, and the password its HMAC-SHA1
 * (draft-uberti-behave-turn-rest-00 §2.2). None can be revoked.
 *
 * @example
 * ```ts
 * import { coturn, Server } from "@x/webrtc/server";
 *
 * const server = new Server({
 *   turn: coturn({
 *     urls: ["turn:turn.example.com", "turns:turn.example.com?transport=tcp"],
 *     secret: "as in turnserver.conf",
 *   }),
 *   allowedOrigins: ["https://example.com"],
 * });
 * ```
 *
 * @throws {TypeError} If a URL is none of STUN or TURN, none is of TURN, or there is no secret.
 * @throws {RangeError} If `ttlSeconds` is not a whole number from 1 to 31,536,000.
 * @see https://github.com/coturn/coturn/blob/master/README.turnserver
 * @see https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00
 */
export function coturn(options: CoturnOptions): TurnProvider {
  const {
    urls,
    secret,
    ttlSeconds = TTL_SECONDS,
    probe = true,
    now = Date.now,
  } = options;
  const usable = urls.map((url, index) => {
    const read = readIceUrl(url);
    if (read) return read;
    // Not quoted: it may be the secret, or have a password in it.
    throw new TypeError(
      `Cannot use coturn: URL ${index + 1} is none of STUN or TURN`,
    );
  }).filter((url) => !hasBlockedPort(url));
  const turn = usable.filter(({ turn }) => turn);
  const turnUrls = turn.map(({ href }) => href);
  const stunUrls = usable.filter(({ turn }) => !turn).map(({ href }) => href);
  if (turn.length === 0) {
    throw new TypeError(
      'Cannot use coturn: "urls" must have one of TURN, of a port that browsers do not block',
    );
  }
  if (secret === "") {
    throw new TypeError('Cannot use coturn: "secret" must not be empty');
  }
  checkTtl(ttlSeconds, { vendor: "coturn", max: MAX_TTL_SECONDS });
  const encoder = new TextEncoder();
  let key: Promise<CryptoKey> | undefined;

  return {
    name: "coturn",
    description: `coturn, ${turnUrls.join(" ")}`,
    async credentials({ peer, signal }): Promise<IceConfig> {
      signal.throwIfAborted();
      // coturn compares whole seconds.
      const expiry = Math.floor(now() / 1000) + ttlSeconds;
      const username = `${expiry}:${peer}`;
      const mac = await crypto.subtle.sign(
        "HMAC",
        await (key ??= importKey(encoder.encode(secret))),
        encoder.encode(username),
      );
      const credential = new Uint8Array(mac).toBase64();
      return {
        iceServers: [
          ...(stunUrls.length > 0 ? [{ urls: stunUrls }] : []),
          { urls: turnUrls, username, credential },
        ],
        expiresAt: expiry * 1000,
      };
    },
    ...(probe && {
      async probe({ signal }: { signal: AbortSignal }): Promise<void> {
        await probeStun(turn, { signal });
      },
    }),
  };
}

function importKey(secret: BufferSource): Promise<CryptoKey> {
  // What coturn knows; as a MAC, SHA-1 is not broken (RFC 6194 §3.3).
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  return crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
}
