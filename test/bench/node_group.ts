import { type Nodes, startNodes } from "../load/nodes.ts";
import type { EngineName } from "../load/options.ts";
import { hasNats, hasRedis } from "../support/engine.ts";
import { cpuSeconds } from "./cpu_seconds.ts";
import { onCore } from "./on_core.ts";

/** The engines that run on this machine. */
export async function engines(): Promise<EngineName[]> {
  const there: [EngineName, boolean][] = [
    ["redis", await hasRedis()],
    ["nats", await hasNats()],
  ];
  return there.flatMap(([name, isThere]) => isThere ? [name] : []);
}

/** Nodes that serve the same rooms. */
export interface NodeGroup extends AsyncDisposable {
  /** Host and port of each. */
  readonly hosts: readonly string[];
  /** CPU time of all of them so far, in seconds. */
  nodeCpu(): Promise<number>;
  /** That of the engine between them; 0 if there is none. */
  engineCpu(): Promise<number>;
}

/** Starts so many nodes, on one core with their engine if that is given. */
export async function startGroup(
  options: { nodes: number; engine?: EngineName; core?: number },
): Promise<NodeGroup> {
  const { nodes: count, engine, core } = options;
  const start = () => startNodes({ nodes: count, engine });
  const started: Nodes = core === undefined
    ? await start()
    : await onCore(core, start);
  const { nodes, enginePid } = started;
  return {
    hosts: nodes.map(({ url }) => new URL(url).host),
    async nodeCpu() {
      const all = await Promise.all(nodes.map(({ pid }) => cpuSeconds(pid)));
      return all.reduce((sum, seconds) => sum + seconds, 0);
    },
    engineCpu: async () =>
      enginePid === undefined ? 0 : await cpuSeconds(enginePid),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
