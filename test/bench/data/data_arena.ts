import type { Page } from "puppeteer";
import { LIBRARIES, type Library } from "../../rivals/library.ts";
import { startSignaling } from "../../rivals/signaling.ts";
import { freePort } from "../../support/free_port.ts";
import { inTime, startArena } from "../arena.ts";
import type { Side } from "../measurement.ts";
import { startRelay } from "../relay.ts";
import type {} from "./data_contender.ts";

/** The libraries that stand beside ours and the floor. */
export type Other = Exclude<Library, "ours">;

/** All of them. */
export const OTHERS: readonly Other[] = LIBRARIES.filter((library) =>
  library !== "ours"
);

const SCRIPTS: Readonly<Record<Side | Other, string>> = {
  ours: "./data/ours.ts",
  floor: "./data/hand_written.ts",
  peerjs: "./data/peerjs.ts",
  "simple-peer": "./data/simple_peer.ts",
  trystero: "./data/trystero.ts",
};

/** Where bytes are sent. */
export interface DataArena extends AsyncDisposable {
  /** Connects two fresh pages of a side and measures something between them. Rejects if anything takes too long. */
  between(
    side: Side | Other,
    measure: (sender: Page, receiver: Page) => Promise<number>,
  ): Promise<number>;
}

/** Starts everything that pages need to connect and send. */
export async function startDataArena(): Promise<DataArena> {
  const arena = await startArena<Side | Other>({
    scripts: SCRIPTS,
    startRelay: (side, core) =>
      side === "ours" || side === "floor"
        ? startRelay(side, core)
        : startSignaling(side, {
          hostname: "127.0.0.1",
          port: freePort(),
          core,
        }),
  });
  return {
    async between(side, measure) {
      // What a library has left undone, or hung, ends with its pages.
      const pages = await arena.openPages(2);
      try {
        const [receiver, sender] = pages;
        if (!receiver || !sender) throw new Error("Cannot measure: no pages");
        return await inTime((async () => {
          await arena.load(side, pages);
          const room = arena.newRoom();
          const names = ["a", "b"];
          for (const [i, page] of pages.entries()) {
            await page.evaluate((options) => dataContender.join(options), {
              name: names[i] ?? "",
              signaling: arena.relay(side),
              room,
              iceServers: [],
              others: names.slice(0, i),
            });
          }
          await Promise.all(
            pages.map((page) => page.evaluate(() => dataContender.connected())),
          );
          return await measure(sender, receiver);
        })());
      } finally {
        await Promise.all(pages.map((page) => page.close()));
      }
    },
    [Symbol.asyncDispose]: () => arena[Symbol.asyncDispose](),
  };
}
