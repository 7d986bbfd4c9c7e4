import type { IceConfig, TurnProvider } from "./turn_provider.ts";
import { VendorApi } from "./vendor_api.ts";

/** Settings of {@linkcode metered}. */
export interface MeteredOptions {
  /** Name of the app, the first part of `{app}.metered.live`. */
  readonly app: string;
  /** API key of one of its credentials. Never leaves the server. */
  readonly apiKey: string;
  /** Base URL of the API. @default {`https://${app}.metered.live`} */
  readonly apiUrl?: string;
  /** Makes the requests. @default {globalThis.fetch} */
  readonly fetch?: typeof fetch;
}

/**
 * Metered's TURN service. Everybody gets the credential that the API key
 * belongs to, and Metered does not say when it expires: make one that does not.
 *
 * @throws {TypeError} If `app` cannot be part of a host name.
 * @see https://www.metered.ca/docs/turn-rest-api/get-credential
 */
export function metered(options: MeteredOptions): TurnProvider {
  const {
    app,
    apiKey,
    apiUrl = `https://${app}.metered.live`,
    fetch = globalThis.fetch,
  } = options;
  // Anything else could name another host, which would get the key.
  if (!/^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(app)) {
    throw new TypeError(
      'Cannot use Metered: "app" must be the first part of its host, {app}.metered.live: letters, digits and hyphens',
    );
  }
  const api = new VendorApi("Metered", fetch);
  // Where Metered wants its key; no error that quotes this URL gets out of the API.
  const query = new URLSearchParams({ apiKey });
  const url = `${apiUrl}/api/v1/turn/credentials?${query}`;

  return {
    name: "Metered",
    description: "Metered",
    async credentials({ signal }): Promise<IceConfig> {
      const response = await api.send({ url, method: "GET", signal });
      const iceServers = api.iceServers(await api.json(response, signal));
      return { iceServers, expiresAt: null };
    },
  };
}
