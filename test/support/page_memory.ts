import type { Browser, Page } from "puppeteer";

/** How much memory something takes, in bytes. */
export type Memory = () => Promise<number>;

/**
 * Measures what the pages of a Chromium take, which has no other page: the
 * memory of its renderer processes that is no file, as the kernel counts it
 * (`RssAnon` and `RssShmem` of proc_pid_status(5)). So it holds what no script
 * sees, such as buffers of channels that wait to be sent, and garbage; and not
 * the code that is read from disk when it first runs.
 */
export async function measurePages(browser: Browser): Promise<Memory> {
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  return async () => {
    const sizes = renderers.map(({ id }) => memoryOf(id));
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };
}

async function memoryOf(pid: number): Promise<number> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const sizes = status.matchAll(/^Rss(?:Anon|Shmem):\s*(\d+) kB$/gm);
    return sizes.reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0);
  } catch {
    // A spare one that was not needed has ended.
    return 0;
  }
}

/** Collects the garbage of a page of Chromium. */
export async function collectGarbage(page: Page): Promise<void> {
  const session = await page.createCDPSession();
  await session.send("HeapProfiler.collectGarbage");
  await session.detach();
}
