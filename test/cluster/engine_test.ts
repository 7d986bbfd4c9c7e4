import { assert, assertEquals } from "@std/assert";
import type { Engine } from "../support/engine.ts";
import type { FarTalker } from "../support/far_talker.ts";
import { type Cluster, ENGINES, nodeOf } from "../support/start_cluster.ts";
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
import { openStage, type Stage } from "./stage.ts";

/** Pages that are there before, one at each node. */
const PEERS = 3;
/** How soon nodes must know that the engine is down; they have three seconds, and need one to say so. */
const KNOWN_MS = 4_000;

/** What happens to the engine. */
interface Outage {
  readonly name: string;
  begin(engine: Engine): Promise<void> | void;
  end(engine: Engine): Promise<void> | void;
}

const OUTAGES: readonly Outage[] = [
  {
    name: "killed, and comes again without anything that it knew",
    begin: (engine) => engine.kill(),
    end: (engine) => engine.restart(),
  },
  {
    name: "frozen, and goes on where it was",
    begin: (engine) => engine.pause(),
    end: (engine) => engine.resume(),
  },
];

for (const kind of ENGINES) {
  Deno.test({
    name: `three nodes go on when ${kind.name} is`,
    ignore: kind.missing,
    async fn(t) {
      await using stage = await openStage(kind);
      const talkers = await stage.talkers(PEERS);
      for (const outage of OUTAGES) {
        await t.step(outage.name, () => suffer(outage, stage, talkers));
      }
      assertEquals(await stopTalk(talkers), []);
    },
  });
}

async function suffer(
  outage: Outage,
  stage: Stage,
  talkers: readonly FarTalker[],
): Promise<void> {
  const { cluster, join } = stage;
  const { engine, nodes } = cluster;
  await Promise.all(talkers.map((talker) => talker.forget()));
  const before = identitiesOf(await reportsOf(talkers));
  const [first, second] = [0, 1].map((index) => nodeOf(cluster, index).url);
  assert(first && second);
  const room = `beside one that is ${outage.name}`;
  // Two pairs: one at the same node, one across.
  await using near = await WirePeer.join(first, { room, id: "near" });
  await using same = await WirePeer.join(first, { room, id: "same" });
  await using far = await WirePeer.join(second, { room, id: "far" });
  const leaver = await WirePeer.join(second, { room, id: "leaver" });
  await near.hears("leaver", "join");
  await near.hears("far", "join");

  const marks = nodes.map(({ records }) => records.length);
  const down = cluster.recorded("engine-down", KNOWN_MS);
  await outage.begin(engine);
  near.signal("same", "during");
  await same.until(
    "a signal of its own node",
    () => same.signalsOf("near").includes("during"),
    1_000,
  );
  await down;
  await assertDegraded(cluster);
  // Somebody comes, and sees who was there; somebody goes; somebody publishes.
  await using comer = await WirePeer.join(first, { room, id: "comer" });
  assertEquals(
    comer.welcome.peers.map(({ id }) => id).sort(),
    ["far", "leaver", "near", "same"],
  );
  await same.hears("comer", "join");
  await leaver[Symbol.asyncDispose]();
  await far.hears("leaver", "leave goodbye");
  near.publish("during");
  await same.hears("near", "presence during");
  const late = await join(`late-${marks}`, 2);
  const reports = await reportsOf([late]);
  assertEquals(
    reports[0]?.peers.map(({ id }) => id),
    talkers.map(({ id }) => id),
  );
  await untilHeardAnew(talkers);

  const up = cluster.recorded("engine-up");
  await outage.end(engine);
  await up;
  for (const node of nodes) {
    await node.ready();
    const { fields } = await node.get("/health");
    assertEquals(fields.status, "ok");
  }
  await far.hears("comer", "join");
  await far.hears("near", "presence during");
  await near.hears("leaver", "leave goodbye");
  near.signal("far", "after");
  far.signal("near", "after");
  for (const [peer, other] of [[near, "far"], [far, "near"]] as const) {
    await peer.until(
      "a signal across",
      () => peer.signalsOf(other).includes("after"),
    );
    assertEquals(
      peer.heard.filter(({ type }) => type === "drain" || type === "away"),
      [],
    );
  }
  const now = [...talkers, late];
  await late.talk();
  await untilMeshed(now);
  await untilHeardAnew(now);
  const after = await reportsOf(now);
  assertEquals(disagreements(after), []);
  assertEquals(lossesOf(after), []);
  const stayed = after.slice(0, -1).map((report) => ({
    ...report,
    peers: report.peers.filter(({ id }) => id !== late.id),
  }));
  assertEquals(identitiesOf(stayed), before);
  for (const { id, states, sockets, events } of stayed) {
    assertEquals([states, sockets], [[], 0], `${id} must not reconnect`);
    assertEquals(events.filter((event) => event.startsWith("away")), [], id);
  }
  for (const [index, { records }] of nodes.entries()) {
    const events = records.slice(marks[index])
      .flatMap(({ event }) => event.startsWith("engine-") ? event : []);
    // It may have more to say of why it is down.
    assertEquals(
      [...new Set(events), events.indexOf("engine-up")],
      ["engine-down", "engine-up", events.length - 1],
      `node ${index}`,
    );
  }
  await late.hush();
  await late.close();
  await untilMeshed(talkers);
}

/** Asserts that all nodes say what is the matter. */
async function assertDegraded({ nodes }: Cluster): Promise<void> {
  for (const node of nodes) {
    const health = await node.get("/health");
    assertEquals([health.status, health.fields.status], [200, "degraded"]);
    const { status, code } = await node.get("/ready");
    assertEquals([status, code], [503, "engine-down"]);
  }
}
