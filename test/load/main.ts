/**
 * Lets peers come into rooms of a signaling server and signal each other, with
 * the signaling of the client and without WebRTC, and measures it.
 *
 * ```sh
 * deno task load
 * deno task load --rooms 200 --peers 2 --signals-per-second 5000 --seconds 30
 * deno task load --nodes 2 --engine redis
 * deno task load --url http://localhost:8001 --url http://localhost:8002
 * deno task load --help
 * ```
 *
 * | I want to change …                        | go to …                                     |
 * | ----------------------------------------- | ------------------------------------------- |
 * | which options there are                   | `options.ts`                                |
 * | what a peer does, and what is an error    | `load_peer.ts`, `sequence.ts`               |
 * | when they come and talk                   | `crowd.ts`, `pace.ts`                       |
 * | how it is spread over processes           | `load.ts`, `crowd_process.ts`               |
 * | what is measured, and how it is told      | `tally.ts`, `latencies.ts`, `report.ts`     |
 * | the servers that are started              | `nodes.ts`, `server_process.ts`             |
 *
 * @module
 */
import { load, type Phase } from "./load.ts";
import { type LoadOptions, readLoadOptions, USAGE } from "./options.ts";
import { report, table } from "./report.ts";

const DOING: Readonly<Record<Phase, string>> = {
  join: "they come …",
  talk: "they talk …",
  leave: "they leave …",
};

async function run(options: LoadOptions): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => {
    // A second one finds no listener and ends the process.
    Deno.removeSignalListener("SIGINT", interrupt);
    interrupted.abort();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  const result = await load(options, {
    signal: interrupted.signal,
    onPhase: (phase) => console.error(DOING[phase]),
  });
  if (!result.stopped) Deno.removeSignalListener("SIGINT", interrupt);
  const told = report(options, result);
  console.log(options.json ? JSON.stringify(told) : table(told));
  return Object.keys(told.errors).length > 0 ? 1 : 0;
}

const asked = readLoadOptions(
  Deno.args,
  ["REDIS_URL", "NATS_URL"].some((name) => Deno.env.has(name)),
);
switch (asked.run) {
  case "help":
    console.log(USAGE);
    break;
  case "nothing":
    for (const problem of asked.problems) console.error(`error: ${problem}`);
    console.error("Nothing was done; see --help.");
    Deno.exitCode = 1;
    break;
  case "load":
    try {
      Deno.exitCode = await run(asked.options);
    } catch (error) {
      // The process that failed has said more.
      console.error(`error: ${error instanceof Error ? error.message : error}`);
      Deno.exitCode = 1;
    }
    break;
  default:
    asked satisfies never;
}
