import type { Member, RefusalCode } from "../../protocol.ts";
import { atMost } from "../at_most.ts";
import type { Link } from "../backplane/backplane.ts";
import type { ShownToken } from "../resumption.ts";
import type { SessionState } from "../session.ts";
import { claimName, type Claims } from "./claims.ts";
import type { ClusterHost, SeatWanted } from "./cluster_host.ts";
import type { Ask, Contestant, Question, Yielded } from "./node_message.ts";
import { RemotePeer } from "./remote_peer.ts";
import { isHere, type LocalPeer, seatOf } from "./seated.ts";
import type { SharedRooms } from "./shared_rooms.ts";
import type { Timers } from "./timers.ts";

/** How long a seat is remembered that was given to another node: signals for it may still come. */
const MOVED_MS = 10_000;
/** How long a node may take to hand on what it has for a session that it gave away. */
const FENCE_MS = 1_000;
/** How often a claim is tried against others that come and go. */
const MAX_ATTEMPTS = 4;
/** Signals that wait for a session that is on its way here. */
const MAX_EARLY = 256;

/** What seats need. */
export interface SeatsOptions {
  /** Name of this node. */
  readonly own: string;
  /** Has the rooms. */
  readonly host: ClusterHost;
  /** Asks the engine. */
  readonly link: Link;
  /** What is claimed there. */
  readonly claims: Claims;
  /** Tells other nodes. */
  readonly rooms: SharedRooms;
  /** Runs until the node goes. */
  readonly timers: Timers;
  /** Whether a node is no more, or was never heard. */
  readonly isLost: (node: string) => boolean;
  /** Whether the engine answers. */
  readonly isUp: () => boolean;
  /** Asks a node; `undefined` if it does not answer. */
  readonly ask: (
    node: string,
    question: Question,
  ) => Promise<Yielded | undefined>;
}

/** A session that comes from another node. */
type Moving = Yielded & { yielded: "session" };

/** Who has which seat, of all nodes: the engine says which node, that node says whether it may be had. */
export class Seats {
  readonly #options: SeatsOptions;
  /** Seats that were given to other nodes lately, and to which. */
  readonly #moved = new Map<string, string>();
  /** Those who want the same seat, one after the other. */
  readonly #queues = new Map<string, Promise<void>>();
  /** What is to be done when a session is here that may be on its way. */
  readonly #arriving = new Map<string, (() => void)[]>();

  /** Has none. */
  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  /** See `Cluster.reserve`. */
  async reserve(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    const seat = seatOf(wanted);
    const before = this.#queues.get(seat);
    const turn = Promise.resolve(before)
      .then(() => this.#reserve(wanted, shown));
    const settled = turn.then(() => {}, () => {});
    this.#queues.set(seat, settled);
    try {
      return await turn;
    } finally {
      this.#arrive(seat);
      if (this.#queues.get(seat) === settled) this.#queues.delete(seat);
    }
  }

  /** See `Cluster.peek`. */
  async peek(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    const { own, host, link, ask } = this.#options;
    const { key, id } = wanted;
    const seated = host.rooms.get(key)?.occupant(id);
    if (isHere(seated)) return;
    let holder: string | undefined;
    try {
      holder = await link.holder(claimName(key, id));
    } catch {
      return seated && !this.#continues(wanted, shown) ? "id-taken" : undefined;
    }
    if (holder === undefined || holder === own) return;
    const answer = await ask(holder, { ...asked(wanted), peek: true });
    if (answer?.yielded === "nothing") return answer.code;
    return answer || this.#continues(wanted, shown) ? undefined : "id-taken";
  }

  /** Another node wants a seat that this one has claimed. */
  async answer(
    { key, id, token, peek, contest }: Ask,
    to: string,
  ): Promise<Yielded> {
    if (contest) return this.#contested(key, contest, to);
    // The node to which it went has it now, or will.
    const moved = this.movedTo(key, id);
    if (moved !== undefined && moved !== to) {
      return { yielded: "nothing", code: "id-taken" };
    }
    const { host, claims } = this.#options;
    const yielded = await host.yield({ key, id, token, peek, to });
    const isTheirs = yielded.yielded === "seat" && !peek;
    if (isTheirs) claims.forget(claimName(key, id));
    return yielded;
  }

  /** See `Cluster.give`. */
  give(key: string, member: Member, to: string, sequence: number): void {
    const { claims, timers, rooms, host } = this.#options;
    const { id, joinedAt, away } = member;
    const name = claimName(key, id);
    claims.forget(name);
    this.#moved.set(name, to);
    const peer = rooms.remotePeer({
      room: key,
      id,
      joinedAt,
      node: to,
      sequence,
    });
    peer.away = away;
    peer.told = false;
    host.rooms.get(key)?.place(peer, member);
    timers.later(MOVED_MS, () => {
      if (this.#moved.get(name) === to) this.#moved.delete(name);
      const room = host.rooms.get(key);
      const seated = room?.occupant(id);
      if (peer.told || seated && seated !== peer) return;
      // As far as is known here it has never got there.
      room?.leave(peer, "lost");
      rooms.tell(key, { type: "leave", id, reason: "lost" });
    });
  }

  /** The node to which a seat of ours went lately. */
  movedTo(key: string, id: string): string | undefined {
    return this.#moved.size === 0
      ? undefined
      : this.#moved.get(claimName(key, id));
  }

  /** Whoever went to another node has left it. */
  left(key: string, id: string, node: string): void {
    if (this.movedTo(key, id) === node) this.#moved.delete(claimName(key, id));
  }

  /** Keeps something to be done until a session is here that may be on its way; `false` if none is, or too much waits. */
  keepFor(seat: string, deliver: () => void): boolean {
    const early = this.#arriving.get(seat);
    if (!early || early.length >= MAX_EARLY) return false;
    early.push(deliver);
    return true;
  }

  /** Keeps the claims, and settles those that others have. */
  async renew(): Promise<void> {
    const { claims, host } = this.#options;
    const lost = new Set(await claims.renew());
    if (lost.size === 0) return;
    for (const [key, room] of [...host.rooms]) {
      for (const seated of room.occupants) {
        if (isHere(seated) && lost.delete(claimName(key, seated.id))) {
          await this.contest(key, seated);
        }
      }
    }
    // Nobody here has the rest.
    for (const name of lost) claims.forget(name);
  }

  /** Another node may have the seat of a peer of ours, too: which of the two stays? */
  async contest(key: string, peer: LocalPeer): Promise<void> {
    const { own, host, link, claims, rooms, ask } = this.#options;
    const { id, sequence, since } = peer;
    const name = claimName(key, id);
    const member = host.rooms.get(key)?.member(id);
    const isStill = () => host.rooms.get(key)?.occupant(id) === peer;
    // One that has not joined yet is settled with the next renewal.
    if (!member || !isStill()) return;
    const contest = { ...member, sequence, since };
    try {
      const holder = await link.holder(name);
      if (holder === own) return;
      const answer = holder === undefined
        ? undefined
        : await ask(holder, { key, id, peek: false, contest });
      if (!isStill()) return;
      if (holder !== undefined && answer?.yielded === "nothing") {
        return this.#supersede(key, peer, answer.member, holder);
      }
      if (await claims.claim(name, holder) !== own || !isStill()) return;
      // Others may have taken the word of the other node.
      rooms.tell(key, {
        type: "join",
        peer: host.rooms.get(key)?.member(id) ?? member,
      });
    } catch {
      // The engine is down again: with the next renewal.
    }
  }

  async #reserve(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    const { own, host, claims, isUp, isLost, ask } = this.#options;
    const { key, id } = wanted;
    const name = claimName(key, id);
    let instead: string | undefined;
    let moving: Moving | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      // Whoever is here decides.
      if (isHere(host.rooms.get(key)?.occupant(id))) return;
      let holder: string;
      try {
        if (!isUp()) throw new Error("the engine is down");
        holder = await claims.claim(name, instead);
      } catch {
        // What is known decides; both sides settle it when the engine is back.
        const seated = host.rooms.get(key)?.occupant(id);
        const isTaken = seated && !this.#continues(wanted, shown);
        if (isTaken) return "id-taken";
        holder = own;
      }
      // One that was ours, and was given to a node that is about to claim it.
      if (holder === own && instead === undefined) {
        holder = this.#moved.get(name) ?? own;
      }
      if (holder === own) {
        if (isHere(host.rooms.get(key)?.occupant(id))) return;
        claims.hold(name);
        this.#moved.delete(name);
        return await this.#settle(wanted, shown, moving);
      }
      // As soon as it gives the session away, what comes for it is sent here.
      const seat = seatOf(wanted);
      if (!this.#arriving.has(seat)) this.#arriving.set(seat, []);
      const answer = await ask(holder, { ...asked(wanted), peek: false });
      if (answer?.yielded === "nothing") return answer.code;
      if (answer?.yielded === "session") moving = answer;
      // A node that does not answer may be no more; whoever proves to be its peer
      // goes on here. Where nobody knows that peer the proof may be an old one,
      // which is found out when the engine is back, if it cannot be asked now.
      const mayBe = !isUp() || isLost(holder) ||
        host.rooms.get(key)?.member(id);
      const continues = mayBe && this.#continues(wanted, shown);
      if (!answer && !continues) return "id-taken";
      instead = holder;
    }
    return "id-taken";
  }

  /** The seat is ours: the session comes here, or goes on with what is known of it. */
  async #settle(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
    moving: Moving | undefined,
  ): Promise<undefined> {
    const { host } = this.#options;
    const { key, id } = wanted;
    const before = host.rooms.get(key)?.occupant(id);
    const known = before instanceof RemotePeer ? before : undefined;
    // What was signaled to it from here may be there still, and comes back first.
    if (moving && known) await atMost(FENCE_MS, known.come());
    const room = host.rooms.get(key);
    const member = room?.member(id);
    if (moving) host.adopt(key, moving.member, moving.state);
    else if (shown && member && this.#continues(wanted, shown)) {
      host.adopt(key, member, stateOf(shown));
    } else {
      // Its node has given it back, and the word of that is on its way.
      if (room && known) room.leave(known, "lost");
      return;
    }
    this.#arrive(seatOf(wanted));
    for (const frame of known?.held ?? []) {
      host.rooms.get(key)?.occupant(id)?.offer(frame);
    }
  }

  /** Whether somebody proves to be the peer that another node had, and no other is known by that id. */
  #continues({ key, id }: SeatWanted, shown: ShownToken | undefined): boolean {
    if (!shown?.claim.proven) return false;
    const member = this.#options.host.rooms.get(key)?.member(id);
    return !member || member.joinedAt === shown.claim.joinedAt;
  }

  /** Does what has waited for a session. */
  #arrive(seat: string): void {
    const early = this.#arriving.get(seat) ?? [];
    this.#arriving.delete(seat);
    for (const deliver of early) deliver();
  }

  /** Another node has let somebody in by an id that is taken here. */
  #contested(key: string, contest: Contestant, node: string): Yielded {
    const room = this.#options.host.rooms.get(key);
    const seated = room?.occupant(contest.id);
    if (!isHere(seated)) return { yielded: "seat" };
    const joined = room?.member(contest.id);
    const { sequence, since } = seated;
    const member = joined && { ...joined, sequence, since };
    if (member && keeps(member, contest)) {
      return { yielded: "nothing", code: "id-taken", member };
    }
    this.#supersede(key, seated, contest, node);
    return { yielded: "seat" };
  }

  /** A peer of ours gives way to one of another node. */
  #supersede(
    key: string,
    peer: LocalPeer,
    by: Contestant | undefined,
    node: string,
  ): void {
    const { host, claims, rooms } = this.#options;
    const ours = host.rooms.get(key)?.member(peer.id);
    claims.forget(claimName(key, peer.id));
    if (by && ours?.joinedAt === by.joinedAt) {
      this.give(key, by, node, by.sequence);
      return peer.supersede("membership");
    }
    peer.supersede("name");
    const room = host.rooms.get(key);
    if (!by || !room) return;
    const { since: _, ...member } = by;
    rooms.place(room, key, { member, node, anew: false });
  }
}

/** What another node is asked. */
function asked(
  { key, id, token }: SeatWanted,
): Pick<Ask, "key" | "id" | "token"> {
  return { key, id, ...(token !== undefined && { token }) };
}

/**
 * Which of two peers that two nodes let in by the same id stays: the elder; of
 * the same membership the one that went on. Whoever had the id once, and left,
 * is no elder by the token of that time.
 */
function keeps(ours: Contestant, theirs: Contestant): boolean {
  if (ours.joinedAt !== theirs.joinedAt) return ours.since <= theirs.since;
  if (ours.sequence !== theirs.sequence) return ours.sequence > theirs.sequence;
  return !ours.away || theirs.away;
}

/** What a token tells of a session whose node is no more. */
function stateOf({ token, claim }: ShownToken): SessionState {
  const { joinedAt, sequence } = claim;
  return {
    joinedAt,
    sequence,
    current: undefined,
    previous: token,
    origin: claim,
    since: undefined,
    continues: "restored",
    taken: 0,
    gone: 0,
    frames: [],
  };
}
