import type { Limits } from "../../protocol.ts";
import { lines } from "../bench/lines.ts";
import type { Report } from "./server.ts";

/** How long the server may take to start, to answer, or to stop. */
const PATIENCE_MS = 30_000;

/** The server under test, in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens. */
  readonly url: URL;
  /** Warnings and errors it has logged, and what it said on standard error. */
  readonly trouble: readonly string[];
  /** Aborted when it has ended. */
  readonly ended: AbortSignal;
  /** What it says of itself, if asked for after a garbage collection. */
  report(after?: "collection"): Promise<Report>;
  /** Ends it as an operator does, and tells its exit code. */
  stop(): Promise<number>;
  /** Ends it at once. */
  kill(): void;
}

/** Starts `server.ts` with the limits that differ from the defaults. */
export async function startServerProcess(
  limits: Partial<Limits>,
): Promise<ServerProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc",
      new URL("server.ts", import.meta.url).pathname,
    ],
    env: {
      PORT: "0",
      HOST: "127.0.0.1",
      NO_COLOR: "1",
      LIMITS: Object.entries(limits).map(([name, limit]) => `${name}=${limit}`)
        .join(),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const listening = Promise.withResolvers<URL>();
  const asked: ((report: Report) => void)[] = [];
  const trouble: string[] = [];
  const ended = new AbortController();

  /** The log is read to its end: a program whose output nobody reads stands still. */
  async function read(stream: "stdout" | "stderr"): Promise<void> {
    for await (const line of lines(child[stream])) {
      const record = stream === "stdout" ? JSON.parse(line) : undefined;
      if (record?.report) asked.shift()?.(record.report);
      else if (record?.event === "listening") {
        listening.resolve(new URL(record.url));
      } else if (record?.level !== "info") trouble.push(line);
    }
  }

  const status = Promise.all([child.status, read("stdout"), read("stderr")])
    .then(([status]) => {
      ended.abort();
      return status;
    });

  function kill(): void {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  /** What `promise` comes to, unless the program ends first or takes too long. */
  async function answered<T>(what: string, promise: Promise<T>): Promise<T> {
    const gaveUp = setTimeout(kill, PATIENCE_MS);
    const end = status.then(({ code }) => {
      throw new Error(
        `The server ended with ${code} instead of ${what}: ${
          trouble.join("\n")
        }`,
      );
    });
    try {
      return await Promise.race([promise, end]);
    } finally {
      clearTimeout(gaveUp);
    }
  }

  async function dispose(): Promise<void> {
    kill();
    await status;
    await stdin.close().catch(() => {});
  }

  try {
    return {
      pid: child.pid,
      url: await answered("listening", listening.promise),
      trouble,
      ended: ended.signal,
      async report(after) {
        const report = new Promise<Report>((resolve) => asked.push(resolve));
        await stdin.write(
          new TextEncoder().encode(after ? "collect\n" : "report\n"),
        );
        return await answered("reporting", report);
      },
      async stop() {
        const gaveUp = setTimeout(kill, PATIENCE_MS);
        child.kill("SIGTERM");
        const { code } = await status;
        clearTimeout(gaveUp);
        return code;
      },
      kill,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
