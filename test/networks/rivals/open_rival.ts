import type { Browser, HTTPRequest, Page } from "puppeteer";
import { bundle } from "../../bench/bundle.ts";
import { fileOf, type Library } from "../../rivals/library.ts";
import type {} from "./talk.ts";

const PAGE = `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<script type="module" src="/script.js"></script>
`;

const scripts = new Map<Library, Promise<string>>();

/** Opens a page with a library in it, in a window of its own: a hidden page is not what is compared. */
export async function openRival(
  browser: Browser,
  origin: string,
  library: Library,
): Promise<Page> {
  const script = await scriptOf(library);
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const answer = (request: HTTPRequest) => {
    void request.respond(
      new URL(request.url()).pathname === "/script.js"
        ? { contentType: "text/javascript", body: script }
        : { contentType: "text/html", body: PAGE },
    );
  };
  // No server: the only one there is may be down.
  await page.setRequestInterception(true);
  page.on("request", answer);
  await page.goto(origin);
  page.off("request", answer);
  await page.setRequestInterception(false);
  return page;
}

function scriptOf(library: Library): Promise<string> {
  const script = scripts.get(library) ?? bundleOf(library);
  scripts.set(library, script);
  return script;
}

async function bundleOf(library: Library): Promise<string> {
  const entry = `../networks/rivals/pages/${fileOf(library)}`;
  return new TextDecoder().decode(await bundle(entry));
}
