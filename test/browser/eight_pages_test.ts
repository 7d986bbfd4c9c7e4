import { assertEquals } from "@std/assert";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { startBrowser } from "../support/browsers.ts";

const PAGES = 8;
const RUNS = 20;

Deno.test("connect delivers on all 56 directed pairs when eight pages join at once, twenty runs in a row", async () => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");
  await using stack = new AsyncDisposableStack();
  const opening = Array.from(
    { length: PAGES },
    () => openPage(chrome.browser, site.url),
  );
  const pages = (await Promise.all(opening)).map((page) => stack.use(page));

  for (let run = 0; run < RUNS; run++) {
    const options = { host: site.url, room: `run ${run}`, others: PAGES - 1 };
    // Each page says its own id to everybody, and waits until everybody has said theirs.
    const heard = await Promise.all(
      pages.map(({ page }) =>
        page.evaluate(async ({ host, room, others }) => {
          const connection = globalThis.connection = await webrtc.connect({
            host,
            room,
          });
          const heard = new Map<string, string | ArrayBuffer>();
          const all = new Promise<void>((resolve) => {
            connection.on("message", ({ data, peer }) => {
              if (heard.set(peer, data).size === others) resolve();
            });
          });
          connection.on("peer", ([peer]) =>
            connection.send(connection.socket.id, { to: peer }));
          await all;
          return {
            id: connection.socket.id,
            heard: [...heard],
            connected: connection.connections.length,
          };
        }, options)
      ),
    );
    const ids = heard.map(({ id }) => id).sort();
    assertEquals(new Set(ids).size, PAGES);
    for (const { id, heard: from, connected } of heard) {
      const others: [string, string | ArrayBuffer][] = ids.filter((other) =>
        other !== id
      ).map((
        other,
      ) => [other, other]);
      assertEquals(from.sort(), others, `run ${run}`);
      assertEquals(connected, PAGES - 1);
    }
    await Promise.all(
      pages.map(({ page }) => page.evaluate(() => connection.close())),
    );
  }
  assertEquals(pages.flatMap(({ complaints }) => complaints), []);
});
