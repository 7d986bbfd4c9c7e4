import { assertEquals } from "@std/assert";
import type { Browser } from "puppeteer";
import { type BrowserName, startBrowser } from "../support/browsers.ts";
import { freePort } from "../support/free_port.ts";
import { startSite } from "../support/site.ts";
import { type Program, startProgram } from "../support/start_program.ts";
import {
  eventsOf,
  forgetEvents,
  openMesh,
  openTalkingPage,
  stopTalking,
  untilJoinedAgain,
} from "../support/talking_pages.ts";

/** The times of a real outage, instead of the shortest ones that show the same. */
const WHOLE = Deno.args.includes("--whole");

const PAGES = 8;
/** How long the server is gone: as a machine that boots would be, or until nobody is at the first attempt to come back. */
const OUTAGE_MS = WHOLE ? 5_000 : 2_000;
/** How often it is replaced; what is done twice can be done again. */
const ROLLS = WHOLE ? 3 : 2;
const SECRET = "a secret that outlives the server";

/** The program on a port that it must have. */
async function startOn(
  port: number,
  env: Record<string, string>,
): Promise<Program> {
  const program = await startProgram({
    env: { HOST: "127.0.0.1", PORT: String(port), ...env },
  });
  await program.listening;
  return program;
}

for (
  const [which, env] of [
    ["the same secret", { SESSION_SECRET: SECRET }],
    ["another secret", {}],
  ] as const
) {
  Deno.test(`Connection of eight pages notices nothing, and a ninth finds all, when the server is killed and comes back with ${which}`, async () => {
    const port = freePort();
    const host = `http://127.0.0.1:${port}`;
    await using stack = new AsyncDisposableStack();
    const site = stack.use(await startSite());
    const chrome = stack.use(await startBrowser("chrome"));
    const first = stack.use(await startOn(port, env));
    const browsers = Array(PAGES).fill(chrome.browser);
    const pages = await openMesh(browsers, site.url, { host, room: "r" });
    for (const page of pages) stack.use(page);
    await forgetEvents(pages);

    first.kill("SIGKILL");
    await first.status;
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    stack.use(await startOn(port, env));
    await untilJoinedAgain(pages);
    for (const page of pages) {
      const { events, states } = await eventsOf(page);
      assertEquals(events, [], page.id);
      assertEquals([states[0], states.at(-1)], ["away", "joined"]);
    }

    const ninth = stack.use(
      await openTalkingPage(chrome.browser, site.url, {
        host,
        room: "r",
        id: "ninth",
        others: PAGES,
      }),
    );
    for (const { page } of pages) {
      await page.evaluate(async () => {
        while (!talk.heard.has("ninth")) await next(connection, "message");
      });
    }
    assertEquals(await stopTalking([...pages, ninth]), []);
    for (const page of pages) {
      const { events } = await eventsOf(page);
      const lost = events.filter(([name]) =>
        name === "peer-disconnect" || name === "webrtc-close"
      );
      assertEquals(lost, [], page.id);
    }
  });
}

for (
  const [which, names] of [
    ["eight pages", Array<BrowserName>(PAGES).fill("chrome")],
    ["two pages of Firefox and two of Chromium", [
      "firefox",
      "chrome",
      "firefox",
      "chrome",
    ]],
  ] as const
) {
  Deno.test(`Connection of ${which} sees nothing but its state change when the server is replaced ${ROLLS} times`, async () => {
    const port = freePort();
    const host = `http://127.0.0.1:${port}`;
    const env = { SESSION_SECRET: SECRET };
    await using stack = new AsyncDisposableStack();
    const site = stack.use(await startSite());
    const started = new Map<BrowserName, Browser>();
    for (const name of new Set(names)) {
      started.set(name, stack.use(await startBrowser(name)).browser);
    }
    let program = stack.use(await startOn(port, env));
    const browsers = names.flatMap((name) => started.get(name) ?? []);
    const pages = await openMesh(browsers, site.url, { host, room: "r" });
    for (const page of pages) stack.use(page);

    for (let roll = 0; roll < ROLLS; roll++) {
      await forgetEvents(pages);
      const startedAt = performance.now();
      program.kill("SIGTERM");
      assertEquals((await program.status).code, 0);
      const tookMs = performance.now() - startedAt;
      assertEquals(tookMs < 5_000, true, `gone after ${tookMs} ms`);
      program = stack.use(await startOn(port, env));
      await untilJoinedAgain(pages);
      for (const page of pages) {
        const { events, states } = await eventsOf(page);
        assertEquals(events, [], page.id);
        assertEquals([states[0], states.at(-1)], ["away", "joined"]);
      }
    }
    assertEquals(await stopTalking(pages), []);
  });
}
