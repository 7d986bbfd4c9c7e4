import {
  type Engine,
  hasNats,
  hasRedis,
  startNats,
  startRedis,
} from "./engine.ts";
import { type ClusterNode, type NodeOptions, startNode } from "./start_node.ts";

/** An engine that nodes of a test have in common. */
export interface EngineKind {
  /** What it is called in the name of a test. */
  readonly name: "Redis" | "NATS";
  /** Variable that tells a node where it is. */
  readonly variable: "REDIS_URL" | "NATS_URL";
  /** Whether it cannot be had here. */
  readonly missing: boolean;
  /** Starts one. */
  start(options?: { host?: string }): Promise<Engine>;
}

/** Both of them. */
export const ENGINES: readonly EngineKind[] = [
  {
    name: "Redis",
    variable: "REDIS_URL",
    missing: !await hasRedis(),
    start: startRedis,
  },
  {
    name: "NATS",
    variable: "NATS_URL",
    missing: !await hasNats(),
    start: startNats,
  },
];

/** How a cluster is to be. */
export interface ClusterOptions {
  /** How many nodes it has. @default {3} */
  readonly size?: number;
  /** Environment of all nodes, on top of what makes them a cluster. */
  readonly env?: Readonly<Record<string, string>>;
  /** Address at which its engine listens. @default {"127.0.0.1"} */
  readonly engineHost?: string;
  /** What is special about a node. */
  node?(index: number): Omit<NodeOptions, "env">;
}

/** Several servers of the same rooms, and the engine between them. Gone at the end of its block. */
export interface Cluster extends AsyncDisposable {
  /** The engine. */
  readonly engine: Engine;
  /** Its nodes. */
  readonly nodes: readonly ClusterNode[];
  /** Resolves with what each node has logged of an event from now on, once all have. */
  recorded(event: string, withinMs?: number): Promise<void>;
}

/** Starts an engine and the nodes that share it; resolves when all are ready. */
export async function startCluster(
  kind: EngineKind,
  options: ClusterOptions = {},
): Promise<Cluster> {
  const { size = 3, env = {}, engineHost, node = () => ({}) } = options;
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(
    await kind.start(engineHost === undefined ? {} : { host: engineHost }),
  );
  const starting = Array.from({ length: size }, (_, index) =>
    startNode({
      env: {
        [kind.variable]: engine.url,
        SESSION_SECRET: "a secret of all nodes",
        // Nobody outside is asked for anything.
        ICE_SERVERS: '[{"urls":"stun:127.0.0.1"}]',
        ...env,
      },
      ...node(index),
    }));
  const started = await Promise.allSettled(starting);
  for (const result of started) {
    if (result.status === "fulfilled") stack.use(result.value);
  }
  const nodes = await Promise.all(starting);
  const made = stack.move();
  return {
    engine,
    nodes,
    async recorded(event, withinMs = 10_000) {
      await Promise.all(
        nodes.map((node) =>
          node.recorded(event, { since: node.records.length, withinMs })
        ),
      );
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

/** The node of that number. */
export function nodeOf({ nodes }: Cluster, index: number): ClusterNode {
  const node = nodes[index];
  if (!node) throw new RangeError(`There is no node ${index}`);
  return node;
}
