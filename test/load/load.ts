import { cpuSeconds } from "../bench/cpu_seconds.ts";
import { type Program, startProgram } from "../bench/program.ts";
import { rss } from "../bench/rss.ts";
import type { CrowdOptions } from "./crowd.ts";
import type { LoadOptions } from "./options.ts";
import type { ServerProcess } from "./server_process.ts";
import { startNodes } from "./nodes.ts";
import { type Figures, Tally } from "./tally.ts";

/** What a node took that was started for the load. */
export interface ServerFigures {
  /** CPU time while they came, and while they talked, in seconds. */
  readonly joinCpu: number;
  readonly talkCpu: number;
  /** Resident memory before they came, when all were in, and when they had talked, in kB of 1000 bytes. */
  readonly rss: readonly [before: number, joined: number, talked: number];
}

/** What came of a load. */
export interface LoadResult {
  readonly tally: Tally;
  /** Of each node that was started for it. */
  readonly servers: readonly ServerFigures[];
  /** Whether it was ended early. */
  readonly stopped: boolean;
}

/** How a load is watched. */
export interface LoadWatch {
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Called when they begin to `join`, `talk` and `leave`. */
  readonly onPhase?: (phase: Phase) => void;
}

/** What the crowds do, one after the other. */
const PHASES = ["join", "talk", "leave"] as const;

/** One of it. */
export type Phase = typeof PHASES[number];

/** Puts a load on servers, in processes of its own. */
export async function load(
  options: LoadOptions,
  { signal, onPhase = () => {} }: LoadWatch,
): Promise<LoadResult> {
  await using stack = new AsyncDisposableStack();
  const servers = options.urls.length > 0
    ? []
    : stack.use(await startNodes(options)).nodes;
  const urls = servers.length > 0
    ? servers.map(({ url }) => url)
    : options.urls;
  const crowds: Program[] = [];
  for (const share of shares({ ...options, urls })) {
    crowds.push(stack.use(await startCrowd(share)));
  }
  const stop = () => crowds.forEach((crowd) => void crowd.say("stop"));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();

  const tally = new Tally();
  const looks = [await Promise.all(servers.map(look))];
  try {
    for (const phase of PHASES) {
      onPhase(phase);
      const all = crowds.map((crowd) => tell(crowd, phase));
      for (const figures of await Promise.all(all)) tally.add(figures);
      looks.push(await Promise.all(servers.map(look)));
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return {
    tally,
    servers: servers.flatMap((_, i) =>
      compare(looks.map((each) => each[i])) ?? []
    ),
    stopped: signal.aborted,
  };
}

/** Starts a crowd in a process of its own, on one core if that is given. */
export function startCrowd(
  options: CrowdOptions,
  core?: number,
): Promise<Program> {
  return startProgram("../load/crowd_process.ts", {
    args: [JSON.stringify(options)],
    ...(core === undefined ? {} : { core }),
  });
}

/** Orders a crowd to do something, and resolves with what there was. */
export async function tell(crowd: Program, phase: Phase): Promise<Figures> {
  await crowd.say(phase);
  return JSON.parse(await crowd.hear());
}

/** What each process does. */
function shares(options: LoadOptions): CrowdOptions[] {
  const { processes, joinsPerSecond, signalsPerSecond } = options;
  // Nobody must be there from the last time.
  const name = `load-${crypto.randomUUID().slice(0, 8)}`;
  return Array.from({ length: processes }, (_, i) => {
    const rooms = Array.from(
      { length: options.rooms },
      (_, r) => `${name}-${r}`,
    )
      .filter((_, r) => r % processes === i);
    const share = rooms.length / options.rooms;
    return {
      ...options,
      rooms,
      joinsPerSecond: joinsPerSecond * share,
      signalsPerSecond: signalsPerSecond * share,
    };
  });
}

interface Look {
  readonly cpu: number;
  readonly rss: number;
}

/** Looks at a server, where that is possible. */
async function look(
  { pid }: Pick<ServerProcess, "pid">,
): Promise<Look | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  return { cpu: await cpuSeconds(pid), rss: await rss(pid) };
}

function compare(
  [before, joined, talked]: readonly (Look | undefined)[],
): ServerFigures | undefined {
  if (!before || !joined || !talked) return undefined;
  return {
    joinCpu: joined.cpu - before.cpu,
    talkCpu: talked.cpu - joined.cpu,
    rss: [before.rss, joined.rss, talked.rss],
  };
}
