import type { Side } from "./measurement.ts";
import { type Program, startProgram } from "./program.ts";

const FILES: Readonly<Record<Side, string>> = {
  ours: "our_relay.ts",
  floor: "bare_relay.ts",
};

/** A relay that runs in a process of its own. */
export interface Relay extends AsyncDisposable {
  /** Its process. */
  readonly pid: number;
  /** Host and port where it listens. */
  readonly host: string;
}

/** Starts our server, or the floor, on a core. */
export async function startRelay(side: Side, core: number): Promise<Relay> {
  const program: Program = await startProgram(FILES[side], { core });
  try {
    const host = await program.hear();
    return {
      pid: program.pid,
      host,
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}
