import { tryRun } from "../../scripts/run.ts";
import { freePort } from "./free_port.ts";
import type { Within } from "./namespace.ts";

/** Set where a machine must have all that tests need: what cannot be tested is then a failure. */
const REQUIRED = Deno.env.get("NETWORK_TESTS") === "required";

/** How long an engine may take until it takes connections. */
const START_MS = 15_000;

/** How an engine is to run. */
export interface EngineOptions {
  /** Address at which it listens. @default {"127.0.0.1"} */
  readonly host?: string;
  /** Its port. @default {a free one of this machine} */
  readonly port?: number;
  /** Password that it asks for; it is in {@linkcode Engine.url}. */
  readonly password?: string;
  /** The network that it runs in; this machine's if there is none. */
  readonly network?: Within;
  /** More of its arguments. */
  readonly args?: readonly string[];
}

/** How a NATS server is to run. */
export interface NatsOptions extends EngineOptions {
  /** Whether it has JetStream. @default {true} */
  readonly jetStream?: boolean;
}

/** An engine between nodes, which may stop and start again at the same port. Gone at the end of its block, with all that it kept. */
export interface Engine extends AsyncDisposable {
  /** Where it is, with the password, as `redis://:secret@127.0.0.1:6379`. */
  readonly url: string;
  /** Address at which it listens. */
  readonly host: string;
  /** Its TCP port. */
  readonly port: number;
  /** What it has logged since it was first started. */
  readonly log: string;
  /** Ends it without a goodbye. Resolves when it is gone. Twice is fine. */
  kill(): Promise<void>;
  /** Starts it where it was, without anything that it knew; kills it first if it runs. Resolves when it takes connections. */
  restart(): Promise<void>;
  /** Freezes it before the call returns: its connections stay open, and nobody is answered. */
  pause(): void;
  /** Lets it go on where it was frozen. */
  resume(): void;
}

/** What is different from engine to engine. */
interface Kind {
  readonly program: string;
  readonly scheme: string;
  /** What it logs when it takes connections. */
  readonly ready: string;
  readonly password: string | undefined;
  readonly args: (at: Place) => readonly string[];
}

interface Place {
  readonly host: string;
  readonly port: number;
  /** A folder of its own. */
  readonly folder: string;
}

/** Whether Debian's Redis is here. Prints the reason if it is not, as a test that is skipped for it tells none. */
export function hasRedis(): Promise<boolean> {
  return has("redis-server");
}

/** Whether Debian's NATS is here. Prints the reason if it is not. */
export function hasNats(): Promise<boolean> {
  return has("nats-server");
}

/** Starts a Redis that writes nothing down. */
export function startRedis(options: EngineOptions = {}): Promise<Engine> {
  const { password, args = [] } = options;
  return startEngine({
    program: "redis-server",
    scheme: "redis",
    ready: "Ready to accept connections",
    password: password === undefined ? undefined : `:${password}`,
    args: ({ host, port, folder }) => [
      ...["--bind", host, "--port", String(port), "--dir", folder],
      ...["--save", "", "--appendonly", "no", "--protected-mode", "no"],
      ...(password === undefined ? [] : ["--requirepass", password]),
      ...args,
    ],
  }, options);
}

/** Starts a NATS server; what its JetStream keeps is gone with it. */
export function startNats(options: NatsOptions = {}): Promise<Engine> {
  const { jetStream = true, password, args = [] } = options;
  return startEngine({
    program: "nats-server",
    scheme: "nats",
    ready: "Server is ready",
    password: password === undefined ? undefined : `user:${password}`,
    args: ({ host, port, folder }) => [
      ...["--addr", host, "--port", String(port)],
      ...(jetStream ? ["--jetstream", "--store_dir", folder] : []),
      ...(password === undefined ? [] : ["--user", "user", "--pass", password]),
      ...args,
    ],
  }, options);
}

async function has(program: string): Promise<boolean> {
  const { success, stderr } = await tryRun(program, ["--version"]);
  if (success) return true;
  const reason = `it does not run (${stderr.trim()})`;
  if (REQUIRED) throw new Error(`Cannot test with ${program}: ${reason}`);
  console.log(`Tests with ${program} are skipped: ${reason}`);
  return false;
}

async function startEngine(
  kind: Kind,
  options: EngineOptions,
): Promise<Engine> {
  const { host = "127.0.0.1", port = freePort(), network } = options;
  const program = await network?.wrap(kind.program) ?? kind.program;
  let log = "";
  let running: Running | undefined;

  interface Running {
    readonly process: Deno.ChildProcess;
    /** Resolves when it has ended, everything it said was read, and its folder is gone. */
    readonly ended: Promise<void>;
  }

  async function restart(): Promise<void> {
    await kill();
    const folder = await Deno.makeTempDir();
    const process = new Deno.Command(program, {
      args: [...kind.args({ host, port, folder })],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const began = log.length;
    const ready = Promise.withResolvers<void>();

    async function read(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
      for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
        log += piece;
        if (log.includes(kind.ready, began)) ready.resolve();
      }
    }

    async function run(): Promise<void> {
      await Promise.all([
        process.status,
        read(process.stdout),
        read(process.stderr),
      ]);
      await Deno.remove(folder, { recursive: true });
      ready.reject(
        new Error(`Cannot start ${kind.program}:\n${log.slice(began)}`),
      );
    }

    running = { process, ended: run() };
    const timer = setTimeout(() => {
      ready.reject(
        new Error(
          `Cannot start ${kind.program}: not ready in ${START_MS} ms:\n${
            log.slice(began)
          }`,
        ),
      );
    }, START_MS);
    try {
      await ready.promise;
    } catch (error) {
      await kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function kill(): Promise<void> {
    if (!running) return;
    const { process, ended } = running;
    running = undefined;
    signal(process, "SIGKILL");
    await ended;
  }

  await restart();
  const credentials = kind.password === undefined ? "" : `${kind.password}@`;
  return {
    url: `${kind.scheme}://${credentials}${host}:${port}`,
    host,
    port,
    get log() {
      return log;
    },
    kill,
    restart,
    pause() {
      signal(running?.process, "SIGSTOP");
      // A thread on another core may still be about to answer.
      while (running && !hasStopped(running.process.pid));
    },
    resume: () => signal(running?.process, "SIGCONT"),
    [Symbol.asyncDispose]: kill,
  };
}

/** Whether all threads of a process are stopped, or gone (proc_pid_stat(5)). */
function hasStopped(pid: number): boolean {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].every(({ name }) =>
      /\) [TZ] /.test(Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`))
    );
  } catch {
    return true;
  }
}

function signal(
  process: Deno.ChildProcess | undefined,
  name: Deno.Signal,
): void {
  try {
    process?.kill(name);
  } catch {
    // It has ended by itself.
  }
}
