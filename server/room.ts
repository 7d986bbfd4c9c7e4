import type {
  LeaveReason,
  Member,
  RefusalCode,
  ServerMessage,
} from "../protocol.ts";

/** Somebody who holds a seat in a room. */
export interface Occupant {
  /** Public name, unique in the room. */
  readonly id: string;
  /** Takes one encoded {@linkcode ServerMessage}. Must not throw; may leave the room from within. */
  deliver(frame: string): void;
  /** The same for what can be refused: `false` when much waits unread already. */
  offer(frame: string): boolean;
}

/** A claimed seat keeps the id; its occupant neither hears nor is seen until it has joined. */
type Seat =
  | { readonly state: "claimed"; readonly occupant: Occupant }
  | {
    readonly state: "joined";
    readonly occupant: Occupant;
    readonly joinedAt: number;
    presence: string | null;
  };

/**
 * One named group of peers: who is in it, what they publish, and who hears what.
 * Plain data: no clock, no socket. A peer claims a seat, joins, and leaves.
 */
export class Room {
  readonly #maxPeers: number;
  // Peers choose their ids: keys of a Map, never of an object.
  readonly #seats = new Map<string, Seat>();
  #lastJoinedAt = 0;

  /** An empty room for at most `maxPeers`. */
  constructor(maxPeers: number) {
    this.#maxPeers = maxPeers;
  }

  /** How many seats are claimed or joined. */
  get size(): number {
    return this.#seats.size;
  }

  /** Why nobody can claim a seat under `id` (or any) now; `undefined` if somebody can. */
  refusal(id: string | undefined): RefusalCode | undefined {
    if (id !== undefined && this.#seats.has(id)) return "id-taken";
    if (this.#seats.size >= this.#maxPeers) return "room-full";
  }

  /** Takes a seat under the id of `occupant`. Ask {@linkcode refusal} first. */
  claim(occupant: Occupant): void {
    this.#seats.set(occupant.id, { state: "claimed", occupant });
  }

  /**
   * Lets `occupant` in at the time `now` and tells the others. Returns what the
   * newcomer must know, or `undefined` if it holds no claimed seat.
   */
  join(
    occupant: Occupant,
    now: number,
  ): { joinedAt: number; peers: Member[] } | undefined {
    const seat = this.#seats.get(occupant.id);
    if (seat?.occupant !== occupant || seat.state !== "claimed") return;
    // The newcomer is always the younger one, in the same millisecond too and when the clock goes back.
    const joinedAt = this.#lastJoinedAt = Math.max(now, this.#lastJoinedAt + 1);
    const { id } = occupant;
    const peer: Member = { id, joinedAt, presence: null, away: false };
    // While the newcomer hears nothing yet: who is dropped by this is in nobody's list.
    this.#tellOthers(id, { type: "join", peer });
    const peers: Member[] = [];
    for (const [id, other] of this.#seats) {
      if (other.state !== "joined") continue;
      const { joinedAt, presence } = other;
      peers.push({ id, joinedAt, presence, away: false });
    }
    this.#seats.set(id, {
      state: "joined",
      occupant,
      joinedAt,
      presence: null,
    });
    return { joinedAt, peers };
  }

  /** Frees the seat of `occupant` and tells the others, if they knew it. Leaving twice is fine. */
  leave(occupant: Occupant, reason: LeaveReason): void {
    const { id } = occupant;
    const seat = this.#seats.get(id);
    // A late close of an old socket must not evict whoever holds the id now.
    if (seat?.occupant !== occupant) return;
    this.#seats.delete(id);
    if (seat.state === "joined") {
      this.#tellOthers(id, { type: "leave", id, reason });
    }
  }

  /** Frees every seat and tells nobody: the server stops, and those who are connected stay so. */
  dissolve(): void {
    this.#seats.clear();
  }

  /** Sets the presence of a joined occupant and tells the others. */
  publish(occupant: Occupant, presence: string | null): void {
    const { id } = occupant;
    const seat = this.#seats.get(id);
    if (seat?.occupant !== occupant || seat.state !== "joined") return;
    seat.presence = presence;
    this.#tellOthers(id, { type: "presence", id, presence });
  }

  /** Hands an encoded message to the peer `to` alone; says why if it cannot. */
  tell(to: string, frame: string): "unknown-peer" | "peer-busy" | undefined {
    const seat = this.#seats.get(to);
    if (seat?.state !== "joined") return "unknown-peer";
    // Nobody may push another out by what he sends to him alone.
    if (!seat.occupant.offer(frame)) return "peer-busy";
  }

  #tellOthers(id: string, message: ServerMessage): void {
    const frame = encode(message);
    for (const [other, seat] of this.#seats) {
      if (other !== id && seat.state === "joined") seat.occupant.deliver(frame);
    }
  }
}

/** Writes a message as the text of one frame. */
export function encode(message: ServerMessage): string {
  return JSON.stringify(message);
}
