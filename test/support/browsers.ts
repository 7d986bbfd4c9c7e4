import puppeteer, { type Browser } from "puppeteer";
import { findBrowser } from "./find_browser.ts";
import type { Within } from "./namespace.ts";
import { openPortInto } from "./port_into.ts";

/** The browsers that the tests drive. */
export type BrowserName = "chrome" | "firefox";

/** A browser that is closed at the end of its block. */
export interface StartedBrowser extends AsyncDisposable {
  /** Puppeteer's handle. */
  readonly browser: Browser;
}

/** How to start a browser. */
export interface StartBrowserOptions {
  /** Arguments on top of what every test needs. */
  readonly args?: readonly string[];
  /** The network that it runs in; this machine's if there is none. */
  readonly network?: Within;
  /** Whether it tells others its addresses, instead of names of mDNS, which not everybody can look up. @default {whether it has a network of its own} */
  readonly tellsAddresses?: boolean;
  /** Origins that count as secure (W3C Secure Contexts) though they are plain HTTP on an address that is not this machine's. */
  readonly secureOrigins?: readonly string[];
  /** Whether Chromium takes any certificate, also that of a TURN server; Firefox cannot. @default {false} */
  readonly anyCertificate?: boolean;
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

/** Starts a headless browser. */
export async function startBrowser(
  name: BrowserName,
  options: StartBrowserOptions = {},
): Promise<StartedBrowser> {
  const { network } = options;
  const found = await findBrowser(name);
  if (!found) {
    throw new Error(
      `Cannot start ${name}: it is not installed; run "deno task test:install"`,
    );
  }
  await using stack = new AsyncDisposableStack();
  const executablePath = await network?.wrap(found) ?? found;
  const launch = { browser: name, executablePath, headless: true };
  const browser = name === "chrome"
    ? await puppeteer.launch({
      ...launch,
      // No socket reaches into another network.
      pipe: network !== undefined,
      args: chromeArgs(options),
    })
    : await puppeteer.launch({
      ...launch,
      // Firefox knows no pipe; there it takes the port that leads to it.
      ...(network
        ? { debuggingPort: stack.use(await openPortInto(network)).port }
        : {}),
      args: [...options.args ?? []],
      extraPrefsFirefox: firefoxPreferences(options),
    });
  stack.defer(() => browser.close());
  const started = stack.move();
  return { browser, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function chromeArgs(
  {
    args = [],
    network,
    tellsAddresses = !!network,
    secureOrigins = [],
    anyCertificate = false,
  }: StartBrowserOptions,
): string[] {
  const all = [...CHROME_ARGS, ...args];
  if (tellsAddresses) {
    all.push("--disable-features=WebRtcHideLocalIpsWithMdns");
  }
  if (anyCertificate) all.push("--ignore-certificate-errors");
  if (secureOrigins.length > 0) {
    const list = secureOrigins.join();
    all.push(`--unsafely-treat-insecure-origin-as-secure=${list}`);
  }
  return all;
}

function firefoxPreferences(
  { network, tellsAddresses = !!network, secureOrigins = [] }:
    StartBrowserOptions,
): Record<string, unknown> {
  const hosts = secureOrigins.map((origin) => new URL(origin).hostname);
  return {
    "media.peerconnection.ice.obfuscate_host_addresses": !tellsAddresses,
    // Puppeteer's profile is never offline.
    "network.manage-offline-status": network !== undefined,
    ...(hosts.length > 0
      ? { "dom.securecontext.allowlist": hosts.join() }
      : {}),
  };
}
