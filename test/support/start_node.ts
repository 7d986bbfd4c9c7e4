import config from "../../deno.json" with { type: "json" };
import type { Within } from "./namespace.ts";
import { tell, type Told } from "./tell.ts";

/** How long a node may take until it takes joins. */
const START_MS = 15_000;
/** How long a record may take to come, unless a test says otherwise. */
const RECORD_MS = 15_000;
/** How long a node may take to stop. */
const STOP_MS = 7_000;
/** How often a node that has started is asked whether it is ready, as whoever runs it would. */
const PROBE_MS = 20;

/** A record of the log, as the program writes it. */
export interface NodeRecord {
  /** What has happened. */
  readonly event: string;
  /** How bad it is. */
  readonly level: string;
  /** When, by the clock of the node. */
  readonly time: string;
  /** The rest of it. */
  readonly [field: string]: unknown;
}

/** How a node is to run. */
export interface NodeOptions {
  /** Its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The network that it runs in, and its address there; this machine's if there is none. */
  readonly network?: Within & { readonly inside: string };
  /** How many milliseconds its clock is ahead. @default {0} */
  readonly skewMs?: number;
}

/** A server as a process, which may end and start again at the same port. Gone at the end of its block. */
export interface ClusterNode extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  /** Address at which it listens. */
  readonly hostname: string;
  /** Its TCP port. */
  readonly port: number;
  /** What it has logged since it was first started. */
  readonly records: readonly NodeRecord[];
  /** Resolves with the first record of an event, of those from `since` on. */
  recorded(
    event: string,
    options?: { since?: number; withinMs?: number },
  ): Promise<NodeRecord>;
  /** Asks it something. */
  get(path: string): Promise<Told>;
  /** Resolves when it says that it is ready, or, asked for, that it is not. */
  ready(expected?: boolean): Promise<Told>;
  /** Ends it without a goodbye. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop. Resolves with its exit status. */
  stop(): Promise<number>;
  /** Starts it again where it was. Resolves when it is ready. */
  restart(): Promise<void>;
}

/** Starts `server/main.ts` with the permissions of the task `serve`; resolves when it is ready. */
export async function startNode(options: NodeOptions): Promise<ClusterNode> {
  const { env, network, skewMs } = options;
  const hostname = network?.inside ?? "127.0.0.1";
  const root = new URL("../../", import.meta.url);
  const permissions = config.tasks.serve.command.split(" ")
    .filter((word) => word.startsWith("--"));
  const entry = skewMs === undefined
    ? new URL("server/main.ts", root)
    // The program reads its arguments and its environment itself.
    : new URL(`./skewed_program.ts?ms=${skewMs}`, import.meta.url);
  const deno = await network?.wrap(Deno.execPath()) ?? Deno.execPath();
  const records: NodeRecord[] = [];
  /** Called whenever there is another record, or the process has ended. */
  const readers = new Set<() => void>();
  let errors = "";
  let port = 0;
  let running: Running | undefined;

  interface Running {
    readonly process: Deno.ChildProcess;
    /** Resolves when it has ended and everything it said was read. */
    readonly ended: Promise<Deno.CommandStatus>;
  }

  function read(line: string): void {
    try {
      records.push(JSON.parse(line));
    } catch {
      errors += `${line}\n`;
    }
    for (const reader of readers) reader();
  }

  async function start(): Promise<void> {
    const cwd = await Deno.makeTempDir();
    const since = records.length;
    const process = new Deno.Command(deno, {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        `--config=${new URL("deno.json", root).pathname}`,
        ...permissions,
        entry.href,
      ],
      cwd,
      env: { ...env, HOST: hostname, PORT: String(port), NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const ended = Promise.all([
      process.status,
      readLines(process.stdout, read),
      readLines(process.stderr, read),
    ]).then(async ([status]) => {
      await Deno.remove(cwd, { recursive: true });
      running = undefined;
      for (const reader of readers) reader();
      return status;
    });
    running = { process, ended };
    const { url } = await recorded("listening", { since, withinMs: START_MS });
    port = Number(new URL(String(url)).port);
    await ready();
  }

  function recorded(
    event: string,
    { since = 0, withinMs = RECORD_MS } = {},
  ): Promise<NodeRecord> {
    const { promise, resolve, reject } = Promise.withResolvers<NodeRecord>();
    function look(): void {
      const record = records.slice(since).find((record) =>
        record.event === event
      );
      if (record) resolve(record);
      else if (!running) {
        reject(new Error(`The node ended before "${event}": ${errors}`));
      }
    }
    const timer = setTimeout(() => {
      const events = records.slice(since).map(({ event }) => event);
      reject(
        new Error(
          `The node logged no "${event}" in ${withinMs} ms, but [${events}] ${errors}`,
        ),
      );
    }, withinMs);
    readers.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      readers.delete(look);
    });
  }

  async function get(path: string): Promise<Told> {
    try {
      return await tell(`http://${hostname}:${port}${path}`);
    } catch (cause) {
      throw new Error(
        `The node does not answer: ${
          JSON.stringify(records.slice(-5))
        } ${errors}`,
        {
          cause,
        },
      );
    }
  }

  async function ready(expected = true): Promise<Told> {
    const deadline = performance.now() + START_MS;
    for (;;) {
      const told = await get("/ready");
      if ((told.status === 200) === expected) return told;
      if (performance.now() > deadline) {
        throw new Error(
          `The node is ${told.status} after ${START_MS} ms: ${told.text} ${errors}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
    }
  }

  async function end(signal: Deno.Signal): Promise<number> {
    if (!running) return 0;
    const { process, ended } = running;
    try {
      process.kill(signal);
    } catch {
      // It has ended by itself.
    }
    const timer = setTimeout(() => {
      errors += `It did not stop within ${STOP_MS} ms.\n`;
      process.kill("SIGKILL");
    }, STOP_MS);
    const { code } = await ended;
    clearTimeout(timer);
    return code;
  }

  const kill = async () => void await end("SIGKILL");
  try {
    await start();
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    url: `http://${hostname}:${port}`,
    hostname,
    port,
    records,
    recorded,
    get,
    ready,
    kill,
    stop: () => end("SIGTERM"),
    async restart() {
      await kill();
      await start();
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") take(line);
  }
  if (rest !== "") take(rest);
}
