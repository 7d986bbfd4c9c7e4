import { tryRun } from "../../scripts/run.ts";
import { freePort } from "./free_port.ts";

/** Set where a machine must be able to make networks: what cannot be tested is then a failure. */
const REQUIRED = Deno.env.get("NETWORK_TESTS") === "required";

/** How long coturn may take to open its ports. */
const START_MS = 15_000;

/** How a coturn is to run. */
export interface CoturnOptions {
  /** Addresses at which it listens and from which it relays. @default {["127.0.0.1"]} */
  readonly listeningIps?: readonly string[];
  /** Port of each, of UDP and of TCP. @default {a free one of this machine} */
  readonly port?: number;
  /** Lowest and highest port that it relays from. @default {coturn's own, 49152 to 65535} */
  readonly relayPorts?: readonly [lowest: number, highest: number];
  /** `static-auth-secret`, which it shares with whoever mints credentials. */
  readonly secret: string;
  /** Realm of its credentials (RFC 8489 §9.2). @default {"example.org"} */
  readonly realm?: string;
  /** Files of its certificate and of the key, in PEM: every TCP port then takes TLS too. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** More of its arguments, as `--max-allocate-lifetime=60`. */
  readonly args?: readonly string[];
  /** The network that it runs in; this machine's if there is none. */
  readonly network?: { wrap(program: string): Promise<string> };
}

/** A coturn, which may stop and start again at the same port. Gone at the end of its block. */
export interface Coturn extends AsyncDisposable {
  /** Its port, of UDP and of TCP. */
  readonly port: number;
  /** Its addresses as they are in `RTCIceServer.urls` (RFC 7065): of each IP that of UDP, then that of TCP. */
  readonly urls: readonly string[];
  /** What it has logged since it was first started. */
  readonly log: string;
  /** Resolves when it has logged that; its log may come after its answer. */
  logged(text: string): Promise<void>;
  /** Starts it again. Resolves when it listens. */
  start(): Promise<void>;
  /** Stops it, with all that it relays. Resolves when it is gone. Stopping twice is fine. */
  stop(): Promise<void>;
  /** Stops it and starts it again. */
  restart(): Promise<void>;
}

/**
 * Why no coturn can run here: `undefined` if one can. Prints the reason, as a
 * test that is skipped for it tells none.
 */
export async function whyNoCoturn(): Promise<string | undefined> {
  const { success, stderr } = await tryRun("turnserver", ["--version"]);
  if (success) return;
  const reason = `turnserver does not run (${stderr.trim()})`;
  if (REQUIRED) throw new Error(`Cannot test with coturn: ${reason}`);
  console.log(`Tests with coturn are skipped: ${reason}`);
  return reason;
}

/** Starts a coturn with credentials of time-limited use (`use-auth-secret`). */
export async function startCoturn(options: CoturnOptions): Promise<Coturn> {
  const {
    listeningIps = ["127.0.0.1"],
    port = freePort(),
    relayPorts,
    secret,
    realm = "example.org",
    tls,
    args = [],
    network,
  } = options;
  const program = await network?.wrap("turnserver") ?? "turnserver";
  const [lowest, highest] = relayPorts ?? [];
  const all = [
    // No configuration of the machine's, no process id that another one would overwrite.
    "-n",
    "--pidfile=/dev/null",
    "--log-file=stdout",
    "--simple-log",
    // What it says about its ports and its sessions.
    "--verbose",
    "--no-cli",
    ...(tls
      ? [`--cert=${tls.certificate}`, `--pkey=${tls.key}`]
      : ["--no-tls"]),
    "--no-dtls",
    "--no-rfc5780",
    // Each thread would open the ports for itself.
    "--relay-threads=1",
    "--use-auth-secret",
    `--static-auth-secret=${secret}`,
    `--realm=${realm}`,
    `--listening-port=${port}`,
    ...listeningIps.map((ip) => `--listening-ip=${ip}`),
    ...(relayPorts ? [`--min-port=${lowest}`, `--max-port=${highest}`] : []),
    ...args,
  ];
  /** What it says when it listens everywhere. */
  const expected = ["UDP", "TCP"].flatMap((protocol) =>
    listeningIps.map((ip) =>
      new RegExp(
        `${protocol} listener opened on ?: ${RegExp.escape(ip)}:${port}\\b`,
      )
    )
  );
  let log = "";
  /** Called whenever there is more in the log. */
  const readers = new Set<() => void>();
  let running: Running | undefined;

  interface Running {
    readonly process: Deno.ChildProcess;
    /** Resolves when it has ended and everything it said was read. */
    readonly ended: Promise<unknown>;
  }

  async function start(): Promise<void> {
    if (running) throw new Error("Cannot start coturn: it runs");
    const process = new Deno.Command(program, {
      args: all,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const listens = Promise.withResolvers<void>();
    const began = log.length;

    async function read(): Promise<void> {
      const text = process.stdout.pipeThrough(new TextDecoderStream());
      for await (const piece of text) {
        log += piece;
        for (const reader of readers) reader();
        const said = log.slice(began);
        if (expected.every((line) => line.test(said))) listens.resolve();
      }
      const said = log.slice(began);
      listens.reject(new Error(`Cannot start coturn:\n${said}`));
    }

    running = { process, ended: Promise.all([process.status, read()]) };
    const timer = setTimeout(() => {
      const said = log.slice(began);
      listens.reject(
        new Error(`Cannot start coturn: no port in ${START_MS} ms:\n${said}`),
      );
    }, START_MS);
    try {
      await listens.promise;
    } catch (error) {
      await stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function stop(): Promise<void> {
    if (!running) return;
    const { process, ended } = running;
    running = undefined;
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await ended;
  }

  await start();
  return {
    port,
    urls: listeningIps.flatMap((ip) => {
      const host = ip.includes(":") ? `[${ip}]` : ip;
      return ["udp", "tcp"].map((transport) =>
        `turn:${host}:${port}?transport=${transport}`
      );
    }),
    get log() {
      return log;
    },
    logged(text) {
      return new Promise((resolve) => {
        function look(): void {
          if (!log.includes(text)) return;
          readers.delete(look);
          resolve();
        }
        readers.add(look);
        look();
      });
    },
    start,
    stop,
    async restart() {
      await stop();
      await start();
    },
    [Symbol.asyncDispose]: stop,
  };
}
