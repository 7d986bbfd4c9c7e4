/**
 * Sees to it that the browsers are there which the tests drive. One that is
 * missing comes from the system's packages on a Debian that lets us install
 * them, elsewhere from puppeteer.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import type { BrowserName } from "../test/support/browsers.ts";
import { findBrowser } from "../test/support/find_browser.ts";
import { attempt, complaint, installFromDebian } from "./debian.ts";
import { tryRun } from "./run.ts";

const BROWSERS: readonly BrowserName[] = ["chrome", "firefox"];

/** Debian's packages. What puppeteer downloads would lack libraries on a bare Debian. */
const PACKAGES: Readonly<Record<BrowserName, readonly string[]>> = {
  // Chromium draws no page without any font.
  chrome: ["chromium", "fonts-dejavu-core"],
  firefox: ["firefox-esr"],
};

/** No closed network holds anybody up for longer. */
const DOWNLOAD_MS = 5 * 60_000;

/** Ways to install a browser, the best one first. */
const WAYS = [
  (name: BrowserName) => installFromDebian(name, PACKAGES[name]),
  installFromPuppeteer,
];

/** What the browser at hand says it is; `undefined` if there is none that starts. */
async function version(name: BrowserName): Promise<string | undefined> {
  const path = await findBrowser(name);
  if (!path) return;
  // Fails where a library is missing, too.
  const { success, stdout, stderr } = await tryRun(path, ["--version"]);
  if (success) return `${stdout.trim()} (${path})`;
  console.log(`${name}: ${path} does not start: ${complaint(stderr)}`);
}

async function installFromPuppeteer(name: BrowserName): Promise<void> {
  console.log(`${name}: downloading the one puppeteer was made for`);
  const args = ["run", "--allow-all", config.imports.puppeteer];
  const install = ["browsers", "install", name];
  await attempt(Deno.execPath(), [...args, ...install], DOWNLOAD_MS);
}

/** Whether a browser is there in the end. */
async function isInstalled(name: BrowserName): Promise<boolean> {
  let found = await version(name);
  for (const install of WAYS) {
    if (found) break;
    await install(name);
    found = await version(name);
  }
  console.log(`${name}: ${found ?? "not there"}`);
  return found !== undefined;
}

const missing: BrowserName[] = [];
for (const name of BROWSERS) {
  if (!await isInstalled(name)) missing.push(name);
}
if (missing.length > 0) {
  const names = missing.join(" and ");
  const variables = names.toUpperCase().replace(" AND ", " and ");
  console.error(
    `Cannot install ${names}. Please do it by hand; where it is not found ` +
      `even then, set ${variables} to the path of the program.`,
  );
  Deno.exit(1);
}
