import { type Balancer, startBalancer } from "../support/balancer.ts";
import { startBrowser } from "../support/browsers.ts";
import type { FarTalker } from "../support/far_talker.ts";
import { openPageTalker, TALKER_ARGS } from "../support/page_talkers.ts";
import { startSite } from "../support/site.ts";
import {
  type Cluster,
  type ClusterOptions,
  type EngineKind,
  startCluster,
} from "../support/start_cluster.ts";
import { untilHeardAnew, untilMeshed } from "../support/talker_room.ts";

/** A cluster, and a browser whose pages reach it by a balancer. All of it is gone at the end of its block. */
export interface Stage extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly balancer: Balancer;
  /** Opens a page that joins a room, at a node if that one lives. */
  join(id: string, node: number, room?: string): Promise<FarTalker>;
  /** Opens so many pages, one after the other at each node, that talk in full mesh. */
  talkers(count: number): Promise<readonly FarTalker[]>;
}

/** Starts it all. */
export async function openStage(
  kind: EngineKind,
  options?: ClusterOptions,
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await startCluster(kind, options));
  const balancer = stack.use(startBalancer(cluster.nodes));
  const site = stack.use(await startSite());
  const chrome = stack.use(await startBrowser("chrome", { args: TALKER_ARGS }));
  const made = stack.move();

  async function join(
    id: string,
    node: number,
    room = "r",
  ): Promise<FarTalker> {
    const options = { host: balancer.door(node), room, id };
    return made.use(await openPageTalker(chrome.browser, site.url, options));
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
