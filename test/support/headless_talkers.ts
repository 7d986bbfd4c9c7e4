import { type Ask, type FarTalker, farTalker } from "./far_talker.ts";
import type { Answer, Request } from "./headless_talkers_program.ts";
import type { TalkerOptions } from "./talker.ts";

/** A process full of talkers. They are gone without a goodbye at the end of its block. */
export interface HeadlessTalkers extends AsyncDisposable {
  /** Lets another one join. */
  join(options: TalkerOptions): Promise<FarTalker>;
}

/** Starts a process that talkers join from. */
export function startHeadlessTalkers(): HeadlessTalkers {
  const root = new URL("../../", import.meta.url);
  const program = new URL("./headless_talkers_program.ts", import.meta.url);
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      `--config=${new URL("deno.json", root).pathname}`,
      program.pathname,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  const encoder = new TextEncoder();
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let count = 0;

  async function read(): Promise<void> {
    let rest = "";
    const texts = process.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of texts) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) take(JSON.parse(line));
    }
    for (const { reject } of waiting.values()) {
      reject(new Error("The process of the talkers has ended"));
    }
  }

  function take({ number, value, error }: Answer): void {
    const { resolve, reject } = waiting.get(number) ?? {};
    waiting.delete(number);
    if (error === undefined) resolve?.(value);
    else reject?.(new Error(error));
  }

  async function request(
    id: string,
    name: Request["name"],
    args: readonly unknown[],
  ): Promise<unknown> {
    const number = count++;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(number, answer);
    const line = { number, id, name, args } satisfies Request;
    await writer.write(encoder.encode(`${JSON.stringify(line)}\n`));
    return await answer.promise;
  }

  const reading = read();
  return {
    async join(options) {
      const { id } = options;
      await request(id, "join", [options]);
      return farTalker(id, ((name, args) => request(id, name, args)) as Ask);
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await Promise.all([reading, process.status]);
      await writer.close().catch(() => {});
    },
  };
}
