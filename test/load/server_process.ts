import { lines } from "../bench/lines.ts";
import type { Limits } from "../../protocol.ts";

/** A server under load, in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens. */
  readonly url: string;
}

/**
 * Starts the server on a free port of this machine, with the environment of this
 * process and limits that no load reaches. What it warns of goes to standard error.
 */
export async function startServerProcess(
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const raised: Partial<Limits> = {
    sockets: 1_000_000,
    socketsPerAddress: 1_000_000,
    peersPerRoom: 1_000,
    framesPerSecond: 1_000_000,
    frameBurst: 1_000_000,
  };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      new URL("server_program.ts", import.meta.url).pathname,
    ],
    env: {
      ...env,
      PORT: "0",
      HOST: "127.0.0.1",
      LIMITS: Object.entries(raised).map(([name, limit]) => `${name}=${limit}`)
        .join(),
    },
    stdin: "piped",
    stdout: "piped",
    // A terminal that interrupts the load would end it, too, and before its time.
    detached: true,
  }).spawn();
  const listening = Promise.withResolvers<string>();

  /** The log is read to its end: a program whose output nobody reads stands still. */
  async function read(): Promise<void> {
    for await (const line of lines(child.stdout)) {
      if (!line.includes('"event":"listening"')) continue;
      listening.resolve(JSON.parse(line).url);
    }
    const { code } = await child.status;
    listening.reject(new Error(`The server ended with ${code}`));
  }

  const ended = read();
  async function end(): Promise<void> {
    await child.stdin.close().catch(() => {});
    await ended;
  }

  try {
    const url = await listening.promise;
    return { pid: child.pid, url, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}
