import { assert, assertEquals } from "@std/assert";
import { ENGINES } from "../support/start_cluster.ts";
import {
  disagreements,
  lossesOf,
  reportsOf,
  stopTalk,
} from "../support/talker_room.ts";
import { WirePeer } from "../support/wire_peer.ts";
import { openStage } from "./stage.ts";

/** How far the clocks of the nodes are ahead. */
const SKEWS_MS = [0, 60_000, -60_000] as const;
const GRACE_MS = 1_500;
const PEERS = 6;

/** Both engines, instead of one: neither has a clock that counts. */
const WHOLE = Deno.args.includes("--whole");

for (const [index, kind] of ENGINES.entries()) {
  Deno.test({
    name:
      `three nodes on ${kind.name} are one server when one clock is a minute ahead and one a minute behind`,
    ignore: kind.missing || !WHOLE && index > 0,
    async fn(t) {
      await using stage = await openStage(kind, {
        env: {
          LIMITS: `graceMs=${GRACE_MS}`,
          ICE_SERVERS: "",
          TURN_URLS: "turn:127.0.0.1:3478",
          TURN_SECRET: "a secret of coturn",
          TURN_TTL: "60",
        },
        node: (index) => ({ skewMs: SKEWS_MS[index] ?? 0 }),
      });
      const { cluster, balancer } = stage;
      const urls = cluster.nodes.map(({ url }) => url);

      await t.step("which shows in their logs", () => {
        for (const [index, { records }] of cluster.nodes.entries()) {
          const aheadMs = Date.parse(records[0]?.time ?? "") - Date.now();
          const expectedMs = SKEWS_MS[index] ?? 0;
          assert(Math.abs(aheadMs - expectedMs) < 20_000, `${aheadMs} ms`);
        }
      });

      await t.step("in roles, meshes and moves", async () => {
        const talkers = await stage.talkers(PEERS);
        assertEquals(disagreements(await reportsOf(talkers)), []);
        // Each goes on at the node after its own.
        for (const index of cluster.nodes.keys()) balancer.cut(index);
        for (const talker of talkers) {
          await talker.until({ moved: true, withinMs: 10_000 });
        }
        const reports = await reportsOf(talkers);
        assertEquals(disagreements(reports), []);
        assertEquals(lossesOf(reports), []);
        assertEquals(await stopTalk(talkers), []);
      });

      await t.step(
        "in resuming",
        async () => {
          const room = "resumed";
          await using witness = await WirePeer.join(urls[0] ?? "", {
            room,
            id: "witness",
          });
          let holder = await WirePeer.join(urls[1] ?? "", { room, id: "id" });
          await witness.hears("id", "join");
          const { joinedAt } = holder.welcome;
          for (const url of [urls[2], urls[0], urls[1], urls[0]]) {
            await holder.settled();
            await holder.drop();
            const { resume } = holder.welcome;
            holder = await WirePeer.join(url ?? "", { room, id: "id", resume });
            assertEquals(
              [holder.welcome.session, holder.welcome.joinedAt],
              ["resumed", joinedAt],
            );
          }
          await holder[Symbol.asyncDispose]();
          await witness.hears("id", "leave goodbye");
          // It moves while it is away, or before anybody has noticed that.
          const story = witness.of("id").filter((word) =>
            !/^(away|back)$/.test(word)
          );
          assertEquals(story, ["join", "leave goodbye"]);
        },
      );

      await t.step("in the time that a lost peer has", async () => {
        for (const [index, url] of urls.entries()) {
          const room = `lost ${index}`;
          await using witness = await WirePeer.join(
            urls[(index + 1) % urls.length] ?? "",
            { room, id: "witness" },
          );
          const peer = await WirePeer.join(url, { room, id: "id" });
          await peer.settled();
          await witness.hears("id", "join");
          const startedAt = performance.now();
          await peer.drop();
          await witness.hears("id", "leave lost");
          const tookMs = performance.now() - startedAt;
          // Nowhere near a minute.
          const isIt = tookMs > GRACE_MS - 100 && tookMs < 20_000;
          assert(isIt, `left after ${tookMs} ms`);
        }
      });

      await t.step("in TURN credentials", async () => {
        for (const [index, url] of urls.entries()) {
          await using peer = await WirePeer.join(url, {
            room: "turn",
            id: "id",
          });
          const { turn, iceServers, iceExpiresAt } = peer.welcome;
          assertEquals(turn, "ready");
          assert(iceServers.some(({ credential }) => credential));
          // By the clock of its node; no client looks at it.
          const lifeMs = (iceExpiresAt ?? 0) - Date.now() -
            (SKEWS_MS[index] ?? 0);
          assert(lifeMs > 20_000 && lifeMs <= 61_000, `${lifeMs} ms`);
        }
      });
    },
  });
}
