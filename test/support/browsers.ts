import puppeteer, { type Browser } from "puppeteer";
import { findBrowser } from "./find_browser.ts";
import type { Network } from "./network.ts";

/** The browsers that the tests drive. */
export type BrowserName = "chrome" | "firefox";

/** A browser that is closed at the end of its block. */
export interface StartedBrowser extends AsyncDisposable {
  /** Puppeteer's handle. */
  readonly browser: Browser;
}

const CHROME_ARGS = [
  // Chromium has no sandbox for root, and pages of the tests are our own.
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Pages of one window hide each other; hidden pages must not be slowed down.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/** Starts a headless browser, within a network if one is given; `args` come on top of what every test needs. */
export async function startBrowser(
  name: BrowserName,
  options: {
    readonly args?: readonly string[];
    readonly network?: Pick<Network, "wrap">;
  } = {},
): Promise<StartedBrowser> {
  const { args = [], network } = options;
  const executablePath = await findBrowser(name);
  if (!executablePath) {
    throw new Error(
      `Cannot start ${name}: it is not installed; run "deno task test:install"`,
    );
  }
  const browser = await puppeteer.launch({
    browser: name,
    executablePath: await network?.wrap(executablePath) ?? executablePath,
    headless: true,
    // No socket reaches into another network.
    pipe: network !== undefined,
    args: [...(name === "chrome" ? CHROME_ARGS : []), ...args],
  });
  return { browser, [Symbol.asyncDispose]: () => browser.close() };
}
