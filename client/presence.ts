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
  /** Whose presence or `away` differs, as they are now. */
  readonly changed: readonly Member[];
}

/** Presence as a whole: what differs between the members known before and those of a welcome. */
export function applySnapshot(
  before: ReadonlyMap<string, Member>,
  snapshot: readonly Member[],
): RosterChange {
  const members = new Map(snapshot.map((member) => [member.id, member]));
  const joined: Member[] = [];
  const changed: Member[] = [];
  for (const member of snapshot) {
    const known = before.get(member.id);
    if (known?.joinedAt !== member.joinedAt) joined.push(member);
    else if (known.presence !== member.presence || known.away !== member.away) {
      changed.push(member);
    }
  }
  // Who came back under the same id is another membership: the old one has left.
  const left = [...before.values()].filter((member) =>
    members.get(member.id)?.joinedAt !== member.joinedAt
  );
  return { members, joined, left, changed };
}

/** Presence as it changes. A diff about somebody unknown, or one that says nothing new, changes nothing. */
export function applyDiff(
  before: ReadonlyMap<string, Member>,
  diff: Join | Leave | Away | Back | Presence,
): RosterChange {
  const members = new Map(before);
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
