import { readJson } from "../protocol.ts";
import { cloudflareTurn } from "./cloudflare_turn.ts";
import { coturn } from "./coturn.ts";
import type { Environment, Variable } from "./environment.ts";
import { metered } from "./metered.ts";
import { publicStun } from "./public_stun.ts";
import { staticIceServers } from "./static_ice_servers.ts";
import {
  type IceProvider,
  isTurnProvider,
  type TurnProvider,
} from "./turn_provider.ts";
import { twilio } from "./twilio.ts";

/** Bounds of `TURN_TTL`: what is shorter is renewed all the time, what is longer not all vendors give. */
const TTL_SECONDS = { min: 60, max: 86_400 } as const;

/** Where what is wrong, and what is likely not meant, is put down; one sentence each. */
export interface Findings {
  /** It keeps the program from starting. */
  readonly problems: string[];
  /** It does not. */
  readonly warnings: string[];
}

/**
 * All providers that the environment configures, in the order in which they are
 * asked: one's own before those of vendors, who charge for what they relay.
 */
export function readTurn(
  env: Environment,
  findings: Findings,
): readonly IceProvider[] {
  const ttl = readTtl(env("TURN_TTL"), findings);
  const minting = [readCoturn, readCloudflare, readTwilio]
    .map((read) => read(env, ttl, findings));
  const list = readStatic(env, findings);
  const behind = [...minting, readMetered(env, findings)]
    .filter((provider) => provider !== undefined);
  if (list && isTurnProvider(list) && behind.length > 0) {
    const names = behind.map(({ name }) => name).join(", ");
    findings.warnings.push(
      `ICE_SERVERS has TURN and cannot fail, so that nobody will ask for what is behind it: ${names}`,
    );
  }
  const providers = list ? [list, ...behind] : behind;
  if (ttl && minting.every((provider) => provider === undefined)) {
    findings.warnings.push(
      "TURN_TTL does nothing without coturn, Cloudflare or Twilio",
    );
  }
  return providers.length > 0 ? providers : [publicStun()];
}

/** The option of a provider that mints credentials; none leaves it the default. */
type Ttl = { readonly ttlSeconds: number } | undefined;

function readTtl(text: string | undefined, { problems }: Findings): Ttl {
  if (text === undefined) return;
  const { min, max } = TTL_SECONDS;
  const ttlSeconds = Number(text);
  if (/^\d+$/.test(text) && ttlSeconds >= min && ttlSeconds <= max) {
    return { ttlSeconds };
  }
  problems.push(
    `TURN_TTL must be a number of seconds from ${min} to ${max}, got "${text}"`,
  );
}

function readStatic(
  env: Environment,
  findings: Findings,
): IceProvider | undefined {
  const text = env("ICE_SERVERS");
  if (text === undefined) return;
  const list = readJson(text);
  // Not quoted, here and below: there is a password in it.
  if (!Array.isArray(list)) {
    findings.problems.push(
      'ICE_SERVERS must be a JSON array, as [{"urls":"turn:turn.example.com","username":"…","credential":"…"}]',
    );
    return;
  }
  return made("ICE_SERVERS", () => staticIceServers(list), findings);
}

function readCoturn(
  env: Environment,
  ttl: Ttl,
  findings: Findings,
): TurnProvider | undefined {
  const [list, secret] = both(env, "coturn", findings, [
    "TURN_URLS",
    "TURN_SECRET",
  ]);
  if (!list || !secret) return;
  const urls = list.split(",").map((url) => url.trim());
  return made("TURN_URLS", () => coturn({ urls, secret, ...ttl }), findings);
}

function readCloudflare(
  env: Environment,
  ttl: Ttl,
  findings: Findings,
): TurnProvider | undefined {
  const tokenId = env("CF_TURN_TOKEN_ID");
  const appId = env("CF_TURN_APP_ID");
  if (tokenId && appId && tokenId !== appId) {
    findings.problems.push(
      "CF_TURN_TOKEN_ID and its alias CF_TURN_APP_ID differ: set one of them",
    );
  }
  const name = tokenId === undefined && appId !== undefined
    ? "CF_TURN_APP_ID"
    : "CF_TURN_TOKEN_ID";
  const [keyId, apiToken] = both(env, "Cloudflare TURN", findings, [
    name,
    "CF_TURN_API_TOKEN",
  ]);
  if (!keyId || !apiToken) return;
  return made(
    "CF_TURN_API_TOKEN",
    () => cloudflareTurn({ keyId, apiToken, ...ttl }),
    findings,
  );
}

function readTwilio(
  env: Environment,
  ttl: Ttl,
  findings: Findings,
): TurnProvider | undefined {
  const [accountSid, authToken] = both(env, "Twilio", findings, [
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
  ]);
  if (!accountSid || !authToken) return;
  return twilio({ accountSid, authToken, ...ttl });
}

function readMetered(
  env: Environment,
  findings: Findings,
): TurnProvider | undefined {
  const [app, apiKey] = both(env, "Metered", findings, [
    "METERED_APP",
    "METERED_API_KEY",
  ]);
  if (!app || !apiKey) return;
  return made("METERED_APP", () => metered({ app, apiKey }), findings);
}

/** The values of two variables that are nothing without each other. */
function both(
  env: Environment,
  what: string,
  { problems }: Findings,
  names: readonly [Variable, Variable],
): readonly [string | undefined, string | undefined] {
  const [first, second] = names;
  const values = [env(first), env(second)] as const;
  if ((values[0] === undefined) !== (values[1] === undefined)) {
    const [there, missing] = values[0] === undefined
      ? [second, first]
      : [first, second];
    problems.push(
      `${there} is set but ${missing} is not: ${what} needs both`,
    );
  }
  return values;
}

/** A provider, unless it refuses its settings, which are those of the variable `name`. */
function made<Provider extends IceProvider>(
  name: Variable,
  make: () => Provider,
  { problems }: Findings,
): Provider | undefined {
  try {
    return make();
  } catch (error) {
    problems.push(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
