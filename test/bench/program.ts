import { lines } from "./lines.ts";
import { onCore } from "./on_core.ts";

/** A program of this folder that runs in a process of its own, and is killed at the end of its block. */
export interface Program extends AsyncDisposable {
  /** Its process. */
  readonly pid: number;
  /** Writes a line to it. */
  say(line: string): Promise<void>;
  /** The next line that it prints. */
  hear(): Promise<string>;
}

/**
 * Starts a program, on one core if that is given. It must end when its standard
 * input does, so that it does not outlive a bench that was killed.
 */
export async function startProgram(
  file: string,
  options: { core?: number; args?: readonly string[] } = {},
): Promise<Program> {
  const { core, args = [] } = options;
  const spawn = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", file, ...args],
      cwd: new URL(".", import.meta.url),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
  const child = core === undefined ? spawn() : await onCore(core, spawn);
  const stdin = child.stdin.getWriter();
  const output = lines(child.stdout);
  const encoder = new TextEncoder();
  return {
    pid: child.pid,
    say: (line) => stdin.write(encoder.encode(`${line}\n`)),
    async hear() {
      const { done, value } = await output.next();
      if (done) throw new Error(`Cannot measure: ${file} ended early`);
      return value;
    },
    async [Symbol.asyncDispose]() {
      await stdin.close().catch(() => {});
      try {
        child.kill();
      } catch {
        // It has ended by itself.
      }
      for await (const _ of output);
      await child.status;
    },
  };
}
