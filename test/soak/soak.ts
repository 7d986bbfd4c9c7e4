import { LIMITS } from "../../protocol.ts";
import { checkAgreement } from "./agreement.ts";
import { Churn } from "./churn.ts";
import { Door } from "./door.ts";
import { Ledger } from "./ledger.ts";
import { Random } from "./random.ts";
import { countPeers, type Sample, takeSample } from "./sample.ts";
import { type ServerProcess, startServerProcess } from "./server_process.ts";
import { leftovers, misconduct } from "./verdict.ts";
import { Visitor } from "./visitor.ts";

/** How long the server may take to get rid of everybody, beside the time that sessions outlive their sockets. */
const CLEAN_UP_MS = 30_000;
/** How often it is looked at meanwhile. */
const LOOK_MS = 200;

/** What a soak is. */
export interface SoakOptions {
  /** How many clients there are. */
  readonly sockets: number;
  /** How long they come and go. */
  readonly durationMs: number;
  /** Where the randomness begins. */
  readonly seed: number;
  /** How long the server keeps sessions without a socket. @default {LIMITS.graceMs} */
  readonly graceMs?: number;
  /**
   * Whether clients that come back also hang up before they are answered. Deno
   * 2.9 tells nobody of a socket whose client does so while the server still
   * thinks, and keeps its descriptor for ever.
   *
   * @default {false}
   */
  readonly hangUps?: boolean;
  /** How often the server is looked at. */
  readonly sampleMs: number;
  /** Takes each sample as it comes. */
  readonly onSample?: (sample: Sample) => void;
}

/** What a soak has found. */
export interface SoakResult {
  /** Before anybody came; `undefined` when it did not get that far. */
  readonly start: Sample | undefined;
  /** While they came and went. */
  readonly samples: readonly Sample[];
  /** When all were gone; `undefined` when it did not get that far. */
  readonly end: Sample | undefined;
  readonly ledger: Ledger;
  /** What is wrong, in words. */
  readonly failures: readonly string[];
}

/** Lets clients come and go at a server in a process of its own, and ends it. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { sockets, durationMs } = options;
  const { graceMs = LIMITS.graceMs } = options;
  await using server = await startServerProcess({
    sockets: Math.max(LIMITS.sockets, sockets * 4),
    socketsPerAddress: sockets * 4,
    graceMs,
  });
  // Whatever hangs then ends with an error.
  const hung = setTimeout(
    () => server.kill(),
    durationMs + graceMs + 4 * CLEAN_UP_MS,
  );
  const ledger = new Ledger();
  const samples: Sample[] = [];
  const failures: string[] = [];
  let start: Sample | undefined;
  let end: Sample | undefined;
  try {
    await countPeers(server);
    start = await takeSample(server, "collection");
    await comeAndGo(server, { ...options, graceMs, ledger, samples });
    end = await cleanedUp(server, start, graceMs + CLEAN_UP_MS);
    failures.push(...leftovers(start, end));
    const code = await server.stop();
    if (code !== 0) failures.push(`The server ended with ${code}`);
  } catch (error) {
    failures.push(`Could not go on: ${error}`);
  } finally {
    clearTimeout(hung);
  }
  failures.push(
    ...misconduct(ledger),
    ...server.trouble.map((line) => `The server said: ${line}`),
  );
  return { start, samples, end, ledger, failures };
}

/** Fills the server with visitors, takes samples while they come and go, and sends them all away. */
async function comeAndGo(
  server: ServerProcess,
  options: SoakOptions & {
    readonly graceMs: number;
    readonly ledger: Ledger;
    readonly samples: Sample[];
  },
): Promise<void> {
  const { sockets, seed, sampleMs, graceMs, ledger, samples } = options;
  const now = () => performance.now();
  const door = new Door(server.url);
  const visitors = Array.from(
    { length: sockets },
    (_, i) => new Visitor(`v${i}`, { door, ledger, now }),
  );
  await using churn = new Churn({
    visitors,
    rooms: Math.ceil(sockets / 3),
    random: new Random(seed),
    ledger,
    graceMs,
    hangUps: options.hangUps ?? false,
    actionsPerSecond: Math.max(600, sockets * 0.6),
    now,
  });
  await untilEnded(server, churn.start());
  for (let time = sampleMs; time <= options.durationMs; time += sampleMs) {
    await pause(sampleMs, server.ended);
    const sample = await takeSample(server);
    samples.push(sample);
    options.onSample?.(sample);
  }
  await churn.stop();
  await checkAgreement(visitors, ledger);
  await Promise.all(visitors.map((visitor) => visitor.leave()));
}

/** A sample of the server when nothing is left, or the last one before patience ends. */
async function cleanedUp(
  server: ServerProcess,
  start: Sample,
  patienceMs: number,
): Promise<Sample> {
  const giveUpAt = performance.now() + patienceMs;
  while (await countPeers(server) > 0 && performance.now() < giveUpAt) {
    await pause(LOOK_MS, server.ended);
  }
  for (;;) {
    const end = await takeSample(server, "collection");
    const clean = leftovers(start, end).length === 0;
    if (clean || performance.now() >= giveUpAt) return end;
    await pause(LOOK_MS, server.ended);
  }
}

async function untilEnded(
  { ended }: ServerProcess,
  promise: Promise<void>,
): Promise<void> {
  const end = Promise.withResolvers<void>();
  const onEnd = () => end.resolve();
  ended.addEventListener("abort", onEnd);
  await Promise.race([promise, end.promise]);
  ended.removeEventListener("abort", onEnd);
}

/** Resolves after `ms`, or when `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = () => resolve();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);
}
