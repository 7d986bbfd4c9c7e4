import type { Page } from "puppeteer";
import type { Library } from "../../rivals/library.ts";
import type { Outcome } from "./outcome.ts";
import type { Signaling } from "../../rivals/signaling.ts";
import type {} from "./talk.ts";

/** How long after a fault's end a pair may take to talk again, and how long it may take to connect. */
export const PATIENCE_MS = 60_000;

/** How long a pair that talks again is listened to, so that what was lost shows. */
const AFTERMATH_MS = 2_000;

/** Two pages of a library in a room, named `a` and `b`, and its server. */
export interface PairOfPages extends AsyncDisposable {
  readonly library: Library;
  readonly a: Page;
  readonly b: Page;
  readonly room: string;
  readonly signaling: Signaling;
  /** For libraries that the app gives them to. */
  readonly iceServers: RTCIceServer[];
}

/** Lets both join, one after the other. Resolves with the seconds from the second one's call until both have heard the other; `null` if they have not in time. */
export async function join(pair: PairOfPages): Promise<number | null> {
  try {
    await joinAs(pair, pair.a, "a", []);
  } catch {
    return null;
  }
  const since = Date.now();
  // Whether it has joined shows in what is heard.
  joinAs(pair, pair.b, "b", ["a"]).catch(() => {});
  return await untilTalking(pair, since);
}

/** Lets one more page into the room. Resolves when others can find it. */
export async function joinAs(
  { room, signaling, iceServers }: PairOfPages,
  page: Page,
  name: string,
  others: readonly string[],
): Promise<void> {
  await page.evaluate((options) => rivalTalk.join(options), {
    name,
    room,
    signaling: signaling.host,
    iceServers,
    others: [...others],
  });
}

/** Seconds from `since` until each of both has a message from the other that was sent since then; `null` if that takes too long. */
export async function untilTalking(
  { a, b }: Pick<PairOfPages, "a" | "b">,
  since: number,
  names: readonly [a: string, b: string] = ["a", "b"],
): Promise<number | null> {
  const heard = await Promise.all([
    hears(a, names[1], since),
    hears(b, names[0], since),
  ]);
  const [first, second] = heard;
  if (typeof first !== "number" || typeof second !== "number") return null;
  return (Math.max(first, second) - since) / 1000;
}

function hears(
  page: Page,
  name: string,
  since: number,
): Promise<number | null> {
  return page.evaluate(
    (name, since, until) => rivalTalk.hears(name, since, until),
    name,
    since,
    since + PATIENCE_MS,
  );
}

/** What became of pairs by a fault that began and ended at these times; for those whose server was down, it ended when that was up again. */
export async function judgeAll(
  pairs: readonly PairOfPages[],
  beganAt: number,
  endedAt: number,
): Promise<Map<Library, Outcome>> {
  const outcomes = new Map<Library, Outcome>();
  await Promise.all(pairs.map(async (pair) => {
    const { startedAt } = pair.signaling;
    const ended = startedAt > beganAt ? startedAt : endedAt;
    outcomes.set(pair.library, await judge(pair, beganAt, ended));
  }));
  return outcomes;
}

/** What became of a pair by a fault that began and ended at these times, in milliseconds since the epoch. */
async function judge(
  pair: PairOfPages,
  beganAt: number,
  endedAt: number,
): Promise<Outcome> {
  const seconds = await untilTalking(pair, endedAt);
  const resumedAt = endedAt + (seconds ?? 0) * 1000;
  if (seconds !== null) await untilTalking(pair, resumedAt + AFTERMATH_MS);
  const [ofA, ofB] = await Promise.all([
    accountOf(pair.a, "b", beganAt, resumedAt),
    accountOf(pair.b, "a", beganAt, resumedAt),
  ]);
  const lost = (numbers: readonly number[], refused: readonly number[]) =>
    new Set(numbers).difference(new Set(refused)).size;
  return {
    connected: true,
    seconds,
    lost: lost(ofA.missing, ofB.refused) + lost(ofB.missing, ofA.refused),
    doubled: ofA.doubled + ofB.doubled,
    silenceSeconds: Math.max(ofA.silenceMs, ofB.silenceMs) / 1000,
    gone: [...ofA.goneAt, ...ofB.goneAt].some((at) => at >= beganAt),
    notes: await notesOf(pair),
  };
}

/** What both have written down so far. */
export async function notesOf(
  { a, b }: PairOfPages,
): Promise<Outcome["notes"]> {
  return {
    a: await a.evaluate(() => rivalTalk.notes),
    b: await b.evaluate(() => rivalTalk.notes),
  };
}

function accountOf(page: Page, name: string, since: number, upTo: number) {
  return page.evaluate(
    (name, since, upTo) => ({
      ...rivalTalk.account(name, since, upTo),
      refused: rivalTalk.refused,
      goneAt: rivalTalk.goneAt,
    }),
    name,
    since,
    upTo,
  );
}
