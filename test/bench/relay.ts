import type { Limits } from "../../protocol.ts";
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

/**
 * Starts our server, or the floor, on a core.
 *
 * @param options.limits Limits of our server that differ from the defaults; without it no load reaches any.
 */
export async function startRelay(
  side: Side,
  core: number,
  options: { limits?: Partial<Limits> } = {},
): Promise<Relay> {
  const { limits } = options;
  const program: Program = await startProgram(FILES[side], {
    core,
    args: limits ? [JSON.stringify(limits)] : [],
  });
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
