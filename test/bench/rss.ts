/** How often a reading must repeat itself, and how long a reading lasts. */
const STEADY = { readings: 5, everyMs: 200 };

/** Resident memory of a process, in kilobytes of 1000 bytes (proc(5), `VmRSS`). */
export async function rss(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) {
    throw new Error(`Cannot measure: process ${pid} has no memory`);
  }
  return Number(kibibytes) * 1.024;
}

/** The same when it does not change any more. */
export async function steadyRss(pid: number): Promise<number> {
  let last = await rss(pid);
  for (let same = 1; same < STEADY.readings;) {
    await new Promise((resolve) => setTimeout(resolve, STEADY.everyMs));
    const now = await rss(pid);
    same = now === last ? same + 1 : 1;
    last = now;
  }
  return last;
}
