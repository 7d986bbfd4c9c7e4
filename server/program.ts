import { parse } from "@std/dotenv";
import { readConfig, USAGE } from "./config.ts";
import type { Variable } from "./environment.ts";
import { logWriter } from "./log_writer.ts";
import { isTracing, openTelemetry } from "./open_telemetry.ts";
import { serve, type Serving } from "./serve.ts";
import { Server, type ServerOptions } from "./server.ts";
import { VERSION } from "./version.ts";

/**
 * Runs a server as a program: reads flags, environment and `.env`, prints where
 * it listens, and stops on SIGINT and SIGTERM. Exits with 1 when something is
 * misconfigured, with 0 when it was stopped.
 *
 * @param create Makes the server to run. @default {a plain Server}
 *
 * @example Your own server with the same flags
 * ```ts no-eval
 * import { runProgram, Server } from "@x/webrtc/server";
 *
 * await runProgram((options) => new Server(options));
 * ```
 */
export async function runProgram(
  create: (options: ServerOptions) => Server = (options) => new Server(options),
): Promise<void> {
  const file = await readDotenv();
  const config = readConfig(
    Deno.args,
    (name) => Deno.env.get(name) ?? file.get(name),
  );
  switch (config.run) {
    case "help":
      return console.log(USAGE);
    case "version":
      return console.log(VERSION);
    case "nothing":
      for (const problem of config.problems) console.error(`error: ${problem}`);
      console.error("Nothing was started; see --help.");
      return Deno.exit(1);
    case "serve":
      break;
    default:
      return config satisfies never;
  }
  const { port, hostname, options, logLevel } = config;
  const log = logWriter({
    level: logLevel,
    pretty: Deno.stdout.isTerminal(),
    now: Date.now,
    write: (line, level) =>
      level === "warn" || level === "error"
        ? console.error(line)
        : console.log(line),
  });
  for (const problem of config.warnings) {
    log({ level: "warn", event: "misconfigured", problem });
  }
  if (isTracing() && options.turn.some(({ name }) => name === "Metered")) {
    const problem =
      "Metered takes its API key in a URL, and spans have URLs in them: set OTEL_DENO_TRACING=false";
    log({ level: "warn", event: "misconfigured", problem });
  }
  const telemetry = await openTelemetry();
  const server = create({ ...options, log, ...(telemetry && { telemetry }) });
  let serving: Serving;
  try {
    serving = serve({ port, hostname, server });
  } catch (error) {
    console.error(
      `error: Cannot listen on ${hostname}:${port}: ${reason(error)}`,
    );
    return Deno.exit(1);
  }
  const { url } = serving;
  const turn = options.turn.map(({ description }) => description)
    .join(", else ");
  // Whoever reads that it listens may stop it at once.
  const stopped = untilSignal();
  log({ level: "info", event: "listening", url, turn });
  await stopped;
  await serving.close();
  log({ level: "info", event: "stopped" });
  // Clients that vanish in the middle of it can hold Deno's event loop for another 15 s.
  Deno.exit(0);
}

/** The first SIGINT or SIGTERM. A second one finds no listener and ends the process. */
function untilSignal(): Promise<void> {
  // Windows has no SIGTERM.
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  return new Promise((resolve) => {
    function stop(): void {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
      resolve();
    }
    for (const signal of signals) Deno.addSignalListener(signal, stop);
  });
}

async function readDotenv(): Promise<ReadonlyMap<Variable | string, string>> {
  try {
    return new Map(Object.entries(parse(await Deno.readTextFile(".env"))));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      console.warn(
        "warning: .env is not read: no permission (--allow-read=.env)",
      );
    } else if (!(error instanceof Deno.errors.NotFound)) {
      console.warn(`warning: .env is not read: ${reason(error)}`);
    }
    return new Map();
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
