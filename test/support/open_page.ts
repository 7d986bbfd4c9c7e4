import type { Browser, Page } from "puppeteer";

/** A page that has loaded the client, and everything it complained about. */
export interface OpenPage extends AsyncDisposable {
  /** Puppeteer's handle. */
  readonly page: Page;
  /** Console errors and uncaught exceptions so far. */
  readonly complaints: readonly string[];
}

/** Opens the test page of a site in a tab of its own. */
export async function openPage(
  browser: Browser,
  url: string,
): Promise<OpenPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warn") {
      complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.waitForFunction("globalThis.webrtc !== undefined", {
    polling: 20,
  });
  return {
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      if (!page.isClosed()) await page.close();
    },
  };
}
