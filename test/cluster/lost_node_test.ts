import { assert, assertEquals } from "@std/assert";
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

/** Both engines, instead of one. */
const WHOLE = Deno.args.includes("--whole");

/** Pages that are there before; two at each node. */
const PEERS = 6;
/** One of those at each node is of Firefox. */
const BROWSERS = [
  "chrome",
  "chrome",
  "chrome",
  "firefox",
  "firefox",
  "firefox",
] as const;

/** How a node goes, and how its peers go on. */
interface Going {
  readonly name: string;
  /** The node that goes. */
  readonly index: number;
  /** Lets it go. */
  go(cluster: Cluster, index: number): Promise<void>;
  /** What a session can go on as at another node. */
  readonly sessions: readonly string[];
  /** What others hear of it; a second `join` is of the same membership, so that they say again what it has not got. */
  readonly story: readonly string[];
}

const GOINGS: readonly Going[] = [
  {
    name: "that drains",
    index: 1,
    async go(cluster, index) {
      assertEquals(await nodeOf(cluster, index).stop(), 0);
    },
    sessions: ["resumed"],
    story: ["join"],
  },
  {
    name: "that is killed",
    index: 2,
    go: (cluster, index) => nodeOf(cluster, index).kill(),
    sessions: ["restored"],
    story: ["join", "join"],
  },
];

for (const kind of ENGINES) {
  Deno.test({
    name: `three nodes on ${kind.name} lose no peer, no channel and no message`,
    ignore: kind.missing || kind.name !== "Redis" && !WHOLE,
    async fn(t) {
      await using stage = await openStage(kind, { browsers: BROWSERS });
      const talkers = await stage.talkers(PEERS);
      for (const going of GOINGS) {
        await t.step(
          `to a node ${going.name}`,
          () => lose(going, stage, talkers),
        );
      }
      assertEquals(await stopTalk(talkers), []);
    },
  });
}

async function lose(
  going: Going,
  { cluster, balancer, join }: Stage,
  talkers: readonly FarTalker[],
): Promise<void> {
  const { index, sessions, story } = going;
  await Promise.all(talkers.map((talker) => talker.forget()));
  const before = identitiesOf(await reportsOf(talkers));
  // Beside the clients, one that shows what the wire says.
  const room = `beside ${going.name}`;
  const [near, far] = [index, (index + 1) % cluster.nodes.length]
    .map((index) => nodeOf(cluster, index));
  assert(near && far);
  await using witness = await WirePeer.join(far.url, { room, id: "witness" });
  const wire = await WirePeer.join(near.url, { room, id: "wire" });
  wire.publish("kept");
  await wire.settled();
  await witness.hears("wire", "presence kept");

  const here = balancer.count(index);
  assert(here > 0, "nobody is at the node that goes");
  const gone = going.go(cluster, index);
  // Somebody who comes before anybody can know.
  const early = await join(`early-${index}`, index + 1);
  await wire.until("a drain, or the end", () => wire.leaving);
  await wire.drop();
  const back = await WirePeer.join(far.url, {
    room,
    id: "wire",
    resume: wire.welcome.resume,
  });
  assert(sessions.includes(back.welcome.session), back.welcome.session);
  assertEquals(back.welcome.joinedAt, wire.welcome.joinedAt);
  await gone;
  await back.settled();
  const heard = witness.of("wire");
  assertEquals(heard.filter((word) => /^(join|leave)/.test(word)), story);
  await back[Symbol.asyncDispose]();

  const now = [...talkers, early];
  await early.talk();
  await untilMeshed(now);
  await untilHeardAnew(now);
  const reports = await reportsOf(now);
  assertEquals(disagreements(reports), []);
  const stayed = reports.filter(({ id }) => id !== early.id);
  const identities = identitiesOf(
    stayed.map((report) => ({
      ...report,
      peers: report.peers.filter(({ id }) => id !== early.id),
    })),
  );
  assertEquals(identities, before);
  assertEquals(lossesOf(reports), []);
  const moved = stayed.filter(({ states }) => states.length > 0);
  assertEquals(moved.length, here, "only who was there moves");
  for (const { id, states } of moved) {
    assertEquals([states[0], states.at(-1)], ["away", "joined"], id);
  }
  // The node comes again, and knows everybody.
  await nodeOf(cluster, index).restart();
  const late = await join(`late-${index}`, index);
  assertEquals(balancer.count(index), 1);
  await late.talk();
  await untilMeshed([...now, late]);
  assertEquals(disagreements(await reportsOf([...now, late])), []);
  for (const guest of [early, late]) await guest.hush();
  for (const guest of [early, late]) await guest.close();
  await untilMeshed(talkers);
}
