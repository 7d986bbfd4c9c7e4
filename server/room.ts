import type {
  Away,
  Back,
  Join,
  Leave,
  LeaveReason,
  Member,
  Presence,
  ServerMessage,
} from "../protocol.ts";

/** Somebody who holds a seat in a room. */
export interface Occupant {
  /** Public name, unique in the room. */
  readonly id: string;
  /** Name of the node that speaks for it, if that is another one. */
  readonly node?: string | undefined;
  /** Takes one encoded {@linkcode ServerMessage} about the room. Must not throw; may leave the room from within. */
  deliver(frame: string): void;
  /** Takes one encoded signal; `false` when much waits already. */
  offer(frame: string): boolean;
}

/** What is told of a room: who came, went, or published what. */
export type RoomEvent = Join | Leave | Away | Back | Presence;

/** A claimed seat keeps the id; its occupant neither hears nor is seen until it has joined. */
type Seat<O> =
  | { readonly state: "claimed"; readonly occupant: O }
  | {
    readonly state: "joined";
    occupant: O;
    readonly joinedAt: number;
    /** `undefined` where the peer has published before, elsewhere, and not yet here. */
    presence: string | null | undefined;
    away: boolean;
  };

/**
 * One named group of peers: who is in it, what they publish, and who hears what.
 * Plain data: no clock, no socket. A peer claims a seat, joins, may be away and
 * back, and leaves. Peers of other nodes have seats like all others; each node
 * tells the others of its own.
 */
export class Room<O extends Occupant = Occupant> {
  readonly #maxPeers: number;
  readonly #tellNodes: (event: RoomEvent, anew: boolean) => void;
  // Peers choose their ids: keys of a Map, never of an object.
  readonly #seats = new Map<string, Seat<O>>();
  #lastJoinedAt = 0;
  #silent = false;

  /** An empty room for at most `maxPeers`; `tellNodes` hears what happens to those who are here. */
  constructor(
    maxPeers: number,
    tellNodes: (event: RoomEvent, anew: boolean) => void = () => {},
  ) {
    this.#maxPeers = maxPeers;
    this.#tellNodes = tellNodes;
  }

  /** How many seats are claimed or joined. */
  get size(): number {
    return this.#seats.size;
  }

  /** Whether nobody is here: those of other nodes do not count. */
  get deserted(): boolean {
    for (const { occupant } of this.#seats.values()) {
      if (occupant.node === undefined) return false;
    }
    return true;
  }

  /** Whether every seat is taken. */
  get full(): boolean {
    return this.#seats.size >= this.#maxPeers;
  }

  /** Who holds the seat under `id`. */
  occupant(id: string): O | undefined {
    return this.#seats.get(id)?.occupant;
  }

  /** Somebody who has joined, as the others see it. */
  member(id: string): Member | undefined {
    const seat = this.#seats.get(id);
    return seat?.state === "joined" ? memberOf(id, seat) : undefined;
  }

  /** Who holds the seats, claimed or joined. */
  get occupants(): O[] {
    return [...this.#seats.values()].map(({ occupant }) => occupant);
  }

  /** Everybody who has joined, but for `id`. */
  others(id: string): Member[] {
    const others: Member[] = [];
    for (const [other, seat] of this.#seats) {
      if (other === id || seat.state !== "joined") continue;
      others.push(memberOf(other, seat));
    }
    return others;
  }

  /** Takes a seat under the id of `occupant`, which must be free. */
  claim(occupant: O): void {
    this.#seats.set(occupant.id, { state: "claimed", occupant });
  }

  /**
   * Lets an occupant in that has claimed a seat, at the time `now`, and tells
   * the others. Returns when it has joined: then, or at the time `restored` at
   * which another server let it in.
   */
  join(occupant: O, now: number, restored?: number): number {
    // A newcomer is always the youngest, in the same millisecond too and when the clock goes back.
    const joinedAt = restored ?? Math.max(now, this.#lastJoinedAt + 1);
    this.#lastJoinedAt = Math.max(joinedAt, this.#lastJoinedAt);
    const { id } = occupant;
    const seat: Seat<O> & { state: "joined" } = {
      state: "joined",
      occupant,
      joinedAt,
      presence: restored === undefined ? null : undefined,
      away: false,
    };
    // While the newcomer hears nothing yet: who is dropped by this is in nobody's list.
    const join = { type: "join", peer: memberOf(id, seat) } as const;
    // What was signaled to it there, by peers of other nodes, may be lost.
    this.#tell(occupant, join, restored !== undefined);
    this.#seats.set(id, seat);
    return joinedAt;
  }

  /**
   * Seats somebody who has joined elsewhere, as it was there; a membership that
   * is known goes on with another occupant. The others are told what is news to
   * them, and with `anew` in any case: what they have signaled may be lost.
   */
  place(
    occupant: O,
    { id, joinedAt, presence, away }: Member,
    anew = false,
  ): void {
    this.#lastJoinedAt = Math.max(joinedAt, this.#lastJoinedAt);
    const known = this.#seats.get(id);
    if (known?.state === "joined" && known.joinedAt === joinedAt) {
      known.occupant = occupant;
      const join = { type: "join", peer: memberOf(id, known) } as const;
      if (anew) this.#tell(occupant, join, anew);
      else if (occupant.node === undefined) this.#tellNodes(join, anew);
      if (presence !== undefined) this.publish(occupant, presence);
      this.#mark(occupant, away);
      return;
    }
    if (known) this.leave(known.occupant, "lost");
    const seat = {
      state: "joined",
      occupant,
      joinedAt,
      presence,
      away,
    } as const;
    this.#tell(occupant, { type: "join", peer: memberOf(id, seat) });
    this.#seats.set(id, { ...seat });
  }

  /** Marks an occupant as away and tells the others; `false` if it was already. */
  away(occupant: O): boolean {
    return this.#mark(occupant, true);
  }

  /** Marks an occupant as back and tells the others; `false` if it was not away. */
  back(occupant: O): boolean {
    return this.#mark(occupant, false);
  }

  /** Frees the seat of `occupant` and tells the others, if they knew it. Leaving twice is fine. */
  leave(occupant: O, reason: LeaveReason): void {
    const { id } = occupant;
    const seat = this.#seats.get(id);
    // Whoever holds the id now is another.
    if (seat?.occupant !== occupant) return;
    this.#seats.delete(id);
    if (seat.state === "joined") {
      this.#tell(occupant, { type: "leave", id, reason });
    }
  }

  /** From now on nobody here is told of anybody: the server stops, and those who are connected stay so. Signals go on. */
  silence(): void {
    this.#silent = true;
  }

  /** Sets the presence of a joined occupant and tells the others, if it is news. */
  publish(occupant: O, presence: string | null): void {
    const seat = this.#joined(occupant);
    if (!seat || seat.presence === presence) return;
    seat.presence = presence;
    const { id } = occupant;
    this.#tell(occupant, { type: "presence", id, presence });
  }

  /** Hands an encoded message to the peer `to` alone; says why if it cannot. */
  tell(to: string, frame: string): "unknown-peer" | "peer-busy" | undefined {
    const seat = this.#seats.get(to);
    if (seat?.state !== "joined") return "unknown-peer";
    // Nobody may push another out by what he sends to him alone.
    if (!seat.occupant.offer(frame)) return "peer-busy";
  }

  #joined(occupant: O): Seat<O> & { state: "joined" } | undefined {
    const seat = this.#seats.get(occupant.id);
    return seat?.occupant === occupant && seat.state === "joined"
      ? seat
      : undefined;
  }

  #mark(occupant: O, away: boolean): boolean {
    const seat = this.#joined(occupant);
    if (!seat || seat.away === away) return false;
    seat.away = away;
    const { id } = occupant;
    this.#tell(occupant, { type: away ? "away" : "back", id });
    return true;
  }

  #tell({ id, node }: O, event: RoomEvent, anew = false): void {
    if (this.#silent) return;
    if (node === undefined) this.#tellNodes(event, anew);
    const frame = encode(event);
    for (const [other, seat] of this.#seats) {
      if (other !== id && seat.state === "joined") seat.occupant.deliver(frame);
    }
  }
}

function memberOf(
  id: string,
  { joinedAt, presence, away }: Seat<unknown> & { state: "joined" },
): Member {
  return { id, joinedAt, ...(presence !== undefined && { presence }), away };
}

/** Writes a message as the text of one frame. */
export function encode(message: ServerMessage): string {
  return JSON.stringify(message);
}
