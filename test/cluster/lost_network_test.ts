import { assertEquals } from "@std/assert";
import { startBalancer } from "../support/balancer.ts";
import { startBrowser } from "../support/browsers.ts";
import { makeNetwork, whyNoNetworks } from "../support/network.ts";
import { openPageTalker } from "../support/page_talkers.ts";
import { startSite } from "../support/site.ts";
import { ENGINES, nodeOf, startCluster } from "../support/start_cluster.ts";
import {
  disagreements,
  identitiesOf,
  lossesOf,
  reportsOf,
  stopTalk,
  untilHeardAnew,
  untilMeshed,
} from "../support/talker_room.ts";

const skip = await whyNoNetworks() !== undefined;

/** Both browsers on both engines, instead of one on one. */
const WHOLE = Deno.args.includes("--whole");

/** What its pair says when it has to be made anew: Firefox gives up a connection as soon as the last interface is gone. */
const ANEW = /has met .* again$|channel-close/;

/** The node at which the page is that loses its network. */
const KILLED = 1;

for (const [index, kind] of ENGINES.entries()) {
  for (const name of ["chrome", "firefox"] as const) {
    Deno.test({
      name:
        `a page of ${name} whose node was killed while it had no network goes on at another on ${kind.name}, and loses nothing`,
      ignore: skip || kind.missing ||
        !WHOLE && (index > 0 || name !== "chrome"),
      async fn() {
        const lost = (all: readonly string[]) =>
          name === "firefox" ? all.filter((each) => !ANEW.test(each)) : all;
        await using stack = new AsyncDisposableStack();
        const network = stack.use(await makeNetwork());
        const cluster = stack.use(await startCluster(kind));
        const balancer = stack.use(
          startBalancer(cluster.nodes, network.outside),
        );
        const site = stack.use(await startSite({}, "0.0.0.0"));
        const page = `http://${network.outside}:${site.addr.port}`;
        const stays = stack.use(
          await startBrowser("chrome", { tellsAddresses: true }),
        );
        const goes = stack.use(await startBrowser(name, { network }));

        const near = stack.use(
          await openPageTalker(stays.browser, page, {
            host: balancer.door(0),
            room: "r",
            id: "near",
          }),
        );
        const far = stack.use(
          await openPageTalker(goes.browser, page, {
            host: balancer.door(KILLED),
            room: "r",
            id: "far",
          }),
        );
        const both = [near, far];
        await untilMeshed(both);
        for (const talker of both) await talker.talk();
        await untilHeardAnew(both);
        for (const talker of both) await talker.forget();
        const before = identitiesOf(await reportsOf(both));

        const other = nodeOf(cluster, 0);
        const since = other.records.length;
        await network.unplug();
        await nodeOf(cluster, KILLED).kill();
        // Only now does anybody know that it is gone.
        await other.recorded("node-lost", { since, withinMs: 12_000 });
        await network.plug();

        await far.until({ moved: true, withinMs: 30_000 });
        await untilMeshed(both);
        await untilHeardAnew(both);
        const reports = await reportsOf(both);
        assertEquals(identitiesOf(reports), before);
        assertEquals(disagreements(reports), []);
        assertEquals(lost(lossesOf(reports)), []);
        const [stayed, moved] = reports;
        assertEquals(stayed?.states, [], "who has a network does not move");
        const { states = [] } = moved ?? {};
        assertEquals([states[0], states.at(-1)], ["away", "joined"]);
        assertEquals(lost(await stopTalk(both)), []);
      },
    });
  }
}
