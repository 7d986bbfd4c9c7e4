import { type Program, startProgram } from "../bench/program.ts";
import type { CoturnOptions } from "../../server/coturn.ts";
import { fileOf, type Library } from "./library.ts";

/** The signaling server of a library, which can be killed. */
export interface Signaling extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  /** When it listened last, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Kills it. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again at the same port. Resolves when it listens. */
  start(): Promise<void>;
}

/** Where it listens. */
export interface SignalingOptions {
  readonly hostname: string;
  readonly port: number;
  /** The core that it is bound to. @default {any} */
  readonly core?: number;
  /** The TURN server of which ours tells; the others leave that to the app. */
  readonly turn?: CoturnOptions;
}

/** Starts the signaling server of a library. */
export async function startSignaling(
  library: Library,
  options: SignalingOptions,
): Promise<Signaling> {
  const { hostname, port, core, turn } = options;
  const file = `../rivals/servers/${fileOf(library)}`;
  const args = [hostname, String(port), JSON.stringify(turn ?? null)];
  let program: Program | undefined;
  let startedAt = 0;

  async function start(): Promise<void> {
    program = await startProgram(file, {
      args,
      ...(core !== undefined && { core }),
    });
    // Some say hello in words of their own first.
    while (await program.hear() !== "ready");
    startedAt = Date.now();
  }
  async function kill(): Promise<void> {
    await program?.[Symbol.asyncDispose]();
    program = undefined;
  }

  await start();
  return {
    host: `${hostname}:${port}`,
    get startedAt() {
      return startedAt;
    },
    kill,
    start,
    [Symbol.asyncDispose]: kill,
  };
}
