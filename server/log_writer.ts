import type { LogRecord } from "./log_record.ts";

/** What the program reports, beside what the library does. */
export type ProgramRecord =
  | LogRecord
  | {
    readonly level: "info";
    readonly event: "listening";
    readonly url: string;
    /** What peers get of TURN, in words. */
    readonly turn: string;
  }
  | { readonly level: "info"; readonly event: "stopped" }
  | {
    readonly level: "warn";
    readonly event: "misconfigured";
    /** In words. */
    readonly problem: string;
  };

/** Levels of the log, the most talkative first. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;

/** Level of a record. */
export type Level = typeof LEVELS[number];

/** How records become lines. */
export interface LogWriterOptions {
  /** Records below it are left out. */
  readonly level: Level;
  /** For a person at a terminal; else one JSON object a line. */
  readonly pretty: boolean;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Takes a line, without its end. */
  readonly write: (line: string, level: Level) => void;
}

/** Makes what writes records as lines. */
export function logWriter(
  { level, pretty, now, write }: LogWriterOptions,
): (record: ProgramRecord) => void {
  const lowest = LEVELS.indexOf(level);
  return (record) => {
    if (LEVELS.indexOf(record.level) < lowest) return;
    const time = new Date(now()).toISOString();
    const message = sentence(record);
    const line = pretty
      // Peers choose their names, and a terminal obeys control characters.
      ? `${time.slice(11, 19)} ${record.level.padEnd(5)} ${printable(message)}`
      // What was thrown has no fields of its own to show.
      : JSON.stringify({
        time,
        ...record,
        ...("error" in record && { error: thrown(record.error) }),
        message,
      });
    write(line, record.level);
  };
}

function printable(text: string): string {
  return text.replaceAll(/(?!\n)\p{Cc}/gu, "?");
}

function sentence(record: ProgramRecord): string {
  switch (record.event) {
    case "listening":
      return `Listening on ${record.url} (TURN: ${record.turn})`;
    case "stopped":
      return "Stopped";
    case "misconfigured":
      return record.problem;
    case "peer-joined":
      return `Session ${record.session} has joined, ${record.peers} in its room`;
    case "peer-away":
      return `Session ${record.session} has lost its socket`;
    case "peer-back":
      return `Session ${record.session} is back`;
    case "peer-left":
      return `Session ${record.session} has left (${record.reason}), ${record.peers} in its room`;
    case "peer-dropped":
      return `Dropped a peer: ${record.reason} (${record.code})`;
    case "socket-granted":
      return `Session ${record.session} is "${record.id}" in "${record.room}" of "${record.party}", from ${
        record.address ?? "somewhere"
      }`;
    case "join-refused":
      return `Refused somebody: ${record.code}`;
    case "turn-is-open":
      return `TURN by ${record.provider} is open to everybody: set ALLOWED_ORIGINS, AUTH_SECRET or AUTH_JWKS_URL`;
    case "turn-failed":
      return `TURN by ${record.provider} failed: ${record.reason}; it is left alone for a while`;
    case "turn-revoke-failed":
      return `TURN by ${record.provider} did not revoke the credentials of a peer that left: ${record.reason}`;
    case "turn-recovered":
      return `TURN by ${record.provider} works again`;
    case "engine-down":
      return `The ${record.engine} between the nodes is down: ${record.reason}; this one goes on with what it knows`;
    case "engine-up":
      return `The ${record.engine} between the nodes is up`;
    case "engine-failed":
      return `The ${record.engine} between the nodes failed once: ${record.reason}`;
    case "node-found":
      return `A node was found, there are ${record.nodes}`;
    case "node-lost":
      return `A node was lost, there are ${record.nodes}; its peers are away`;
    case "draining":
      return `Stopping; ${record.sessions} sessions are asked to go on elsewhere`;
    case "internal-error":
      return `Internal error: ${thrown(record.error)}`;
    default:
      return record satisfies never;
  }
}

/** Causes may go round in a circle. */
const MAX_CAUSES = 8;

/** What was thrown, in words. Never throws. */
function thrown(error: unknown, causes = MAX_CAUSES): string {
  try {
    if (!(error instanceof Error)) {
      return typeof error === "object"
        ? JSON.stringify(error) ?? "nothing that can be shown"
        : String(error);
    }
    const { stack, message, cause } = error;
    const words = String(stack ?? message);
    return cause === undefined || causes === 0
      ? words
      : `${words}\nCaused by: ${thrown(cause, causes - 1)}`;
  } catch {
    return "something that cannot be shown";
  }
}
