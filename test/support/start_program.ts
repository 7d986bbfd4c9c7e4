import config from "../../deno.json" with { type: "json" };

/** The server as a process of its own. */
export interface Program extends AsyncDisposable {
  /** Its process. */
  readonly pid: number;
  /** Standard output so far; complete once `status` has resolved. */
  readonly output: string;
  /** Standard error so far; complete once `status` has resolved. */
  readonly errors: string;
  /** Resolves with the URL that the program prints. */
  readonly listening: Promise<string>;
  /** Resolves when it has ended and everything it said was read. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Sends it a signal. */
  kill(signal: Deno.Signal): void;
}

/** Starts `server/main.ts` with the permissions of the task `serve`, in a directory of its own. */
export async function startProgram(
  options: { args?: string[]; env?: Record<string, string>; dotenv?: string } =
    {},
): Promise<Program> {
  const { args = [], env = {}, dotenv } = options;
  const cwd = await Deno.makeTempDir();
  if (dotenv !== undefined) await Deno.writeTextFile(`${cwd}/.env`, dotenv);
  const root = new URL("../../", import.meta.url);
  const permissions = config.tasks.serve.command.split(" ").filter((word) =>
    word.startsWith("--")
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${new URL("deno.json", root).pathname}`,
      ...permissions,
      new URL("server/main.ts", root).pathname,
      ...args,
    ],
    cwd,
    env: { ...env, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();

  const said = { stdout: "", stderr: "" };
  const listening = Promise.withResolvers<string>();
  listening.promise.catch(() => {});

  async function read(name: "stdout" | "stderr"): Promise<void> {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) {
      said[name] += text;
      const url = /"event":"listening","url":"([^"]+)"/.exec(said.stdout)?.[1];
      if (url) listening.resolve(url);
    }
  }

  const status = Promise.all([child.status, read("stdout"), read("stderr")])
    .then(([status]) => {
      listening.reject(
        new Error(`The program ended with ${status.code}: ${said.stderr}`),
      );
      return status;
    });

  return {
    pid: child.pid,
    get output() {
      return said.stdout;
    },
    get errors() {
      return said.stderr;
    },
    listening: listening.promise,
    status,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await status;
      await Deno.remove(cwd, { recursive: true });
    },
  };
}
