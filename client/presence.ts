import {
  type Away,
  type Back,
  type Join,
  type Leave,
  type Member,
  type Presence,
  readJson,
} from "../protocol.ts";

/** A member as far as we know it. */
export interface KnownMember extends Member {
  readonly presence: string | null;
}

/** The members of a room, but for oneself. */
export type Roster = ReadonlyMap<string, KnownMember>;

/** The members of a room after a change, and what changed. */
export interface RosterChange {
  /** Everybody in the room now. */
  readonly members: Roster;
  /** Who is new. */
  readonly joined: readonly KnownMember[];
  /** Who is gone. */
  readonly left: readonly KnownMember[];
  /** Whose presence differs, those who are new and have one included. */
  readonly published: readonly KnownMember[];
  /** Who went away or came back, those who are new and away included. */
  readonly turned: readonly KnownMember[];
}

/** Presence as a whole: what differs between the members known before and those of a welcome. */
export function applySnapshot(
  before: Roster,
  snapshot: readonly Member[],
): RosterChange {
  const members = new Map<string, KnownMember>();
  const joined: KnownMember[] = [];
  const published: KnownMember[] = [];
  const turned: KnownMember[] = [];
  for (const told of snapshot) {
    const known = sameMembership(before, told);
    const knownPresence = known?.presence ?? null;
    const { presence = knownPresence } = told;
    // The same object where nothing is added: that tells who was told of again.
    const member = told.presence === presence
      ? told as KnownMember
      : { ...told, presence };
    members.set(member.id, member);
    if (!known) joined.push(member);
    if (presence !== knownPresence) published.push(member);
    if (member.away !== (known?.away ?? false)) turned.push(member);
  }
  const left = [...before.values()].filter((member) =>
    !sameMembership(members, member)
  );
  return { members, joined, left, published, turned };
}

/** A member as another list has it. Who came back under the same id is another membership: the old one has left. */
function sameMembership(
  members: Roster,
  { id, joinedAt }: Member,
): KnownMember | undefined {
  const known = members.get(id);
  return known?.joinedAt === joinedAt ? known : undefined;
}

/**
 * The members of a welcome and those who are `awaited`: a server that was
 * restarted has only begun to learn of them. Who was told of again, and left, is
 * awaited no longer.
 */
export function withAwaited(
  before: Roster,
  snapshot: readonly Member[],
  awaited: readonly KnownMember[],
): Member[] {
  const there = new Set(snapshot.map(({ id }) => id));
  return [
    ...snapshot,
    ...awaited.filter((member) =>
      !there.has(member.id) && before.get(member.id) === member
    ),
  ];
}

/** Presence as it changes. A diff about somebody unknown, or one that says nothing new, changes nothing. */
export function applyDiff(
  before: Roster,
  diff: Join | Leave | Away | Back | Presence,
): RosterChange {
  const members = new Map<string, Member>(before);
  switch (diff.type) {
    case "join":
      members.set(diff.peer.id, diff.peer);
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
