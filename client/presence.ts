import type { Away, Back, Join, Leave, Member, Presence } from "../protocol.ts";
import { readJson } from "./read_json.ts";

/** The members of a room after a change, and what changed. */
export interface RosterChange {
  /** Everybody in the room now, but for oneself. */
  readonly members: ReadonlyMap<string, Member>;
  /** Who is new. */
  readonly joined: readonly Member[];
  /** Who is gone. */
  readonly left: readonly Member[];
  /** Whose presence differs, those who are new and have one included. */
  readonly published: readonly Member[];
  /** Who went away or came back, those who are new and away included. */
  readonly turned: readonly Member[];
}

/** Presence as a whole: what differs between the members known before and those of a welcome. */
export function applySnapshot(
  before: ReadonlyMap<string, Member>,
  snapshot: readonly Member[],
): RosterChange {
  const members = new Map(snapshot.map((member) => [member.id, member]));
  const joined: Member[] = [];
  const published: Member[] = [];
  const turned: Member[] = [];
  for (const member of snapshot) {
    const known = sameMembership(before, member);
    if (!known) joined.push(member);
    if (member.presence !== (known?.presence ?? null)) published.push(member);
    if (member.away !== (known?.away ?? false)) turned.push(member);
  }
  const left = [...before.values()].filter((member) =>
    !sameMembership(members, member)
  );
  return { members, joined, left, published, turned };
}

/** A member as another list has it. Who came back under the same id is another membership: the old one has left. */
function sameMembership(
  members: ReadonlyMap<string, Member>,
  { id, joinedAt }: Member,
): Member | undefined {
  const known = members.get(id);
  return known?.joinedAt === joinedAt ? known : undefined;
}

/**
 * The members of a welcome by a server that was restarted: it has only begun to
 * learn of them. Those who are `awaited`, and are known from before the restart
 * alone, are kept; and so is what others published.
 */
export function restoreSnapshot(
  before: ReadonlyMap<string, Member>,
  snapshot: readonly Member[],
  awaited: readonly Member[],
): Member[] {
  const there = new Set(snapshot.map(({ id }) => id));
  return [
    ...snapshot.map((member) => keepPresence(before, member)),
    ...awaited.filter((member) =>
      !there.has(member.id) && before.get(member.id) === member
    ),
  ];
}

/** A member as it is known: a server that was restarted does not know what it published. */
function keepPresence(
  before: ReadonlyMap<string, Member>,
  member: Member,
): Member {
  const { presence = null } = sameMembership(before, member) ?? {};
  return { ...member, presence: member.presence ?? presence };
}

/** Presence as it changes. A diff about somebody unknown, or one that says nothing new, changes nothing. */
export function applyDiff(
  before: ReadonlyMap<string, Member>,
  diff: Join | Leave | Away | Back | Presence,
): RosterChange {
  const members = new Map(before);
  switch (diff.type) {
    case "join":
      members.set(diff.peer.id, keepPresence(before, diff.peer));
      break;
    case "leave":
      members.delete(diff.id);
      break;
    case "away":
    case "back":
    case "presence": {
      const known = before.get(diff.id);
      if (!known) break;
      const change = diff.type === "presence"
        ? { presence: diff.presence }
        : { away: diff.type === "away" };
      members.set(diff.id, { ...known, ...change });
      break;
    }
    default:
      diff satisfies never;
  }
  return applySnapshot(before, [...members.values()]);
}

/**
 * Writes a presence as the opaque text of the wire.
 *
 * @throws {TypeError} If it is no JSON value.
 */
export function encodePresence(presence: unknown): string | null {
  if (presence === null) return null;
  const encoded: string | undefined = JSON.stringify(presence);
  if (encoded === undefined) {
    throw new TypeError(
      `Cannot set presence: it must be a JSON value, got ${typeof presence}`,
    );
  }
  return encoded;
}

/** Reads a presence of the wire. A peer may publish anything; what is no JSON counts as nothing. */
export function decodePresence(presence: string | null): unknown {
  return presence === null ? null : readJson(presence) ?? null;
}
