/**
 * Lets clients come and go at the server for ten minutes, and looks whether it
 * keeps anything of them. Linux only (`/proc`).
 *
 * ```sh
 * deno task test:soak
 * deno task test:soak --minutes 2 --sockets 500 --seed 1
 * deno task test:soak --hang-ups  # see SoakOptions.hangUps
 * ```
 *
 * | I want to change …                       | go to …                                |
 * | ---------------------------------------- | -------------------------------------- |
 * | what happens, and how often              | `churn.ts`                             |
 * | what a client does, and may be told      | `visitor.ts`, `membership.ts`          |
 * | what is looked at                        | `sample.ts`, `server.ts`               |
 * | what is a failure                        | `verdict.ts`, `agreement.ts`           |
 * | how a soak begins and ends               | `soak.ts`                              |
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { Sample } from "./sample.ts";
import { soak } from "./soak.ts";
import { growth, tenth } from "./verdict.ts";

const MAX_SAMPLE_MS = 10_000;
/** A tenth of them is then still some. */
const MIN_SAMPLES = 40;
/** How long V8 takes to find out how large its heap has to be under this load, and the sessions without a socket to become as many as go. */
const WARM_UP_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    sockets: { type: "string", default: "2000" },
    "hang-ups": { type: "boolean", default: false },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const durationMs = Number(values.minutes) * 60_000;
const sockets = Number(values.sockets);
const seed = Number(values.seed);
if (!(durationMs > 0 && sockets > 0 && Number.isInteger(sockets + seed))) {
  console.error(`error: not numbers: ${JSON.stringify(values)}`);
  Deno.exit(1);
}

const COLUMNS = {
  rss: (kilobytes: number) => `${(kilobytes / 1000).toFixed(1)} MB`,
  heap: (kilobytes: number) => `${(kilobytes / 1000).toFixed(1)} MB`,
  descriptors: String,
  timers: String,
  rooms: String,
  peers: String,
  away: String,
} satisfies Record<keyof Sample, (figure: number) => string>;

function row(name: string, sample: Sample | undefined): string {
  return sample === undefined ? name : [
    name.padEnd(12),
    ...Object.entries(COLUMNS).map(([column, format]) =>
      format(sample[column as keyof Sample]).padStart(12)
    ),
  ].join("");
}

console.log(`${sockets} sockets, ${values.minutes} minutes, --seed ${seed}`);
const head = [
  "".padEnd(12),
  ...Object.keys(COLUMNS).map((column) => column.padStart(12)),
].join("");
console.error(head);
const { start, samples, end, ledger, failures } = await soak({
  sockets,
  durationMs,
  seed,
  hangUps: values["hang-ups"],
  sampleMs: Math.min(MAX_SAMPLE_MS, durationMs / MIN_SAMPLES),
  onSample: (sample) => console.error(row("", sample)),
});
const warm = durationMs / 10 >= WARM_UP_MS;
const all = warm ? [...failures, ...growth(samples)] : failures;
const counts = [...ledger.counts].map(([what, count]) => `${what} ${count}`);
console.log([
  head,
  row("start", start),
  row("2nd tenth", tenth(samples, 1)),
  row("last tenth", tenth(samples, 9)),
  row("end", end),
  counts.toSorted().join(", "),
  warm
    ? "Growth was judged."
    : "Too short to judge growth: ten minutes are not.",
  ...all.map((failure) => `FAILED: ${failure}`),
  all.length === 0 ? "ok" : "failed",
].join("\n"));
Deno.exitCode = all.length === 0 ? 0 : 1;
