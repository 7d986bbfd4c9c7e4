import puppeteer from "puppeteer";
import type { BrowserName } from "./browsers.ts";

/** Where Debian and others put them. */
const PATHS: Readonly<Record<BrowserName, readonly string[]>> = {
  chrome: [
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  firefox: [
    "/usr/bin/firefox-esr",
    "/usr/bin/firefox",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
  ],
};

/** The executable of a browser: of the environment variable `CHROME` or `FIREFOX`, puppeteer's own, or the system's. */
export async function findBrowser(
  name: BrowserName,
): Promise<string | undefined> {
  const given = Deno.env.get(name.toUpperCase());
  const candidates = [given, await puppeteersOwn(name), ...PATHS[name]];
  for (const path of candidates) {
    if (path && await isFile(path)) return path;
  }
}

async function puppeteersOwn(name: BrowserName): Promise<string | undefined> {
  try {
    return await puppeteer.executablePath({ browser: name });
  } catch {
    // None was downloaded.
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
