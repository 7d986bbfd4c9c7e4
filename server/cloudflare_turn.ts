import type { IceServer } from "../protocol.ts";
import {
  type IceConfig,
  TurnError,
  type TurnProvider,
} from "./turn_provider.ts";

/** Settings of {@linkcode cloudflareTurn}. */
export interface CloudflareTurnOptions {
  /** Id of the TURN key (called "Turn Token ID" in Cloudflare's dashboard). */
  readonly keyId: string;
  /** API token of that key. Never leaves the server. */
  readonly apiToken: string;
  /** Life of a credential in seconds, at most 172,800. @default {3600} */
  readonly ttlSeconds?: number;
  /** Base URL of the API. @default {"https://rtc.live.cloudflare.com"} */
  readonly apiUrl?: string;
  /** Makes the requests. @default {globalThis.fetch} */
  readonly fetch?: typeof fetch;
  /** The time, in milliseconds since the epoch. @default {Date.now} */
  readonly now?: () => number;
}

const MAX_TTL_SECONDS = 172_800;

/**
 * Cloudflare Realtime TURN. Asks the endpoint `generate-ice-servers`, and where
 * a key does not know it (404) the older `generate`.
 *
 * @throws {RangeError} If `ttlSeconds` is not a whole number from 1 to 172,800.
 * @see https://developers.cloudflare.com/realtime/turn/generate-credentials/
 */
export function cloudflareTurn(options: CloudflareTurnOptions): TurnProvider {
  const {
    keyId,
    apiToken,
    ttlSeconds = 3600,
    apiUrl = "https://rtc.live.cloudflare.com",
    fetch = globalThis.fetch,
    now = Date.now,
  } = options;
  if (
    !Number.isInteger(ttlSeconds) || ttlSeconds < 1 ||
    ttlSeconds > MAX_TTL_SECONDS
  ) {
    throw new RangeError(
      `Cannot use Cloudflare TURN: "ttlSeconds" must be a whole number from 1 to ${MAX_TTL_SECONDS}, got ${ttlSeconds}`,
    );
  }
  const base = `${apiUrl}/v1/turn/keys/${
    encodeURIComponent(keyId)
  }/credentials`;

  async function ask(endpoint: string, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(`${base}/${endpoint}`, {
        method: "POST",
        headers: {
          "Authorization": `Bearer ${apiToken}`,
          "Content-Type": "application/json",
        },
        body: JSON.stringify({ ttl: ttlSeconds }),
        redirect: "error",
        signal,
      });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw new TurnError("Cloudflare cannot be reached", { cause });
    }
  }

  return {
    name: "Cloudflare",
    description: `Cloudflare, key ${keyId}`,
    async credentials({ signal }): Promise<IceConfig> {
      // Counted from before the request, so that it never claims too long a life.
      const expiresAt = now() + ttlSeconds * 1000;
      let response = await ask("generate-ice-servers", signal);
      if (response.status === 404) {
        await response.body?.cancel();
        response = await ask("generate", signal);
      }
      if (!response.ok) {
        // The vendor's words may quote our token: neither passed on nor logged.
        await response.body?.cancel();
        throw new TurnError(`Cloudflare answered ${response.status}`);
      }
      const iceServers = readIceServers(await readJson(response, signal));
      if (!iceServers.some((server) => server.credential !== undefined)) {
        throw new TurnError("Cloudflare answered without credentials");
      }
      return { iceServers, expiresAt };
    },
  };
}

async function readJson(
  response: Response,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    if (signal.aborted) throw signal.reason;
    throw new TurnError("Cloudflare answered with something that is not JSON");
  }
}

/** Of both documented answers: a list under `iceServers`, or one object. */
function readIceServers(answer: unknown): IceServer[] {
  if (!isRecord(answer)) return [];
  const { iceServers } = answer;
  const entries: unknown[] = Array.isArray(iceServers)
    ? iceServers
    : [iceServers];
  return entries.flatMap(readIceServer);
}

function readIceServer(entry: unknown): IceServer[] {
  if (!isRecord(entry)) return [];
  const { username, credential } = entry;
  const list: unknown[] = Array.isArray(entry.urls) ? entry.urls : [entry.urls];
  const urls = list.filter(isUsableUrl);
  if (urls.length === 0) return [];
  if (urls.every((url) => /^stuns?:/.test(url))) return [{ urls }];
  // A TURN URL without its credential makes RTCPeerConnection throw (W3C WebRTC, "set the configuration").
  if (typeof username !== "string" || typeof credential !== "string") return [];
  return [{ urls, username, credential }];
}

/** A STUN or TURN URL that a browser will use: they block port 53 (Fetch Standard, "bad port"). */
function isUsableUrl(url: unknown): url is string {
  return typeof url === "string" && /^(stun|turn)s?:[^\s]+$/.test(url) &&
    !/:53(\?|$)/.test(url);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
