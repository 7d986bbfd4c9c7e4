import { assert, assertEquals } from "@std/assert";
import { makeNetwork, whyNoNetworks } from "../support/network.ts";
import { ENGINES, nodeOf } from "../support/start_cluster.ts";
import {
  disagreements,
  identitiesOf,
  lossesOf,
  reportsOf,
  stopTalk,
  untilHeardAnew,
  untilMeshed,
} from "../support/talker_room.ts";
import { WirePeer } from "../support/wire_peer.ts";
import { openStage } from "./stage.ts";

const skip = await whyNoNetworks() !== undefined;

/** The whole length of a split, on each engine, instead of one that is just long enough that nodes lose each other. */
const WHOLE = Deno.args.includes("--whole");
const SPLIT_MS = WHOLE ? 20_000 : 0;

/** Pages that are there before, one at each node. */
const PEERS = 3;
/** The node that is cut off. */
const CUT = 1;

for (const [index, kind] of ENGINES.entries()) {
  Deno.test({
    name:
      `three nodes go on, and agree again, when one is split from ${kind.name}`,
    ignore: skip || kind.missing || !WHOLE && index > 0,
    async fn() {
      await using stack = new AsyncDisposableStack();
      const network = stack.use(await makeNetwork());
      const stage = stack.use(
        await openStage(kind, {
          engineHost: network.outside,
          node: (index) => index === CUT ? { network } : {},
        }),
      );
      const { cluster, join } = stage;
      const { engine, nodes } = cluster;
      const talkers = await stage.talkers(PEERS);
      await Promise.all(talkers.map((talker) => talker.forget()));
      const before = identitiesOf(await reportsOf(talkers));
      const cut = nodeOf(cluster, CUT);
      const other = nodeOf(cluster, 0);
      const room = "beside";
      const wires = [];
      for (const [id, { url }] of [["here", other], ["there", cut]] as const) {
        wires.push(stack.use(await WirePeer.join(url, { room, id })));
        wires.push(
          stack.use(await WirePeer.join(url, { room, id: `${id} too` })),
        );
      }
      const [here, hereToo, there, thereToo] = wires;
      assert(here && hereToo && there && thereToo);
      await here.hears("there too", "join");

      const mark = cut.records.length;
      const marks = nodes.map(({ records }) => records.length);
      await network.cut(engine.port);
      const cutAt = performance.now();
      await cut.recorded("engine-down", { since: mark, withinMs: 5_000 });
      assertEquals((await cut.get("/ready")).code, "engine-down");
      assertEquals((await cut.get("/health")).fields.status, "degraded");
      assertEquals((await other.get("/ready")).status, 200);
      assertEquals((await other.get("/health")).fields.status, "ok");
      // Both sides have lost the other, and go on.
      await other.recorded("node-lost", {
        since: marks[0] ?? 0,
        withinMs: 12_000,
      });
      await here.hears("there", "away");
      assertEquals(here.of("there").includes("leave lost"), false);
      for (
        const [one, two] of [[here, hereToo], [there, thereToo]] as const
      ) {
        one.signal(two.id, "during");
        await two.until(
          "a signal",
          () => two.signalsOf(one.id).includes("during"),
          1_000,
        );
        one.publish("during");
        await two.hears(one.id, "presence during", 1_000);
      }
      const comers = [
        stack.use(await WirePeer.join(other.url, { room, id: "came here" })),
        stack.use(await WirePeer.join(cut.url, { room, id: "came there" })),
      ];
      // An id that nobody can ask the other side about.
      const twins = [
        await WirePeer.join(other.url, { room, id: "twin" }),
        await WirePeer.join(cut.url, { room, id: "twin" }),
      ];
      await Promise.all([...comers, ...twins].map((peer) => peer.settled()));
      const late = [await join("late here", 0), await join("late there", CUT)];
      await untilHeardAnew(talkers);
      const leftMs = SPLIT_MS - (performance.now() - cutAt);
      // Its length is a part of it.
      if (leftMs > 0) await new Promise((done) => setTimeout(done, leftMs));
      await untilHeardAnew(talkers);

      const mended = cut.records.length;
      await network.mend(engine.port);
      await cut.recorded("engine-up", { since: mended, withinMs: 15_000 });
      await cut.ready();
      await here.hears("came there", "join");
      await there.hears("came here", "join");
      await here.hears("there", "back");
      await here.hears("there", "presence during");
      await there.hears("here", "presence during");
      here.signal("there", "after");
      await there.until(
        "a signal",
        () => there.signalsOf("here").includes("after"),
      );
      // One of the two stays, and is the one for both sides.
      const closed = await Promise.any(
        twins.map(async (twin, index) => {
          await twin.raw.closed;
          return index;
        }),
      );
      const stays = twins[1 - closed];
      assert(stays);
      assertEquals((await twins[closed]?.raw.closed)?.code, 4501);
      await stays.settled();
      stays.publish("stays");
      for (const peer of [here, there]) {
        await peer.hears("twin", "presence stays");
      }
      await stays[Symbol.asyncDispose]();

      const now = [...talkers, ...late];
      for (const talker of late) await talker.talk();
      await untilMeshed(now);
      await untilHeardAnew(now);
      const after = await reportsOf(now);
      assertEquals(disagreements(after), []);
      assertEquals(lossesOf(after), []);
      const stayed = after.slice(0, PEERS).map((report) => ({
        ...report,
        peers: report.peers.filter(({ id }) => !id.startsWith("late")),
      }));
      assertEquals(identitiesOf(stayed), before);
      for (const { id, states, sockets } of stayed) {
        assertEquals([states, sockets], [[], 0], `${id} must not reconnect`);
      }
      assertEquals(await stopTalk(now), []);
    },
  });
}
