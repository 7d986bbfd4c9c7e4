import { parseArgs } from "node:util";
import { LIMITS, type Limits, MAX_LIMIT } from "../protocol.ts";
import type { Authorize } from "./authorize.ts";
import type { Backplane } from "./backplane/backplane.ts";
import { natsBackplane } from "./backplane/nats_backplane.ts";
import { redisBackplane } from "./backplane/redis_backplane.ts";
import { type Environment, trimmed } from "./environment.ts";
import { jwtAuthorizer, MIN_SECRET_BYTES } from "./jwt_authorizer.ts";
import { type Level, LEVELS } from "./log_writer.ts";
import { readOrigins } from "./origins.ts";
import { MIN_SECRET_CHARS } from "./resume_token.ts";
import { readTurn } from "./turn_config.ts";
import type { IceProvider } from "./turn_provider.ts";

/** What `--help` prints. */
export const USAGE =
  `WebRTC signaling server: rooms, presence and TURN credentials.

Usage: main.ts [options]

Options:
  -p, --port <port>   TCP port to listen on, 0 for a free one (PORT, 8000)
      --host <host>   address to listen on (HOST, 0.0.0.0)
  -h, --help          print this
  -V, --version       print the version

Environment, also read from .env in the working directory:
  PORT, HOST          as above; an option wins, then the environment, then .env
  ICE_SERVERS         the same STUN and TURN servers for everybody, as JSON:
                      [{"urls":"turn:…","username":"…","credential":"…"}]
  TURN_URLS           a coturn of yours, as turn:a.example,turns:a.example:443
  TURN_SECRET         its static-auth-secret
  CF_TURN_TOKEN_ID    id of a Cloudflare TURN key (CF_TURN_APP_ID is an alias)
  CF_TURN_API_TOKEN   API token of that key
  TWILIO_ACCOUNT_SID  id of a Twilio account
  TWILIO_AUTH_TOKEN   auth token of that account
  METERED_APP         name of an app at Metered
  METERED_API_KEY     API key of one of its credentials
                      all that are set are used, in this order, when those
                      before fail; without any, peers get public STUN only
  TURN_TTL            life of a TURN credential in seconds, 60 to 86400 (3600)
  SESSION_SECRET      at least 16 characters; with the same one, the server
                      knows its peers again after a restart (random)
  REDIS_URL           a Redis or Valkey over which several servers serve the
                      same rooms, as redis://:password@redis.example.com:6379
  NATS_URL            or a NATS server with JetStream, as nats://a.example:4222;
                      with either, SESSION_SECRET is the same on all servers
  BACKPLANE_PREFIX    keeps servers apart that share one of those and not their
                      rooms, 1 to 32 letters, digits, - and _ (webrtc)
  AUTH_SECRET         at least 32 bytes: joining takes a JSON Web Token signed
                      with it (HS256), with claims exp, room and sub
  AUTH_JWKS_URL       the same, with the public keys of that JWK Set
  AUTH_AUDIENCE       what the claim aud of a token must hold
  AUTH_ISSUER         what the claim iss of a token must be
  ALLOWED_ORIGINS     origins whose pages may use the server, as
                      https://example.com,https://*.example.org (*)
  TRUST_PROXY         how many proxies of yours write X-Forwarded-For (0)
  LIMITS              limits that differ, as peersPerRoom=16,frameBytes=32768:
                      ${wrapped(Object.keys(LIMITS))}
  LOG_LEVEL           ${LEVELS.join(", ")} (info)
`;

/** Words in lines that fit below each other in the usage. */
function wrapped(words: readonly string[]): string {
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length > 50) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line}, ${word}`;
  }
  return lines.join(`,\n${" ".repeat(22)}`);
}

/** What the environment says of a server. */
export interface ServerSettings {
  /** Where STUN and TURN servers come from, in the order in which they are asked. */
  readonly turn: readonly IceProvider[];
  /** Limits that differ from the defaults. */
  readonly limits: Partial<Limits>;
  /** Origins whose pages may use it. */
  readonly allowedOrigins: readonly string[];
  /** How many proxies stand in front. */
  readonly trustProxy: number;
  /** Signs the tokens with which peers resume. */
  readonly sessionSecret?: string;
  /** What it shares with other servers of the same rooms. */
  readonly backplane?: Backplane;
  /** Decides who may join. */
  readonly authorize?: Authorize;
}

/** What the program was asked to do. */
export type Config =
  | { readonly run: "help" | "version" }
  | {
    readonly run: "serve";
    /** TCP port. */
    readonly port: number;
    /** Address to listen on. */
    readonly hostname: string;
    /** What the server is made with. */
    readonly options: ServerSettings;
    /** Records below it are left out of the log. */
    readonly logLevel: Level;
    /** What is likely not meant, one sentence each. */
    readonly warnings: readonly string[];
  }
  | {
    readonly run: "nothing";
    /** What is misconfigured, one sentence each. */
    readonly problems: readonly string[];
  };

/** Reads flags and environment. Says everything that is wrong at once, and never throws. */
export function readConfig(
  args: readonly string[],
  environment: Environment,
): Config {
  const env = trimmed(environment);
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  if (flags.help) return { run: "help" };
  if (flags.version) return { run: "version" };
  const port = readPort(
    flags.port !== undefined
      ? ["--port", flags.port]
      : ["PORT", env("PORT") ?? "8000"],
    problems,
  );
  const hostname = flags.host ?? env("HOST") ?? "0.0.0.0";
  const warnings: string[] = [];
  const options = {
    turn: readTurn(env, { problems, warnings }),
    limits: readLimits(env("LIMITS"), problems),
    allowedOrigins: readAllowedOrigins(env("ALLOWED_ORIGINS"), problems),
    trustProxy: readCount("TRUST_PROXY", env("TRUST_PROXY"), problems),
    ...readSessionSecret(env("SESSION_SECRET"), problems),
    ...readBackplane(env, problems, warnings),
    ...readAuthorize(env, problems, warnings),
  };
  const logLevel = readLevel(env("LOG_LEVEL"), problems);
  return problems.length > 0
    ? { run: "nothing", problems }
    : { run: "serve", port, hostname, options, logLevel, warnings };
}

interface Flags {
  port?: string | undefined;
  host?: string | undefined;
  help?: boolean | undefined;
  version?: boolean | undefined;
}

function readFlags(args: readonly string[], problems: string[]): Flags {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: "string", short: "p" },
        host: { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "V" },
      },
    });
    return values;
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return {};
  }
}

function readPort([name, text]: [string, string], problems: string[]): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    problems.push(`${name} must be a port from 0 to 65535, got "${text}"`);
  }
  return port;
}

function readLimits(
  text: string | undefined,
  problems: string[],
): Partial<Limits> {
  const limits: { -readonly [Name in keyof Limits]?: number } = {};
  for (const item of text?.split(",") ?? []) {
    const [name = "", ...rest] = item.split("=").map((part) => part.trim());
    const value = rest.join("=");
    const limit = Number(value);
    if (!Object.hasOwn(LIMITS, name)) {
      problems.push(`LIMITS has no "${name}"; see --help`);
    } else if (
      !/^\d+$/.test(value) || limit > MAX_LIMIT || limit < 1
    ) {
      problems.push(
        `LIMITS: ${name} must be an integer from 1 to ${MAX_LIMIT}, got "${value}"`,
      );
    } else limits[name as keyof Limits] = limit;
  }
  return limits;
}

function readAllowedOrigins(
  text: string | undefined,
  problems: string[],
): readonly string[] {
  const origins = text?.split(",").map((origin) => origin.trim()) ?? ["*"];
  try {
    readOrigins(origins);
  } catch (error) {
    problems.push(
      `ALLOWED_ORIGINS: ${error instanceof Error ? error.message : error}`,
    );
  }
  return origins;
}

function readCount(
  name: string,
  text: string | undefined,
  problems: string[],
): number {
  if (text === undefined) return 0;
  if (!/^\d{1,2}$/.test(text)) {
    problems.push(`${name} must be a number from 0 to 99, got "${text}"`);
  }
  return Number(text);
}

function readSessionSecret(
  sessionSecret: string | undefined,
  problems: string[],
): { sessionSecret?: string } {
  if (sessionSecret === undefined) return {};
  if (sessionSecret.length < MIN_SECRET_CHARS) {
    problems.push(
      `SESSION_SECRET must have at least ${MIN_SECRET_CHARS} characters`,
    );
  }
  return { sessionSecret };
}

function readBackplane(
  env: Environment,
  problems: string[],
  warnings: string[],
): { backplane?: Backplane } {
  const redisUrl = env("REDIS_URL");
  const natsUrl = env("NATS_URL");
  const prefix = env("BACKPLANE_PREFIX");
  if (prefix !== undefined && !/^[\w-]{1,32}$/.test(prefix)) {
    problems.push(
      `BACKPLANE_PREFIX must be 1 to 32 letters, digits, "-" and "_", got "${prefix}"`,
    );
  }
  if (redisUrl === undefined && natsUrl === undefined) {
    if (prefix !== undefined) {
      warnings.push(
        "BACKPLANE_PREFIX does nothing without REDIS_URL or NATS_URL",
      );
    }
    return {};
  }
  const name = redisUrl !== undefined ? "REDIS_URL" : "NATS_URL";
  if (redisUrl !== undefined && natsUrl !== undefined) {
    problems.push("REDIS_URL and NATS_URL are both set: set one of them");
  }
  if (env("SESSION_SECRET") === undefined) {
    problems.push(
      `${name} takes a SESSION_SECRET, the same on all servers: a peer may come back at any of them`,
    );
  }
  const options = prefix === undefined ? {} : { prefix };
  try {
    return {
      backplane: redisUrl !== undefined
        ? redisBackplane({ url: redisUrl, ...options })
        : natsBackplane({ url: natsUrl ?? "", ...options }),
    };
  } catch {
    // Not quoted: it may hold a password.
    const schemes = redisUrl !== undefined ? "redis or rediss" : "nats or tls";
    problems.push(`${name} must be a URL of ${schemes}`);
    return {};
  }
}

function readAuthorize(
  env: Environment,
  problems: string[],
  warnings: string[],
): { authorize?: Authorize } {
  const secret = env("AUTH_SECRET");
  const jwksUrl = env("AUTH_JWKS_URL");
  const audience = env("AUTH_AUDIENCE");
  const issuer = env("AUTH_ISSUER");
  const expected = {
    ...(audience !== undefined && { audience }),
    ...(issuer !== undefined && { issuer }),
  };
  if (secret !== undefined && jwksUrl !== undefined) {
    problems.push(
      "AUTH_SECRET and AUTH_JWKS_URL are both set: set one of them",
    );
  } else if (secret !== undefined) {
    try {
      return { authorize: jwtAuthorizer({ secret, ...expected }) };
    } catch {
      problems.push(`AUTH_SECRET must have at least ${MIN_SECRET_BYTES} bytes`);
    }
  } else if (jwksUrl !== undefined) {
    if (/^https?:$/.test(URL.parse(jwksUrl)?.protocol ?? "")) {
      return { authorize: jwtAuthorizer({ jwksUrl, ...expected }) };
    }
    // Not quoted: it may be a secret that was put into the wrong variable.
    problems.push("AUTH_JWKS_URL must be a URL of http or https");
  } else if (Object.keys(expected).length > 0) {
    warnings.push(
      "AUTH_AUDIENCE and AUTH_ISSUER do nothing without AUTH_SECRET or AUTH_JWKS_URL",
    );
  }
  return {};
}

function readLevel(text: string | undefined, problems: string[]): Level {
  const level = LEVELS.find((level) => level === (text ?? "info"));
  if (!level) {
    problems.push(
      `LOG_LEVEL must be one of ${LEVELS.join(", ")}, got "${text}"`,
    );
  }
  return level ?? "info";
}
