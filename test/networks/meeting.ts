import type { Path } from "../../mod.ts";
import type { BrowserName } from "../support/browsers.ts";
import { openPage } from "../support/open_page.ts";
import "../support/page_globals.ts";
import { expectedPath } from "./expected_path.ts";
import { makeLab } from "./lab.ts";
import type { NetworkKind } from "./network_kind.ts";

/** A page that is to meet another one. */
export interface Party {
  readonly browser: BrowserName;
  readonly kind: NetworkKind;
}

/** How a page has met the other one. */
export interface Meeting {
  /** From `connect` to the first message, in milliseconds. */
  readonly firstMessageMs: number;
  /** How packets travel: the path that is expected, or what there was instead when patience ended. */
  readonly path: Path | null;
  /** What the page complained about. */
  readonly complaints: readonly string[];
}

/** How long the first message may take, and how long ICE may then take to find the best path. */
const [FIRST_MS, SETTLE_MS] = [20_000, 10_000];

/** How two pages are to meet. */
export interface MeetOptions {
  /** Whether both are in one network, that of the first, instead of one each. @default {false} */
  readonly together?: boolean;
}

/** Lets two pages meet in a lab of their own, and looks how each sees the other. */
export async function meet(
  parties: readonly [Party, Party],
  { together = false }: MeetOptions = {},
): Promise<Meeting[]> {
  await using lab = await makeLab();
  await lab.site();
  const shared = together ? await lab.network(parties[0].kind) : undefined;
  const pages = await Promise.all(parties.map(async ({ kind, browser }) => {
    const host = await lab.host(shared ?? await lab.network(kind));
    return await openPage(
      (await lab.browser(host, browser)).browser,
      lab.origin,
    );
  }));
  return await Promise.all(pages.map(async ({ page, complaints }, index) => {
    const [own, other] = index === 0 ? parties : parties.toReversed();
    if (!own || !other) throw new RangeError("Cannot meet: two are needed");
    const met = await page.evaluate(meetInPage, {
      host: lab.origin,
      expected: together ? "host" : expectedPath(own.kind, other.kind),
      firstMs: FIRST_MS,
      settleMs: SETTLE_MS,
    });
    return { ...met, complaints };
  }));
}

/** Runs in the page. */
async function meetInPage(
  { host, expected, firstMs, settleMs }: {
    host: string;
    expected: Path;
    firstMs: number;
    settleMs: number;
  },
): Promise<Pick<Meeting, "firstMessageMs" | "path">> {
  const within = (ms: number): Promise<undefined> =>
    new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
  const startedAt = performance.now();
  const connection = globalThis.connection = await webrtc.connect({
    host,
    room: "meeting",
  });
  const heard = next(connection, "message");
  connection.on("peer", ([to]) => void connection.send("hello", { to }));
  const first = await Promise.race([heard, within(firstMs)]);
  if (!first) {
    const states = [...connection.peers.values()].map(({ state }) => state);
    throw new Error(`no message after ${firstMs} ms, peers: ${states}`);
  }
  const firstMessageMs = performance.now() - startedAt;
  const path = () => connection.peers.get(first.peer)?.path ?? null;
  const settled = new Promise<undefined>((resolve) => {
    const look = () => path() === expected && resolve(undefined);
    connection.on("peer-state", look);
    look();
  });
  await Promise.race([settled, within(settleMs)]);
  return { firstMessageMs, path: path() };
}
