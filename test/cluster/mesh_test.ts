import { assertEquals } from "@std/assert";
import type { FarTalker } from "../support/far_talker.ts";
import { startHeadlessTalkers } from "../support/headless_talkers.ts";
import { ENGINES } from "../support/start_cluster.ts";
import {
  disagreements,
  lossesOf,
  reportsOf,
  stopTalk,
  untilHeardAnew,
  untilMeshed,
} from "../support/talker_room.ts";
import { openStage } from "./stage.ts";

/** All 24 peers on each engine, instead of 12 on the first. */
const WHOLE = Deno.args.includes("--whole");

/** Peers of each room; two of them at each node. */
const PEERS = 6;
/** Those of them that are pages; the others are in Deno. */
const PAGES = 4;
/** Three of them are of Chromium. */
const BROWSERS = ["chrome", "chrome", "chrome", "firefox"] as const;

for (const [index, kind] of ENGINES.entries()) {
  const rooms = WHOLE ? 4 : 2;
  Deno.test({
    name: `Connection of ${
      rooms * PEERS
    } peers is in full meshes of ${PEERS} across three nodes on ${kind.name}`,
    ignore: kind.missing || !WHOLE && index > 0,
    async fn() {
      await using stack = new AsyncDisposableStack();
      const stage = stack.use(await openStage(kind, { browsers: BROWSERS }));
      const { cluster, balancer } = stage;
      const headless = stack.use(startHeadlessTalkers());

      async function join(room: string, index: number): Promise<FarTalker> {
        const id = `${room}-${index}`;
        if (index < PAGES) return await stage.join(id, index, room);
        return await headless.join({ host: balancer.door(index), room, id });
      }

      const meshes = await Promise.all(
        Array.from(
          { length: rooms },
          (_, room) =>
            Promise.all(
              Array.from(
                { length: PEERS },
                (_, index) => join(`room-${room}`, index),
              ),
            ),
        ),
      );
      assertEquals(
        [...cluster.nodes.keys()].map(balancer.count),
        cluster.nodes.map(() => rooms * PEERS / cluster.nodes.length),
      );
      // What was published on joining.
      await Promise.all(meshes.map((mesh) => untilMeshed(mesh)));
      const all = meshes.flat();
      await Promise.all(all.map((talker) => talker.talk()));
      await Promise.all(meshes.map((mesh) => untilHeardAnew(mesh)));
      // What is published later.
      await Promise.all(all.map((talker) => talker.publish({ at: talker.id })));
      await Promise.all(meshes.map((mesh) => untilMeshed(mesh)));
      for (const mesh of meshes) {
        assertEquals(await stopTalk(mesh), []);
        const reports = await reportsOf(mesh);
        assertEquals(disagreements(reports), []);
        assertEquals(lossesOf(reports), []);
        for (const { id, connections, polite } of reports) {
          const others = mesh.flatMap((other) =>
            other.id === id ? [] : other.id
          );
          assertEquals(connections, others.sort(), id);
          // Rooms were empty for one of them at most; joining at once, for several.
          assertEquals(typeof polite, "boolean");
        }
      }
    },
  });
}
