import { assert, assertEquals } from "@std/assert";
import { startBrowser } from "../support/browsers.ts";
import { type JoinedPage, openJoinedPages } from "../support/joined_pages.ts";
import { startSite } from "../support/site.ts";
import { untilKept } from "../support/until_kept.ts";

declare global {
  /** How many bytes a page has given away. */
  var givenBytes: number;
}

const MIB = 2 ** 20;
const BYTES = 16 * MIB;

/** What stands still for so many round trips has stopped. */
const ROUND_TRIPS = 20;

async function withPages(
  run: (sender: JoinedPage, receiver: JoinedPage) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await startSite());
  const { browser } = stack.use(await startBrowser("chrome"));
  const pages = await openJoinedPages([browser, browser], site.url);
  for (const page of pages) stack.use(page);
  await run(...pages as [JoinedPage, JoinedPage]);
  assertEquals(pages.map(({ complaints }) => complaints), [[], []]);
}

Deno.test("sendFile is never more than 2 MiB ahead when a file is read slowly, and stands still while it is not read", async () => {
  await withPages(async (sender, receiver) => {
    await sender.page.evaluate(() => connection.onRequest(() => "") && null);
    await receiver.page.evaluate((roundTrips) => {
      globalThis.kept = next(connection, "file").then(async (file) => {
        const { peer: to } = file;
        const reader = file.getReader();
        let readBytes = 0;
        let mostAhead = 0;
        const read = async () => {
          mostAhead = Math.max(mostAhead, file.receivedBytes - readBytes);
          const { done, value = new Uint8Array() } = await reader.read();
          const place = content.difference(value, readBytes);
          if (place >= 0) throw new Error(`wrong at ${readBytes + place}`);
          readBytes += value.length;
          return done;
        };
        for (let slow = 0; slow < roundTrips; slow++) {
          await read();
          await connection.request("", { to });
        }
        let before = -1;
        for (let still = 0; still < roundTrips; still++) {
          if (file.receivedBytes > before) still = 0;
          before = file.receivedBytes;
          await connection.request("", { to });
        }
        const stoppedAhead = file.receivedBytes - readBytes;
        while (!await read());
        return { readBytes, mostAhead, stoppedAhead };
      });
    }, ROUND_TRIPS);
    const received = untilKept<Record<string, number>>(receiver.page);
    await sender.page.evaluate((byteLength) => {
      globalThis.kept = connection.sendFile(content.stream(byteLength));
    }, BYTES);
    const { readBytes, mostAhead = 0, stoppedAhead = 0 } = await received;
    assertEquals(readBytes, BYTES);
    assert(mostAhead <= 2 * MIB, `${mostAhead} bytes ahead`);
    // What was read last need not have been worth a word yet.
    assert(stoppedAhead > 1.7 * MIB, `stopped ${stoppedAhead} bytes ahead`);
    assertEquals(await untilKept(sender.page), 1);
  });
});

Deno.test("send waits when the messages of a peer are not read, and all arrive when they are", async () => {
  await withPages(async (sender, receiver) => {
    await receiver.page.evaluate(() => {
      connection.on("file", (file) => void file.blob());
      const messages = connection.messages();
      globalThis.kept = next(connection, "presence").then(async () => {
        let readBytes = 0;
        for await (const { data } of messages) {
          const bytes = new Uint8Array(data as ArrayBuffer);
          const place = content.difference(bytes, readBytes);
          if (place >= 0) throw new Error(`wrong at ${readBytes + place}`);
          readBytes += bytes.length;
          if (bytes.length === 0) return readBytes;
        }
      });
    });
    const received = untilKept(receiver.page);
    await sender.page.evaluate(
      async (byteLength, roundTrips) => {
        globalThis.givenBytes = 0;
        globalThis.kept = (async () => {
          while (givenBytes < byteLength) {
            await connection.send(content.bytes(givenBytes, 100_000));
            givenBytes += 100_000;
          }
          return await connection.send(new Uint8Array());
        })();
        let before = -1;
        for (let still = 0; still < roundTrips; still++) {
          if (givenBytes > before) still = 0;
          before = givenBytes;
          // Files do not wait for messages.
          await connection.sendFile(new Blob(["x"]));
        }
      },
      BYTES,
      ROUND_TRIPS,
    );
    const given = await sender.page.evaluate(() => givenBytes);
    // What waits to be read, what is on its way, and what the browser holds.
    assert(given < 6 * MIB, `${given} bytes have left`);
    await sender.page.evaluate(() => connection.setPresence("read"));
    assertEquals(await received, Math.ceil(BYTES / 100_000) * 100_000);
    assertEquals(await untilKept(sender.page), 1);
  });
});
