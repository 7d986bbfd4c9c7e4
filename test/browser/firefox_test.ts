import { assertEquals } from "@std/assert";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { startBrowser } from "../support/browsers.ts";

Deno.test("connect joins Chromium and Firefox", async (t) => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");
  await using firefox = await startBrowser("firefox");
  const browsers = { chrome: chrome.browser, firefox: firefox.browser };

  for (
    const [early, late] of [["chrome", "firefox"], ["firefox", "chrome"], [
      "firefox",
      "firefox",
    ]] as const
  ) {
    await t.step(`when ${early} is there and ${late} comes`, async () => {
      await using first = await openPage(browsers[early], site.url);
      await using second = await openPage(browsers[late], site.url);
      const options = { host: site.url, room: `${early} ${late}` };
      const one = await first.page.evaluate(async (options) => {
        const connection = globalThis.connection = await webrtc.connect(
          options,
        );
        globalThis.kept = next(connection, "message");
        connection.on(
          "peer",
          ([peer]) => connection.send("welcome", { to: peer }),
        );
        return connection.socket.id;
      }, options);
      const two = await second.page.evaluate(async (options) => {
        const connection = globalThis.connection = await webrtc.connect(
          options,
        );
        const heard = next(connection, "message");
        await next(connection, "peer");
        await connection.send(new Uint8Array([1, 2, 3]));
        return { id: connection.socket.id, heard: await heard };
      }, options);
      assertEquals(two.heard, { data: "welcome", peer: one });
      const heard = await first.page.evaluate(async () => {
        const { data, peer } = await globalThis.kept as {
          data: ArrayBuffer;
          peer: string;
        };
        return { data: [...new Uint8Array(data)], peer };
      });
      assertEquals(heard, { data: [1, 2, 3], peer: two.id });

      await first.page.evaluate(() => {
        globalThis.kept = Promise.all([
          next(connection, "webrtc-close"),
          next(connection, "peer-disconnect"),
        ])
          .then(([, peer]) => peer);
      });
      await second.page.evaluate(() => connection.close());
      assertEquals(await first.page.evaluate(() => globalThis.kept), two.id);
      assertEquals([...first.complaints, ...second.complaints], []);
    });
  }

  await t.step("four pages of each, all at once", async () => {
    await using stack = new AsyncDisposableStack();
    const opening = [0, 1, 2, 3].flatMap(() => [
      openPage(chrome.browser, site.url),
      openPage(firefox.browser, site.url),
    ]);
    const pages = (await Promise.all(opening)).map((page) => stack.use(page));
    const heard = await Promise.all(
      pages.map(({ page }) =>
        page.evaluate(async (host) => {
          const connection = globalThis.connection = await webrtc.connect({
            host,
            room: "mixed",
          });
          const heard = new Set<string>();
          const all = new Promise<void>((resolve) => {
            connection.on("message", ({ peer }) =>
              heard.add(peer).size === 7 && resolve());
          });
          connection.on("peer", ([peer]) =>
            connection.send("hello", { to: peer }));
          await all;
          return heard.size;
        }, site.url)
      ),
    );
    assertEquals(heard, [7, 7, 7, 7, 7, 7, 7, 7]);
  });
});
