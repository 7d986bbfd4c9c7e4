import { startNats, startRedis } from "../support/engine.ts";
import type { LoadOptions } from "./options.ts";
import { type ServerProcess, startServerProcess } from "./server_process.ts";

/** What can be between nodes, and the variable that says where it is. */
const ENGINES = {
  redis: { start: startRedis, variable: "REDIS_URL", pidFlag: "--pidfile" },
  nats: { start: startNats, variable: "NATS_URL", pidFlag: "--pid" },
} as const;

/** Servers that serve the same rooms. */
export interface Nodes extends AsyncDisposable {
  readonly nodes: readonly ServerProcess[];
  /** The process of the engine between them, if it was started for them. */
  readonly enginePid: number | undefined;
}

/** Starts nodes, each in a process of its own, and an engine between them; without one they have that of the environment, if any. */
export async function startNodes(
  { nodes: count, engine: name }: Pick<LoadOptions, "nodes" | "engine">,
): Promise<Nodes> {
  await using stack = new AsyncDisposableStack();
  const env: Record<string, string> = {};
  let enginePid: number | undefined;
  if (name) {
    const { start, variable, pidFlag } = ENGINES[name];
    const file = await Deno.makeTempFile();
    stack.defer(() => Deno.remove(file));
    const engine = stack.use(await start({ args: [pidFlag, file] }));
    enginePid = Number(await Deno.readTextFile(file));
    env[variable] = engine.url;
  }
  // All must have the same, and one that is set may be wanted.
  if (!Deno.env.has("SESSION_SECRET")) env.SESSION_SECRET = crypto.randomUUID();
  const nodes: ServerProcess[] = [];
  for (let i = 0; i < count; i++) {
    nodes.push(stack.use(await startServerProcess(env)));
  }
  const started = stack.move();
  return {
    nodes,
    enginePid,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
