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
const APT_MS = 15 * 60_000;

/** Ways to install a browser, the best one first. */
const WAYS = [installFromDebian, installFromPuppeteer];

/** What the browser at hand says it is; `undefined` if there is none that starts. */
async function version(name: BrowserName): Promise<string | undefined> {
  const path = await findBrowser(name);
  if (!path) return;
  // Fails where a library is missing, too.
  const { success, stdout, stderr } = await tryRun(path, ["--version"]);
  if (success) return `${stdout.trim()} (${path})`;
  console.log(`${name}: ${path} does not start: ${complaint(stderr)}`);
}

async function installFromDebian(name: BrowserName): Promise<void> {
  const sudo = await isDebian() && await sudoPrefix();
  if (!sudo) return;
  const packages = PACKAGES[name];
  console.log(`${name}: installing Debian's ${packages.join(" and ")}`);
  const args = [
    ...sudo,
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "--option=Acquire::Retries=2",
    "--option=Acquire::http::Timeout=30",
  ];
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  await attempt("env", [...args, "update"], APT_MS);
  await attempt("env", [...args, ...install], APT_MS);
}

async function installFromPuppeteer(name: BrowserName): Promise<void> {
  console.log(`${name}: downloading the one puppeteer was made for`);
  const args = ["run", "--allow-all", config.imports.puppeteer];
  const install = ["browsers", "install", name];
  await attempt(Deno.execPath(), [...args, ...install], DOWNLOAD_MS);
}

/** Runs a command and, if it fails, says why; whether there is a browser then is for others to see. */
async function attempt(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { success, stderr } = await tryRun(program, args, { signal });
  if (success) return;
  const why = signal.aborted
    ? `not done within ${timeoutMs / 60_000} minutes`
    : complaint(stderr);
  console.log(`  failed: ${[program, ...args].join(" ")}: ${why}`);
}

/** Ubuntu's packages of the browsers are empty, what they install comes as a snap; so this is Debian only. */
async function isDebian(): Promise<boolean> {
  try {
    return /^ID="?debian"?$/m.test(await Deno.readTextFile("/etc/os-release"));
  } catch {
    return false;
  }
}

/** What makes `env` run a command as root; `undefined` if that would need a password. */
async function sudoPrefix(): Promise<string[] | undefined> {
  if (Deno.uid() === 0) return [];
  const sudo = await tryRun("sudo", ["--non-interactive", "true"]);
  if (sudo.success) return ["sudo", "--non-interactive", "env"];
}

/** The one line of all that a program wrote which says what is wrong. */
function complaint(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.find((line) => /error|^E: /i.test(line)) ?? lines.at(-1) ??
    "it does not say why";
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
