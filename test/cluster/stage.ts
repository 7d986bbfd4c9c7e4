import type { Browser } from "puppeteer";
import { type Balancer, startBalancer } from "../support/balancer.ts";
import { type BrowserName, startBrowser } from "../support/browsers.ts";
import type { FarTalker } from "../support/far_talker.ts";
import { openPageTalker } from "../support/page_talkers.ts";
import { startSite } from "../support/site.ts";
import {
  type Cluster,
  type ClusterOptions,
  type EngineKind,
  startCluster,
} from "../support/start_cluster.ts";
import { untilHeardAnew, untilMeshed } from "../support/talker_room.ts";

/** A cluster, and browsers whose pages reach it by a balancer. All of it is gone at the end of its block. */
export interface Stage extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly balancer: Balancer;
  /** Opens a page that joins a room, at a node if that one lives. */
  join(id: string, node: number, room?: string): Promise<FarTalker>;
  /** Opens so many pages, one after the other at each node, that talk in full mesh. */
  talkers(count: number): Promise<readonly FarTalker[]>;
}

/** How it is to be. */
export interface StageOptions extends ClusterOptions {
  /** Browsers of its pages, in turn. @default {["chrome"]} */
  readonly browsers?: readonly BrowserName[];
}

/** Starts it all. */
export async function openStage(
  kind: EngineKind,
  { browsers = ["chrome"], ...options }: StageOptions = {},
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await startCluster(kind, options));
  const balancer = stack.use(startBalancer(cluster.nodes));
  const site = stack.use(await startSite());
  const started = new Map<BrowserName, Browser>();
  for (const name of new Set(browsers)) {
    // Not every peer is a page, which can look up a name of mDNS.
    const { browser } = stack.use(
      await startBrowser(name, { tellsAddresses: true }),
    );
    started.set(name, browser);
  }
  const turns = browsers.flatMap((name) => started.get(name) ?? []);
  let pages = 0;
  const made = stack.move();

  async function join(
    id: string,
    node: number,
    room = "r",
  ): Promise<FarTalker> {
    const browser = turns[pages++ % turns.length];
    if (!browser) throw new RangeError("No browser was named");
    const options = { host: balancer.door(node), room, id };
    return made.use(await openPageTalker(browser, site.url, options));
  }

  return {
    cluster,
    balancer,
    join,
    async talkers(count) {
      const joining = Array.from(
        { length: count },
        (_, index) => join(`peer-${index}`, index),
      );
      const talkers = await Promise.all(joining);
      await untilMeshed(talkers);
      await Promise.all(talkers.map((talker) => talker.talk()));
      await untilHeardAnew(talkers);
      return talkers;
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}
