/** The numbers of the cores that this process may use. */
export async function allowedCores(): Promise<number[]> {
  return expand(await allowedList());
}

/** Two cores to set against each other. */
export async function twoCores(): Promise<[first: number, second: number]> {
  const [first, second] = await allowedCores();
  if (first === undefined || second === undefined) {
    throw new Error("Cannot measure: it takes two cores");
  }
  return [first, second];
}

/**
 * Runs `start` while this process is bound to one core. Whatever is started
 * within inherits that, with all that it starts later, and keeps it. One at a time.
 */
export async function onCore<T>(
  core: number,
  start: () => T | Promise<T>,
): Promise<T> {
  const before = await allowedList();
  await bind(String(core));
  try {
    return await start();
  } finally {
    await bind(before);
  }
}

/** Binds all threads of this process. */
async function bind(list: string): Promise<void> {
  const { success } = await new Deno.Command("taskset", {
    args: ["--all-tasks", "--cpu-list", "--pid", list, String(Deno.pid)],
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure: taskset refused core ${list}`);
}

async function allowedList(): Promise<string> {
  const status = await Deno.readTextFile("/proc/self/status");
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  if (list === undefined) throw new Error("Cannot measure: no list of cores");
  return list;
}

/** `0-2,5` as numbers. */
function expand(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const [from = NaN, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
