import { type Program, startProgram } from "../../bench/program.ts";
import type { CoturnOptions } from "../../../server/coturn.ts";
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

/** Starts the signaling server of a library. */
export async function startSignaling(
  library: Library,
  options: { hostname: string; port: number; turn: CoturnOptions },
): Promise<Signaling> {
  const { hostname, port, turn } = options;
  const file = `../networks/rivals/servers/${fileOf(library)}`;
  const args = [hostname, String(port), JSON.stringify(turn)];
  let program: Program | undefined;
  let startedAt = 0;

  async function start(): Promise<void> {
    program = await startProgram(file, { args });
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
