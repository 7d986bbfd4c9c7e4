import { parseArgs } from "node:util";

/** What carries frames between nodes. */
export type EngineName = "redis" | "nats";

/** What a load is. */
export interface LoadOptions {
  /** Where the nodes are, over which each room is spread; without any, some are started. */
  readonly urls: readonly string[];
  /** How many are started. */
  readonly nodes: number;
  /** What is started between them; else it is that of the environment, or nothing. */
  readonly engine: EngineName | undefined;
  readonly rooms: number;
  /** How many peers come into each room. */
  readonly peers: number;
  /** How long they talk. */
  readonly seconds: number;
  /** How many of them come in a second, in all. */
  readonly joinsPerSecond: number;
  /** How much they say in a second, in all. */
  readonly signalsPerSecond: number;
  /** Length of what they say. */
  readonly bytes: number;
  /** Over how many processes they are spread. */
  readonly processes: number;
  /** Whether the report is one for programs. */
  readonly json: boolean;
}

/** What the program was asked to do. */
export type Asked =
  | { readonly run: "help" }
  | { readonly run: "load"; readonly options: LoadOptions }
  | {
    readonly run: "nothing";
    /** What is wrong, one sentence each. */
    readonly problems: readonly string[];
  };

interface Bounds {
  readonly usual: number;
  readonly least: number;
  readonly most: number;
  /** Whether it may be a fraction. */
  readonly fraction?: true;
  readonly what: string;
}

const NUMBERS = {
  rooms: { usual: 10, least: 1, most: 10_000, what: "how many rooms" },
  peers: { usual: 4, least: 1, most: 256, what: "how many peers in each" },
  seconds: {
    usual: 10,
    least: 1,
    most: 3600,
    what: "how long they talk, once all are there",
  },
  "joins-per-second": {
    usual: 100,
    least: 0.1,
    most: 10_000,
    fraction: true,
    what: "how fast they come, in all",
  },
  "signals-per-second": {
    usual: 1_000,
    least: 0,
    most: 100_000,
    fraction: true,
    what: "how much they say, in all; 0: nothing",
  },
  bytes: {
    usual: 1200,
    least: 64,
    most: 32_000,
    what: "how long each signal is",
  },
  nodes: {
    usual: 1,
    least: 1,
    most: 8,
    what: "how many servers to start for it",
  },
  processes: {
    usual: 1,
    least: 1,
    most: 16,
    what: "spreads the load, if one process is too slow for it",
  },
} satisfies Record<string, Bounds>;

type Name = keyof typeof NUMBERS;

const NAMES = Object.keys(NUMBERS) as Name[];

/** Sockets in all; one address has 28,000 ports for them, and a process not always that many descriptors. */
const MAX_SOCKETS = 16_000;
/** A client keeps 2,048 signals at the most until the server has confirmed them, which it asks for every 8 s. */
const MAX_PER_PEER = 200;

/** What `--help` prints. */
export const USAGE =
  `Lets peers come into the rooms of a signaling server and signal each other,
with the signaling of the client and without WebRTC, and measures it.

Usage: deno task load [options]

Options:
${
    NAMES.map((name) => {
      const { usual, least, most, what } = NUMBERS[name];
      const range = `${least} to ${most}`;
      return `  ${`--${name} <n>`.padEnd(26)}${what} (${usual}; ${range})`;
    }).join("\n")
  }
  --engine <name>           redis or nats: starts one between the nodes, over
                            which each room is spread (that of REDIS_URL or
                            NATS_URL)
  --url <url>               a server that is there, instead of starting any; for
                            several nodes once each
  --allow-remote            lets a url lead to another machine than this one
  --json                    prints one JSON object instead of a table
  -h, --help                prints this

At most ${MAX_SOCKETS} peers in all, and ${MAX_PER_PEER} signals a second from each.
A server of its own has limits that no load reaches; of another one the limits
hold, most of all socketsPerAddress. Exits with 1 if there were any errors. On
SIGINT it ends early and tells what it has.
`;

/**
 * Reads the flags. Says everything that is wrong at once, and never throws.
 *
 * @param hasEngine Whether the environment says where an engine is.
 */
export function readLoadOptions(
  args: readonly string[],
  hasEngine = false,
): Asked {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  if (flags.help) return { run: "help" };
  const given = new Map(
    NAMES.map((name) => [name, readNumber(name, flags[name], problems)]),
  );
  const number = (name: Name) => given.get(name) ?? NUMBERS[name].usual;
  const urls = flags.url ?? [];
  for (const url of urls) checkUrl(url, flags["allow-remote"], problems);
  const options: LoadOptions = {
    urls,
    nodes: number("nodes"),
    engine: readEngine(flags.engine, problems),
    rooms: number("rooms"),
    peers: number("peers"),
    seconds: number("seconds"),
    joinsPerSecond: number("joins-per-second"),
    signalsPerSecond: number("signals-per-second"),
    bytes: number("bytes"),
    processes: number("processes"),
    json: flags.json ?? false,
  };
  if (problems.length === 0) problems.push(...misfits(options, hasEngine));
  return problems.length > 0
    ? { run: "nothing", problems }
    : { run: "load", options };
}

interface Flags extends Partial<Record<Name, string>> {
  url?: string[];
  engine?: string;
  "allow-remote"?: boolean;
  json?: boolean;
  help?: boolean;
}

function readFlags(args: readonly string[], problems: string[]): Flags {
  try {
    const numbers = Object.fromEntries(
      NAMES.map((name) => [name, { type: "string" }] as const),
    );
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...numbers,
        url: { type: "string", multiple: true },
        engine: { type: "string" },
        "allow-remote": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return {};
  }
}

function readNumber(
  name: Name,
  text: string | undefined,
  problems: string[],
): number | undefined {
  if (text === undefined) return undefined;
  const { least, most, fraction }: Bounds = NUMBERS[name];
  const form = fraction ? /^\d+(\.\d+)?$/ : /^\d+$/;
  const value = Number(text);
  if (form.test(text) && value >= least && value <= most) return value;
  const kind = fraction ? "a number" : "an integer";
  problems.push(
    `--${name} must be ${kind} from ${least} to ${most}, got "${text}"`,
  );
  return undefined;
}

function readEngine(
  text: string | undefined,
  problems: string[],
): EngineName | undefined {
  if (text === undefined || text === "redis" || text === "nats") return text;
  problems.push(`--engine must be redis or nats, got "${text}"`);
  return undefined;
}

function checkUrl(
  text: string,
  allowRemote: boolean | undefined,
  problems: string[],
): void {
  const url = URL.parse(text);
  if (!url || !/^(http|ws)s?:$/.test(url.protocol)) {
    problems.push(`--url must be a URL of http or ws, got "${text}"`);
  } else if (!allowRemote && !isLoopback(url.hostname)) {
    problems.push(
      `--url: ${url.hostname} is another machine; --allow-remote if it is yours`,
    );
  }
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** What is wrong with options that are each right. */
function misfits(options: LoadOptions, hasEngine: boolean): string[] {
  const { rooms, peers, signalsPerSecond, processes } = options;
  const { urls, nodes, engine } = options;
  const all = rooms * peers;
  const problems: string[] = [];
  if (all > MAX_SOCKETS) {
    problems.push(
      `${rooms} rooms of ${peers} are ${all} peers; there may be ${MAX_SOCKETS}`,
    );
  }
  if (signalsPerSecond > all * MAX_PER_PEER) {
    problems.push(
      `--signals-per-second: ${all} peers may say ${all * MAX_PER_PEER}`,
    );
  }
  if (signalsPerSecond > 0 && peers < 2) {
    problems.push(
      "--peers: one alone has nobody to signal; give it --signals-per-second 0",
    );
  }
  if (urls.length > 0 && (nodes > 1 || engine)) {
    problems.push("--nodes and --engine start some; with --url they are there");
  } else if (nodes > 1 && !engine && !hasEngine) {
    problems.push(
      "--nodes: for several there must be --engine, REDIS_URL or NATS_URL",
    );
  }
  if (processes > rooms) {
    problems.push("--processes: there are fewer rooms, which are not split");
  }
  return problems;
}
