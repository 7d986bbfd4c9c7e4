import type { Browser } from "puppeteer";
import { type Ask, type FarTalker, farTalker } from "./far_talker.ts";
import { openPage } from "./open_page.ts";
import { joinAsTalker, type Talker, type TalkerOptions } from "./talker.ts";
import "./page_globals.ts";

declare global {
  /** The talker of a page. */
  var talker: Talker;
}

/** Opens a page that joins as a talker; it is closed at the end of the block. */
export async function openPageTalker(
  browser: Browser,
  site: string,
  options: TalkerOptions,
): Promise<FarTalker> {
  const opened = await openPage(browser, site);
  const { page } = opened;
  // As a string, since it takes the client of the page.
  await page.evaluate(
    `(${joinAsTalker})(webrtc.connect, ${JSON.stringify(options)}, 40)
      .then((talker) => void (globalThis.talker = talker))`,
  );
  const ask: Ask = (name, args) =>
    page.evaluate(
      (name, args) =>
        (globalThis.talker[name] as (...args: unknown[]) => unknown)(...args),
      name,
      args,
    ) as never;
  return {
    ...farTalker(options.id, ask),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
