import { assertEquals, assertMatch } from "@std/assert";
import type { Page } from "puppeteer";
import { startBrowser, type StartedBrowser } from "../support/browsers.ts";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";

/** Enters the room that a link names, with the key that is in it; tells of the others that it met and of those that it refused. */
async function enter(page: Page, host: string, link: string): Promise<string> {
  return await page.evaluate(
    async (host, link) => {
      const { pathname } = new URL(link);
      const roomKey = webrtc.roomKeyFromLink(link);
      if (!roomKey) throw new Error("no key");
      const connection = globalThis.connection = await webrtc.connect({
        host,
        room: pathname.slice(1),
        roomKey,
        presence: pathname,
      });
      globalThis.told = [];
      connection.on("untrusted", ({ code }) => told.push(code));
      connection.on("message", ({ data }) => told.push(`said ${data}`));
      return connection.socket.id;
    },
    host,
    link,
  );
}

/** What the page has been told, when it has heard that many things. */
async function hears(page: Page, count: number): Promise<readonly string[]> {
  await page.waitForFunction((count) => told.length >= count, {}, count);
  return await page.evaluate(() => told);
}

Deno.test("roomKeyFromLink leads into one room and no other", async (t) => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");
  await using firefox = await startBrowser("firefox");
  await using stack = new AsyncDisposableStack();
  const open = async ({ browser }: StartedBrowser) =>
    stack.use(await openPage(browser, site.url)).page;
  const [ada, bo, cy, dan] = await Promise.all([
    open(chrome),
    open(firefox),
    open(firefox),
    open(chrome),
  ]);
  const [tea, coffee] = await ada.evaluate(() =>
    ["tea", "coffee"].map((room) =>
      webrtc.roomLink(`https://example.com/${room}`, webrtc.createRoomKey())
    )
  ) as [string, string];

  await t.step(
    "two links, two rooms, everybody meets whom they should",
    async () => {
      await enter(ada, site.url, tea);
      await enter(cy, site.url, coffee);
      const here = await enter(bo, site.url, tea);
      await enter(dan, site.url, coffee);
      for (const page of [bo, dan]) {
        await page.evaluate(async () => {
          await connection.converged();
          await connection.send("hello");
        });
      }
      assertEquals(await hears(ada, 1), ["said hello"]);
      assertEquals(await hears(cy, 1), ["said hello"]);
      const met = await ada.evaluate(() =>
        [...connection.peers.values()].map((
          { id, presence },
        ) => [id, presence])
      );
      assertEquals(met, [[here, "/tea"]]);
    },
  );

  await t.step("the link of the other room does not help", async () => {
    const wrong = tea.replace(/#.*/, "") + coffee.replace(/.*#/, "#");
    const stranger = await open(chrome);
    await enter(stranger, site.url, wrong);
    assertEquals(
      await hears(stranger, 2),
      ["key-mismatch", "key-mismatch"],
    );
    assertEquals(await hears(ada, 2), ["said hello", "key-mismatch"]);
    const seen = await stranger.evaluate(async () => {
      // Those who are refused are nobody to wait for.
      await connection.converged();
      const [peer] = connection.peers.values();
      const { state, reason, presence, pc } = peer ?? {};
      const failed = await connection.connectToPeer(peer?.id ?? "").catch(
        ({ name }) => name,
      );
      const sent = await connection.send("to nobody");
      return { state, reason, presence, pc, failed, sent };
    });
    assertEquals(seen, {
      state: "closed",
      reason: "the peer has another room key",
      presence: null,
      pc: null,
      failed: "NetworkError",
      sent: 0,
    });
    await stranger.evaluate(() => connection.close());
  });

  await t.step("nor does one that differs in one bit", async () => {
    // The last character but one has six bits that count.
    const ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const other = tea.replace(
      /.(?=.$)/,
      (char) => ALPHABET[ALPHABET.indexOf(char) ^ 1] ?? "",
    );
    const stranger = await open(firefox);
    await enter(stranger, site.url, other);
    assertEquals(
      await hears(stranger, 2),
      ["key-mismatch", "key-mismatch"],
    );
    assertEquals(
      await hears(bo, 2),
      ["key-mismatch", "key-mismatch"],
    );
  });

  await t.step("nor a link that was cut, or has lost its key", async () => {
    const cut = await enter(dan, site.url, coffee.slice(0, -1)).catch(String);
    assertMatch(`${cut}`, /Cannot read room key: "key" in the fragment/);
    const lost = await dan.evaluate(
      (host) =>
        webrtc.connect(
          {
            host,
            room: "coffee",
            // As an app that is not typed would.
            roomKey: webrtc.roomKeyFromLink("https://example.com/coffee"),
          } as Parameters<typeof webrtc.connect>[0],
        ).catch(String),
      site.url,
    );
    assertEquals(
      lost,
      'TypeError: Cannot connect: "roomKey" must be a Uint8Array, got undefined',
    );
  });
});
