import type { JoinedPage } from "./joined_pages.ts";
import { untilKept } from "./until_kept.ts";

declare global {
  /** What a page that talks has sent and heard. */
  var numbered: {
    /** How many messages it has sent to each peer. */
    readonly sent: Map<string, number>;
    /** How many of each peer have come, in order and as they were. */
    readonly heard: Map<string, number>;
    /** What must not happen. */
    readonly wrong: string[];
    /** Rejects as soon as it does. */
    readonly failed: Promise<never>;
    /** Begins to speak to all peers. */
    start(): void;
    /** Says nothing more; resolves when all that it has said has left. */
    stop(): Promise<void>;
  };
}

/** Makes pages send numbered messages of 10 bytes to 300 kB to each other, several to each peer at a time. */
export async function startTalk(pages: readonly JoinedPage[]): Promise<void> {
  // All listen before the first one speaks.
  await Promise.all(pages.map(({ page }) => page.evaluate(listen)));
  await Promise.all(
    pages.map(({ page }) => page.evaluate(() => numbered.start())),
  );
}

/** Runs in the page. */
function listen(): void {
  const sizes = [10, 10, 1_000, 1_000, 16_000, 65_536, 70_000, 300_000];
  const pauseMs = 60;
  /** Sends of one peer that wait at the same time. */
  const voices = 3;
  const sent = new Map<string, number>();
  const heard = new Map<string, number>();
  const wrong: string[] = [];
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const complain = (what: string) => {
    wrong.push(what);
    reject(new Error(what));
  };
  const sizeOf = (number: number) => sizes[number * 5 % 13 % 8] ?? 0;
  const make = (number: number) => {
    const size = sizeOf(number);
    if (number % 2) return `${number} `.padEnd(size, "é");
    const bytes = content.bytes(number, size);
    new DataView(bytes.buffer).setUint32(0, number);
    return bytes;
  };
  const isRight = (data: string | ArrayBuffer, number: number) => {
    if (typeof data === "string") return data === make(number);
    const fits = data.byteLength === sizeOf(number) &&
      new DataView(data).getUint32(0) === number;
    const rest = new Uint8Array(data, 4);
    return fits && content.difference(rest, number + 4) < 0;
  };
  connection.on("message", ({ data, peer }) => {
    const number = heard.get(peer) ?? 0;
    if (!isRight(data, number)) {
      const what = typeof data === "string"
        ? data.slice(0, 12)
        : `number ${new DataView(data).getUint32(0)}`;
      complain(`${what} of ${peer} instead of ${number}`);
    }
    heard.set(peer, number + 1);
  });
  for (const event of ["undelivered", "peer-disconnect"] as const) {
    connection.on(
      event,
      (payload: unknown) =>
        void wrong.push(`${event} ${JSON.stringify(payload)}`),
    );
  }
  let stopped = false;
  const speak = async (to: string) => {
    while (!stopped) {
      const number = sent.get(to) ?? 0;
      sent.set(to, number + 1);
      await connection.send(make(number), { to });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  let speaking: Promise<void>[] = [];
  globalThis.numbered = {
    sent,
    heard,
    wrong,
    failed,
    start() {
      speaking = connection.connections.flatMap((to) =>
        Array.from(
          { length: voices },
          () => speak(to).catch((error) => complain(String(error))),
        )
      );
    },
    async stop() {
      stopped = true;
      await Promise.all(speaking);
    },
  };
}

/** Resolves when each page has heard all that each other one has said by now. */
export async function untilAllHeard(
  pages: readonly JoinedPage[],
): Promise<void> {
  const said = await Promise.all(
    pages.map(({ page }) => page.evaluate(() => [...numbered.sent])),
  );
  await Promise.all(pages.map(async ({ page, id }) => {
    const expected = pages.flatMap((other, index) =>
      new Map(said[index]).has(id)
        ? [[other.id, new Map(said[index]).get(id) ?? 0] as const]
        : []
    );
    await page.evaluate((expected) => {
      globalThis.kept = (async () => {
        for (const [peer, count] of expected) {
          while ((numbered.heard.get(peer) ?? 0) < count) {
            await Promise.race([next(connection, "message"), numbered.failed]);
          }
        }
      })();
    }, expected);
    await untilKept(page);
  }));
}

/** Ends the talk; returns what was wrong with it, and how many messages there were. */
export async function stopTalk(
  pages: readonly JoinedPage[],
): Promise<{ wrong: string[]; messages: number }> {
  await Promise.all(pages.map(async ({ page }) => {
    await page.evaluate(() => void (globalThis.kept = numbered.stop()));
    await untilKept(page);
  }));
  await untilAllHeard(pages);
  const ends = await Promise.all(pages.map(({ page }) =>
    page.evaluate(() => ({
      wrong: numbered.wrong,
      messages: numbered.heard.values().reduce((sum, count) => sum + count, 0),
      sent: [...numbered.sent],
    }))
  ));
  const sent = ends.flatMap(({ sent }) => sent.map(([, count]) => count));
  const wrong = ends.flatMap(({ wrong }) => wrong);
  const messages = ends.reduce((sum, { messages }) => sum + messages, 0);
  if (messages !== sent.reduce((sum, count) => sum + count, 0)) {
    wrong.push(`${messages} came of ${sent.join("+")}`);
  }
  return { wrong, messages };
}
