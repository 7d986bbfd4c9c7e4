import { parseArgs } from "node:util";
import { cloudflareTurn } from "./cloudflare_turn.ts";
import { publicStun } from "./public_stun.ts";
import type { TurnProvider } from "./turn_provider.ts";

/** The environment variables that the program reads. */
export const ENVIRONMENT = [
  "PORT",
  "HOST",
  "CF_TURN_TOKEN_ID",
  "CF_TURN_APP_ID",
  "CF_TURN_API_TOKEN",
] as const;

/** Name of an environment variable that the program reads. */
export type Variable = typeof ENVIRONMENT[number];

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
  CF_TURN_TOKEN_ID    id of a Cloudflare TURN key (CF_TURN_APP_ID is an alias)
  CF_TURN_API_TOKEN   API token of that key
                      without them peers get a public STUN server only
`;

/** What the program was asked to do. */
export type Config =
  | { readonly run: "help" | "version" }
  | {
    readonly run: "serve";
    /** TCP port. */
    readonly port: number;
    /** Address to listen on. */
    readonly hostname: string;
    /** Where TURN credentials come from. */
    readonly turn: TurnProvider;
  }
  | {
    readonly run: "nothing";
    /** What is misconfigured, one sentence each. */
    readonly problems: readonly string[];
  };

/** Reads flags and environment. Says everything that is wrong at once, and never throws. */
export function readConfig(
  args: readonly string[],
  env: (name: Variable) => string | undefined,
): Config {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  if (flags.help) return { run: "help" };
  if (flags.version) return { run: "version" };
  const port = readPort(
    flags.port !== undefined
      ? ["--port", flags.port]
      : ["PORT", set(env("PORT")) ?? "8000"],
    problems,
  );
  const hostname = flags.host ?? set(env("HOST")) ?? "0.0.0.0";
  const turn = readTurn(env, problems);
  return problems.length > 0
    ? { run: "nothing", problems }
    : { run: "serve", port, hostname, turn };
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

function readTurn(
  env: (name: Variable) => string | undefined,
  problems: string[],
): TurnProvider {
  const tokenId = set(env("CF_TURN_TOKEN_ID"));
  const appId = set(env("CF_TURN_APP_ID"));
  const apiToken = set(env("CF_TURN_API_TOKEN"));
  if (tokenId && appId && tokenId !== appId) {
    problems.push(
      "CF_TURN_TOKEN_ID and its alias CF_TURN_APP_ID differ: set one of them",
    );
  }
  const keyId = tokenId ?? appId;
  if (keyId && apiToken) return cloudflareTurn({ keyId, apiToken });
  if (keyId) {
    problems.push(
      "CF_TURN_TOKEN_ID is set but CF_TURN_API_TOKEN is not: Cloudflare TURN needs both",
    );
  }
  if (apiToken) {
    problems.push(
      "CF_TURN_API_TOKEN is set but CF_TURN_TOKEN_ID is not: Cloudflare TURN needs both",
    );
  }
  return publicStun();
}

/** A variable that is set to nothing counts as not set. */
function set(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === "" ? undefined : trimmed;
}
