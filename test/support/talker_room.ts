import type { FarTalker } from "./far_talker.ts";
import type { TalkerReport } from "./talker.ts";

/** How long a room may take until everybody is connected with everybody. */
const MESH_MS = 30_000;
/** How long messages may take. */
const HEARD_MS = 15_000;

/** Events that tell of something lost. */
const LOSSES = [
  "leave",
  "peer-disconnect",
  "channel-close",
  "undelivered",
  "unsent",
];

/** What all talkers have seen and said. */
export function reportsOf(
  talkers: readonly FarTalker[],
): Promise<TalkerReport[]> {
  return Promise.all(talkers.map((talker) => talker.report()));
}

/** Resolves when each is connected with all others of the room, nobody else is there, and each sees what the others publish. */
export async function untilMeshed(
  talkers: readonly FarTalker[],
  withinMs: number = MESH_MS,
): Promise<void> {
  const all = (await reportsOf(talkers))
    .map(({ id, presence }) => [id, presence] as const);
  await untilAll(talkers, (talker) =>
    talker.until({
      peers: all.filter(([id]) => id !== talker.id),
      withinMs,
    }));
}

/** Resolves when each has heard something from each other one that was said after this call. */
export async function untilHeardAnew(
  talkers: readonly FarTalker[],
  withinMs: number = HEARD_MS,
): Promise<void> {
  await untilHeard(talkers, 1, withinMs);
}

/** Ends the talk. Answers with what did not arrive once and in order, and with what else must not have happened. */
export async function stopTalk(
  talkers: readonly FarTalker[],
): Promise<string[]> {
  await Promise.all(talkers.map((talker) => talker.hush()));
  await untilHeard(talkers, 0, HEARD_MS);
  const reports = await reportsOf(talkers);
  const wrong = reports.flatMap(({ wrong }) => wrong);
  for (const { id, sent } of reports) {
    for (const [to, count] of sent) {
      const other = reports.find(({ id }) => id === to);
      const heard = new Map(other?.heard).get(id) ?? 0;
      if (other && heard !== count) {
        wrong.push(`${to} heard ${heard} of the ${count} that ${id} said`);
      }
    }
  }
  return wrong;
}

/**
 * How what the talkers of a room see does not fit together: who is there, when
 * each joined, what it publishes, and who yields to whom.
 */
export function disagreements(reports: readonly TalkerReport[]): string[] {
  const found: string[] = [];
  const joined = new Map<string, number>();
  for (const { id, peers } of reports) {
    const others = reports.filter((other) => other.id !== id);
    const here = peers.map(({ id }) => id).join();
    const there = others.map(({ id }) => id).sort().join();
    if (here !== there) found.push(`${id} sees ${here} instead of ${there}`);
    for (const peer of peers) {
      const other = others.find(({ id }) => id === peer.id);
      if (!other) continue;
      const joinedAt = joined.get(peer.id) ?? peer.joinedAt;
      joined.set(peer.id, joinedAt);
      if (peer.joinedAt !== joinedAt) {
        found.push(`${peer.id} joined at ${joinedAt} and ${peer.joinedAt}`);
      }
      const published = JSON.stringify(other.presence);
      const presence = JSON.stringify(peer.presence);
      if (presence !== published) {
        found.push(`${id} sees ${presence} of ${peer.id}, not ${published}`);
      }
      const back = other.peers.find((peer) => peer.id === id);
      if (back?.polite === peer.polite) {
        found.push(
          `${id} and ${peer.id} are both ${peer.polite ? "" : "im"}polite`,
        );
      }
      if (peer.away) found.push(`${id} sees ${peer.id} away`);
    }
  }
  return found;
}

/** Who is who: what no fault may change of the peers that a talker sees. */
export function identitiesOf(
  reports: readonly TalkerReport[],
): readonly (readonly unknown[])[] {
  return reports.map(({ id, polite, peers }) => [
    id,
    polite,
    ...peers.map(({ id, joinedAt, polite }) => `${id} ${joinedAt} ${polite}`),
  ]);
}

/** What reports tell of peers, pairs, channels and messages that were lost, beside those that are said to have left. */
export function lossesOf(
  reports: readonly TalkerReport[],
  left: readonly string[] = [],
): string[] {
  return reports.flatMap(({ id, events }) =>
    events.filter((event) => {
      const [what = "", peer = ""] = event.split(" ");
      return LOSSES.includes(what) && !left.includes(peer);
    }).map((event) => `${id}: ${event}`)
  );
}

async function untilHeard(
  talkers: readonly FarTalker[],
  more: number,
  withinMs: number,
): Promise<void> {
  const reports = await reportsOf(talkers);
  await untilAll(talkers, ({ id, until }) =>
    until({
      heard: reports.flatMap(({ id: from, sent }) => {
        const count = new Map(sent).get(id);
        return count === undefined ? [] : [[from, count + more] as const];
      }),
      withinMs,
    }));
}

/** Waits for all, and tells of all that came to nothing. */
async function untilAll(
  talkers: readonly FarTalker[],
  until: (talker: FarTalker) => Promise<void>,
): Promise<void> {
  const settled = await Promise.allSettled(talkers.map(until));
  const failed = settled.flatMap((result) =>
    result.status === "rejected" ? [String(result.reason)] : []
  );
  if (failed.length > 0) throw new Error(failed.join("\n"));
}
