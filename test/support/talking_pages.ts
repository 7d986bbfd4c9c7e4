import type { Browser, Page } from "puppeteer";
import { type OpenPage, openPage } from "./open_page.ts";
import "./page_globals.ts";

declare global {
  /** What a talking page has seen and said. */
  var talk: {
    /** How many messages it has sent to each peer. */
    readonly sent: Map<string, number>;
    /** What each peer has sent, in the order of arrival. */
    readonly heard: Map<string, number[]>;
    /** The longest time without a word of a peer that had spoken before, in milliseconds. */
    longestGapMs: number;
    /** Every event but messages, and peers that are met. */
    readonly events: [name: string, payload: unknown][];
    /** The states, one after the other. */
    readonly states: string[];
    stop(): void;
  };
}

/** A page whose connection sends a numbered message to everybody every few milliseconds. */
export interface TalkingPage extends OpenPage {
  /** Own id of its connection. */
  readonly id: string;
}

/** How often a page talks. */
const EVERY_MS = 40;

/** Opens a page that joins a room under a name, meets `others` peers, and starts to talk. */
export async function openTalkingPage(
  browser: Browser,
  site: string,
  options: { host: string; room: string; id: string; others: number },
): Promise<TalkingPage> {
  const opened = await openPage(browser, site);
  await opened.page.evaluate(async ({ host, room, id, others, everyMs }) => {
    const connection = globalThis.connection = await webrtc.connect({
      host,
      room,
      id,
      presence: { name: id },
    });
    const heard = new Map<string, number[]>();
    const sent = new Map<string, number>();
    const heardAt = new Map<string, number>();
    connection.on("message", ({ data, peer }) => {
      const numbers = heard.get(peer) ?? [];
      heard.set(peer, numbers);
      numbers.push(Number(data));
      const now = performance.now();
      const gapMs = now - (heardAt.get(peer) ?? now);
      heardAt.set(peer, now);
      talk.longestGapMs = Math.max(talk.longestGapMs, gapMs);
    });
    globalThis.talk = {
      sent,
      heard,
      longestGapMs: 0,
      events: [],
      states: [],
      stop: () => clearInterval(timer),
    };
    while (connection.connections.length < others) {
      await next(connection, "peer");
    }
    const timer = setInterval(() => {
      for (const to of connection.connections) {
        const number = sent.get(to) ?? 0;
        sent.set(to, number + 1);
        void connection.send(String(number), { to });
      }
    }, everyMs);
    const names = [
      "peerlist",
      "presence",
      "peer-away",
      "peer-disconnect",
      "webrtc-close",
      "peer-state",
    ] as const;
    for (const name of names) {
      connection.on(
        name,
        (payload: unknown) => void talk.events.push([name, payload]),
      );
    }
    connection.on("state", ({ state }) => void talk.states.push(state));
  }, { ...options, everyMs: EVERY_MS });
  return Object.assign(opened, { id: options.id });
}

/** Opens a talking page in each of the browsers, all in one room, each connected with all others. */
export async function openMesh(
  browsers: readonly Browser[],
  site: string,
  options: { host: string; room: string },
): Promise<TalkingPage[]> {
  const { host, room } = options;
  const count = browsers.length;
  return await Promise.all(
    browsers.map((browser, index) =>
      openTalkingPage(browser, site, {
        host,
        room,
        id: `page-${index}`,
        others: count - 1,
      })
    ),
  );
}

/** Forgets the events so far: those of the time in which the mesh was made. */
export async function forgetEvents(
  pages: readonly TalkingPage[],
): Promise<void> {
  await Promise.all(pages.map(({ page }) =>
    page.evaluate(async () => {
      // A presence comes after the peer, which those who talk here all have; and so does how its packets travel.
      for (const id of connection.connections) {
        while (connection.peers.get(id)?.presence === null) {
          await next(connection, "presence");
        }
        while (connection.peers.get(id)?.path === null) {
          await next(connection, "peer-state");
        }
      }
      talk.events.length = talk.states.length = 0;
    })
  ));
}

/** Resolves when the connection of every page has left the state `joined` and is in it again. */
export async function untilJoinedAgain(
  pages: readonly TalkingPage[],
): Promise<void> {
  await Promise.all(pages.map(({ page }) =>
    page.evaluate(async () => {
      while (talk.states.at(-1) !== "joined") await next(connection, "state");
    })
  ));
}

/** Resolves when every page has heard something from every other one that was said after this call. */
export async function untilHeardAnew(
  pages: readonly TalkingPage[],
): Promise<void> {
  const sent = await Promise.all(
    pages.map(({ page }) => page.evaluate(() => [...talk.sent])),
  );
  await Promise.all(pages.map(async ({ page, id }) => {
    const expected = pages.flatMap((other, index) => {
      const count = new Map(sent[index]).get(id);
      return count === undefined ? [] : [[other.id, count] as const];
    });
    await page.evaluate(async (expected) => {
      for (const [from, number] of expected) {
        while ((talk.heard.get(from)?.at(-1) ?? -1) < number) {
          await next(connection, "message");
        }
      }
    }, expected);
  }));
}

/** Stops the talk of all pages and waits until everything that was sent has arrived. Answers with what did not arrive once and in order. */
export async function stopTalking(
  pages: readonly TalkingPage[],
): Promise<string[]> {
  const sent = await Promise.all(pages.map(({ page }) =>
    page.evaluate(() => {
      talk.stop();
      return [...talk.sent];
    })
  ));
  const wrong = await Promise.all(pages.map(async ({ page, id }) => {
    const expected = pages.flatMap((other, index) => {
      const count = new Map(sent[index]).get(id);
      return count === undefined ? [] : [[other.id, count] as const];
    });
    return await page.evaluate(hearAll, expected, id);
  }));
  return wrong.flat();
}

/** Runs in the page. */
async function hearAll(
  expected: (readonly [from: string, count: number])[],
  id: string,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [from, count] of expected) {
    const numbers = talk.heard.get(from) ?? [];
    while (numbers.length < count && connection.connections.includes(from)) {
      await next(connection, "message");
    }
    const ordered = numbers.every((number, index) => number === index);
    if (!ordered || numbers.length !== count) {
      wrong.push(`${id} heard ${numbers.length} of ${count} from ${from}`);
    }
  }
  return wrong;
}

/** What a page has seen since {@linkcode forgetEvents}. */
export function eventsOf(
  { page }: { readonly page: Page },
): Promise<{ events: [string, unknown][]; states: string[] }> {
  return page.evaluate(() => ({ events: talk.events, states: talk.states }));
}
