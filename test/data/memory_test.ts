import { assert, assertEquals } from "@std/assert";
import { startBrowser } from "../support/browsers.ts";
import { type JoinedPage, openJoinedPages } from "../support/joined_pages.ts";
import {
  collectGarbage,
  measurePages,
  type Memory,
} from "../support/page_memory.ts";
import { startSite } from "../support/site.ts";
import { untilKept } from "../support/until_kept.ts";

declare global {
  /** Measures the memory of both pages, in the test. */
  var sample: () => Promise<void>;
}

/** A stream larger than any buffer, instead of one that shows the same in short. */
const WHOLE = Deno.args.includes("--whole");

const MIB = 2 ** 20;
const BYTES = (WHOLE ? 2048 : 128) * MIB;
const SAMPLE_BYTES = 4 * MIB;

/** How much more either page may take than before. */
const BOUND_BYTES = 64 * MIB;

/** Two pages, each in a browser of its own. */
interface Scene {
  readonly sender: JoinedPage;
  readonly receiver: JoinedPage;
  /** The most that each has taken on top of what it took before, in bytes. */
  readonly peaks: [number, number];
}

async function withPages(run: (scene: Scene) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await startSite());
  const browsers = await Promise.all(
    [0, 1].map(async () => stack.use(await startBrowser("chrome")).browser),
  );
  const pages = await openJoinedPages(browsers, site.url);
  for (const page of pages) stack.use(page);
  const [sender, receiver] = pages as [JoinedPage, JoinedPage];
  const meters: Memory[] = await Promise.all(browsers.map(measurePages));
  const starts = await Promise.all(meters.map((measure) => measure()));
  const peaks: [number, number] = [0, 0];
  const sample = async () => {
    for (const [index, measure] of meters.entries()) {
      let more = await measure() - (starts[index] ?? 0);
      const page = pages[index]?.page;
      // What is garbage is not held.
      if (more > BOUND_BYTES && page) {
        await collectGarbage(page);
        more = await measure() - (starts[index] ?? 0);
      }
      peaks[index] = Math.max(peaks[index] ?? 0, more);
    }
  };
  await receiver.page.exposeFunction("sample", sample);
  await sender.page.exposeFunction("sample", sample);
  await run({ sender, receiver, peaks });
  const [sending, receiving] = peaks.map((peak) => (peak / MIB).toFixed(0));
  console.log(`  sender +${sending} MiB, receiver +${receiving} MiB`);
  for (const peak of peaks) assert(peak <= BOUND_BYTES, `${peak} bytes more`);
}

/** Sends a stream that is made as it is asked for. Runs in the page. */
function sendStream(byteLength: number): void {
  globalThis.kept = connection.sendFile(content.stream(byteLength), {
    to: "page-1",
  });
}

Deno.test(`sendFile holds no more than ${BOUND_BYTES / MIB} MiB on either side when a stream of ${BYTES / MIB} MiB is read as it comes`, async () => {
  await withPages(async ({ sender, receiver }) => {
    await receiver.page.evaluate((sampleBytes) => {
      globalThis.kept = next(connection, "file").then(async (file) => {
        let receivedBytes = 0;
        let sampledBytes = 0;
        for await (const chunk of file as AsyncIterable<Uint8Array>) {
          const place = content.difference(chunk, receivedBytes);
          if (place >= 0) throw new Error(`wrong at ${receivedBytes + place}`);
          receivedBytes += chunk.length;
          if (receivedBytes - sampledBytes < sampleBytes) continue;
          sampledBytes = receivedBytes;
          void sample();
        }
        return receivedBytes;
      });
    }, SAMPLE_BYTES);
    const received = untilKept(receiver.page);
    await sender.page.evaluate(sendStream, BYTES);
    const startedAt = performance.now();
    assertEquals(await received, BYTES);
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`  ${(BYTES / MIB / seconds).toFixed(1)} MiB/s`);
    assertEquals(await untilKept(sender.page), 1);
  });
});
