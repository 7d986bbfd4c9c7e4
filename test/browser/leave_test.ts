import { assertEquals, assertLessOrEqual } from "@std/assert";
import type { Page } from "puppeteer";
import { openPage } from "../support/open_page.ts";
import { startServer } from "../support/start_server.ts";
import { startSite } from "../support/site.ts";
import { startBrowser } from "../support/browsers.ts";

/** Joins and answers with the own id. */
function join(page: Page, host: string, room: string): Promise<string> {
  return page.evaluate(async (options) => {
    globalThis.connection = await webrtc.connect(options);
    return connection.socket.id;
  }, { host, room });
}

/** Waits until `page` is connected, then starts to wait for the end of that pair; the returned function tells whose it was. */
async function watch(
  page: Page,
): Promise<() => Promise<{ peer: string; left: boolean; at: number }>> {
  await page.evaluate(async () => {
    if (connection.connections.length === 0) await next(connection, "peer");
    globalThis.kept = next(connection, "peer-disconnect").then((peer) => {
      return { peer, left: !connection.peers.has(peer), at: Date.now() };
    });
  });
  return () =>
    page.evaluate(() =>
      globalThis.kept as Promise<{ peer: string; left: boolean; at: number }>
    );
}

Deno.test("connection tells at once when another page", async (t) => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");
  await using stayer = await openPage(chrome.browser, site.url);

  await t.step("is reloaded, and takes it for a new peer", async () => {
    await using goer = await openPage(chrome.browser, site.url);
    await join(stayer.page, site.url, "reload");
    const old = await join(goer.page, site.url, "reload");
    const gone = await watch(stayer.page);
    await goer.page.reload();
    assertEquals((await gone()).peer, old);
    await goer.page.waitForFunction("globalThis.webrtc !== undefined", {
      polling: 20,
    });
    const met = stayer.page.evaluate(async () =>
      (await next(connection, "peer"))[0]
    );
    const anew = await join(goer.page, site.url, "reload");
    assertEquals(await met, anew);
    assertEquals(
      await stayer.page.evaluate(() => [...connection.peers.keys()]),
      [anew],
    );
    await stayer.page.evaluate(() => connection.close());
  });

  await t.step("is closed, within two seconds", async () => {
    await using goer = await openPage(chrome.browser, site.url);
    await join(stayer.page, site.url, "tab");
    const id = await join(goer.page, site.url, "tab");
    const gone = await watch(stayer.page);
    const before = Date.now();
    await goer.page.close();
    const { peer, left, at } = await gone();
    assertEquals({ peer, left }, { peer: id, left: true });
    assertLessOrEqual(at - before, 2000);
    await stayer.page.evaluate(() => connection.close());
  });

  await t.step(
    "dies with its browser, after the grace time at the latest",
    async () => {
      // A browser that is killed may look like a network that blinks.
      await using server = startServer({ limits: { graceMs: 1_000 } });
      await using other = await startBrowser("chrome");
      const goer = await openPage(other.browser, site.url);
      await join(stayer.page, server.url, "crash");
      const id = await join(goer.page, server.url, "crash");
      const gone = await watch(stayer.page);
      const before = Date.now();
      other.browser.process()?.kill("SIGKILL");
      const { peer, left, at } = await gone();
      assertEquals({ peer, left }, { peer: id, left: true });
      assertLessOrEqual(at - before, 2000);
      await stayer.page.evaluate(() => connection.close());
    },
  );

  await t.step(
    "ends the pair and stays in the room, and can be dialled again by either",
    async () => {
      await using other = await openPage(chrome.browser, site.url);
      const one = await join(stayer.page, site.url, "again");
      const two = await join(other.page, site.url, "again");
      for (
        const [dialler, target] of [[stayer, two], [other, one], [
          stayer,
          two,
        ]] as const
      ) {
        const gone = await watch(stayer.page);
        await other.page.evaluate(async () => {
          if (connection.connections.length === 0) {
            await next(connection, "peer");
          }
          connection.peerDisconnect();
        });
        assertEquals((await gone()).left, false);
        assertEquals(
          await stayer.page.evaluate(() => connection.connections),
          [],
        );
        const label = await dialler.page.evaluate(
          async (id) => (await connection.connectToPeer(id)).label,
          target,
        );
        assertEquals(label, "webrtc");
      }
      await stayer.page.evaluate(() => connection.close());
    },
  );

  assertEquals(stayer.complaints, []);
});
