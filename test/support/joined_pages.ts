import type { Browser } from "puppeteer";
import { defineContent } from "./content.ts";
import { type OpenPage, openPage } from "./open_page.ts";
import "./page_globals.ts";

/** A page that is in a room. */
export interface JoinedPage extends OpenPage {
  /** Own id of its connection. */
  readonly id: string;
}

/** Opens a page in each of the browsers. They join a room one after the other, as `page-0` and so on, and each has met all others. */
export async function openJoinedPages(
  browsers: readonly Browser[],
  site: string,
  { host = site, room = "r" }: { host?: string; room?: string } = {},
): Promise<JoinedPage[]> {
  const pages: JoinedPage[] = [];
  for (const [index, browser] of browsers.entries()) {
    const id = `page-${index}`;
    const opened = await openPage(browser, site);
    await defineContent(opened.page);
    await opened.page.evaluate(
      async (host, room, id) => {
        globalThis.connection = await webrtc.connect({ host, room, id });
      },
      host,
      room,
      id,
    );
    pages.push(Object.assign(opened, { id }));
  }
  const others = pages.length - 1;
  await Promise.all(pages.map(({ page }) =>
    page.evaluate(async (others) => {
      while (connection.connections.length < others) {
        await next(connection, "peer");
      }
    }, others)
  ));
  return pages;
}
