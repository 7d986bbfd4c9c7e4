import type { Browser, Page } from "puppeteer";
import { startBrowser } from "../support/browsers.ts";
import { contenderPages } from "./contender_pages.ts";
import { onCore, twoCores } from "./on_core.ts";

/** How long a sample may take. */
const PATIENCE_MS = 30_000;

/** What each side is made of. */
export interface ArenaOptions<Side extends string> {
  /** Scripts of their pages. */
  readonly scripts: Readonly<Record<Side, string>>;
  /** Starts the relay of a side on a core. */
  startRelay(side: Side, core: number): Promise<StartedRelay>;
}

/** A relay that listens. */
export interface StartedRelay extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
}

/** Two browsers, each on a core of its own, and the relays of all sides. */
export interface Arena<Side extends string> extends AsyncDisposable {
  /** Opens `count` tabs, by turns in the one and the other browser. */
  openPages(count: number): Promise<Page[]>;
  /** Loads a side into pages afresh; nothing of what they did before is left. */
  load(side: Side, pages: readonly Page[]): Promise<void>;
  /** Host of the relay of a side. */
  relay(side: Side): string;
  /** A room where nobody has been. */
  newRoom(): string;
}

/** Starts everything that pages need to connect. */
export async function startArena<Side extends string>(
  { scripts, startRelay }: ArenaOptions<Side>,
): Promise<Arena<Side>> {
  await using stack = new AsyncDisposableStack();
  const [first, second] = await twoCores();
  const pages = await contenderPages(scripts);
  const site = stack.use(Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) =>
      pages(new URL(request.url).pathname) ??
        new Response(null, { status: 404 }),
  ));
  const relays = new Map<Side, StartedRelay>();
  for (const side of Object.keys(scripts) as Side[]) {
    relays.set(side, stack.use(await startRelay(side, first)));
  }
  const browsers: Browser[] = [];
  for (const core of [first, second]) {
    const started = await onCore(core, () => startBrowser("chrome"));
    browsers.push(stack.use(started).browser);
  }
  let rooms = 0;
  const started = stack.move();
  return {
    openPages(count) {
      const which = Array.from({ length: count }, (_, i) => i);
      return Promise.all(
        which.flatMap((i) => browsers[i % browsers.length]?.newPage() ?? []),
      );
    },
    async load(side, pages) {
      const url = `http://127.0.0.1:${site.addr.port}/${side}`;
      await Promise.all(pages.map((page) => page.goto(url)));
    },
    relay: (side) => relays.get(side)?.host ?? "",
    newRoom: () => `room-${++rooms}`,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** What `promise` comes to, unless it takes too long: a pair that never connects must not hang the bench. */
export async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Cannot measure: not done in ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
