/** Clock ticks a second in `/proc`, the same on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of all threads of a process (proc(5), `stat` fields 14 and 15). */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name of the program, field 2 in parentheses, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
