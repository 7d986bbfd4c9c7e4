import { isFields } from "../protocol.ts";
import { checkTtl, TTL_SECONDS } from "./ttl.ts";
import type { IceConfig, TurnProvider } from "./turn_provider.ts";
import { VendorApi } from "./vendor_api.ts";

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
 * a key does not know it (404) the older `generate`. Credentials of peers that
 * have left are revoked.
 *
 * @throws {RangeError} If `ttlSeconds` is not a whole number from 1 to 172,800.
 * @throws {TypeError} If `apiToken` cannot be part of a header.
 * @see https://developers.cloudflare.com/realtime/turn/generate-credentials/
 */
export function cloudflareTurn(options: CloudflareTurnOptions): TurnProvider {
  const {
    keyId,
    apiToken,
    ttlSeconds = TTL_SECONDS,
    apiUrl = "https://rtc.live.cloudflare.com",
    fetch = globalThis.fetch,
    now = Date.now,
  } = options;
  checkTtl(ttlSeconds, { vendor: "Cloudflare TURN", max: MAX_TTL_SECONDS });
  // No header takes another; each request would fail as if Cloudflare were not there.
  if (!/^[\x21-\x7e]+$/.test(apiToken)) {
    throw new TypeError(
      'Cannot use Cloudflare TURN: "apiToken" must be of visible ASCII characters',
    );
  }
  const api = new VendorApi("Cloudflare", fetch);
  const key = encodeURIComponent(keyId);
  const base = `${apiUrl}/v1/turn/keys/${key}/credentials`;
  const authorization = { "Authorization": `Bearer ${apiToken}` };

  function ask(endpoint: string, signal: AbortSignal): Promise<Response> {
    return api.send({
      url: `${base}/${endpoint}`,
      method: "POST",
      headers: { ...authorization, "Content-Type": "application/json" },
      body: JSON.stringify({ ttl: ttlSeconds }),
      signal,
    });
  }

  return {
    name: "Cloudflare",
    description: "Cloudflare",
    async credentials({ signal }): Promise<IceConfig> {
      // Counted from before the request, so that it never claims too long a life.
      const expiresAt = now() + ttlSeconds * 1000;
      let response = await ask("generate-ice-servers", signal);
      if (response.status === 404) {
        await response.body?.cancel();
        response = await ask("generate", signal);
      }
      const answer = await api.json(response, signal);
      const list = isFields(answer) ? answer.iceServers : undefined;
      // The older endpoint answers with one object.
      const iceServers = api.iceServers(isFields(list) ? [list] : list);
      return { iceServers, expiresAt };
    },
    async revoke({ iceServers }, { signal }): Promise<void> {
      const names = new Set(iceServers.map(({ username }) => username));
      for (const name of names) {
        if (name === undefined) continue;
        const response = await api.send({
          url: `${base}/${encodeURIComponent(name)}/revoke`,
          method: "POST",
          headers: authorization,
          signal,
        });
        await api.expectOk(response);
        await response.body?.cancel();
      }
    },
  };
}
