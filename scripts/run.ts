/** What a program that was run has said. */
export interface RunOutput {
  /** Whether it ended with 0. */
  readonly success: boolean;
  /** What it wrote to its standard output. */
  readonly stdout: string;
  /** What it wrote to its standard error. */
  readonly stderr: string;
}

/** How to run a program. */
export interface RunOptions {
  /** Where it runs. */
  readonly cwd?: string | URL;
  /** Kills it. */
  readonly signal?: AbortSignal;
}

/** Runs a program to its end and keeps what it says. One that cannot be started has failed. */
export async function tryRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunOutput> {
  const decoder = new TextDecoder();
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      ...options,
      args: [...args],
      stdin: "null",
    }).output();
    return {
      success,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, stdout: "", stderr: error.message };
  }
}

/** Runs a program to its end and returns what it wrote to its standard output; throws what it complained about if it fails. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { success, stdout, stderr } = await tryRun(program, args, options);
  if (!success) {
    const command = [program, ...args].join(" ");
    throw new Error(`Cannot run "${command}":\n${stdout}${stderr}`);
  }
  return stdout;
}
