import { isFields } from "../protocol.ts";
import { checkTtl, TTL_SECONDS } from "./ttl.ts";
import type { IceConfig, TurnProvider } from "./turn_provider.ts";
import { VendorApi } from "./vendor_api.ts";

/** Settings of {@linkcode twilio}. */
export interface TwilioOptions {
  /** Id of the account, `AC` and 32 hexadecimal digits. */
  readonly accountSid: string;
  /** Auth token of the account. Never leaves the server. */
  readonly authToken: string;
  /** Life of a credential in seconds, at most 86,400. @default {3600} */
  readonly ttlSeconds?: number;
  /** Base URL of the API. @default {"https://api.twilio.com"} */
  readonly apiUrl?: string;
  /** Makes the requests. @default {globalThis.fetch} */
  readonly fetch?: typeof fetch;
  /** The time, in milliseconds since the epoch. @default {Date.now} */
  readonly now?: () => number;
}

const MAX_TTL_SECONDS = 86_400;

/**
 * Twilio's Network Traversal Service. Its tokens cannot be revoked.
 *
 * @throws {RangeError} If `ttlSeconds` is not a whole number from 1 to 86,400.
 * @see https://www.twilio.com/docs/stun-turn/api
 */
export function twilio(options: TwilioOptions): TurnProvider {
  const {
    accountSid,
    authToken,
    ttlSeconds = TTL_SECONDS,
    apiUrl = "https://api.twilio.com",
    fetch = globalThis.fetch,
    now = Date.now,
  } = options;
  checkTtl(ttlSeconds, { vendor: "Twilio", max: MAX_TTL_SECONDS });
  const api = new VendorApi("Twilio", fetch);
  const account = encodeURIComponent(accountSid);
  const url = `${apiUrl}/2010-04-01/Accounts/${account}/Tokens.json`;
  // RFC 7617 §2.
  const basic = new TextEncoder().encode(`${accountSid}:${authToken}`)
    .toBase64();

  return {
    name: "Twilio",
    description: "Twilio",
    async credentials({ signal }): Promise<IceConfig> {
      // Counted from before the request, so that it never claims too long a life.
      const askedAt = now();
      const response = await api.send({
        url,
        method: "POST",
        headers: { "Authorization": `Basic ${basic}` },
        body: new URLSearchParams({ Ttl: String(ttlSeconds) }),
        signal,
      });
      const answer = await api.json(response, signal);
      const fields = isFields(answer) ? answer : {};
      // An entry has its address under `urls`, and once more under the older `url`.
      const iceServers = api.iceServers(fields.ice_servers);
      const seconds = Math.min(ttlSeconds, granted(fields.ttl));
      return { iceServers, expiresAt: askedAt + seconds * 1000 };
    },
  };
}

/** The life that was granted, a number in a string; one that cannot be read is no shorter than what was asked for. */
function granted(ttl: unknown): number {
  const seconds = typeof ttl === "string" && ttl !== "" ? Number(ttl) : ttl;
  return typeof seconds === "number" && !Number.isNaN(seconds)
    ? seconds
    : Infinity;
}
