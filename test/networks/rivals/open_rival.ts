import type { Browser, HTTPRequest, Page } from "puppeteer";
import { bundle } from "../../bench/bundle.ts";
import { fileOf, type Library } from "../../rivals/library.ts";
import type {} from "./talk.ts";

const PAGE = (script: string) =>
  `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<script type="module" src="/${script}"></script>
`;

const bundles = new Map<Library, Promise<ReadonlyMap<string, string>>>();

/** Opens a page with a library in it, in a window of its own: a hidden page is not what is compared. */
export async function openRival(
  browser: Browser,
  origin: string,
  library: Library,
): Promise<Page> {
  const scripts = await bundleOf(library);
  const [main = ""] = scripts.keys();
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const answer = (request: HTTPRequest) => {
    const script = scripts.get(new URL(request.url()).pathname.slice(1));
    void request.respond(
      script === undefined
        ? { contentType: "text/html", body: PAGE(main) }
        : { contentType: "text/javascript", body: script },
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

function bundleOf(library: Library): Promise<ReadonlyMap<string, string>> {
  const made = bundles.get(library) ??
    bundle(`../networks/rivals/pages/${fileOf(library)}`);
  bundles.set(library, made);
  return made;
}
