import type { FaultCode, Member, RefusalCode } from "../../protocol.ts";
import { atMost } from "../at_most.ts";
import type { Backplane, Link } from "../backplane/backplane.ts";
import type { Log } from "../log_record.ts";
import type { ShownToken } from "../resumption.ts";
import type { Occupant, Room, RoomEvent } from "../room.ts";
import type { SessionState } from "../session.ts";
import type { Status } from "../status.ts";
import type { Tally } from "../tally.ts";
import { claimName, Claims } from "./claims.ts";
import { Neighbour } from "./neighbour.ts";
import {
  type Ask,
  type Beat,
  type Datagram,
  encodeNodeFrame,
  type NodeMark,
  type Ordered,
  parseNodeFrame,
  type PlacedMember,
  type Yielded,
} from "./node_message.ts";
import { RemotePeer } from "./remote_peer.ts";

/** How often nodes tell each other that they live. */
const BEAT_MS = 2_000;
/** How long a node that has begun waits to hear of the others before it counts as one that knows. */
const DISCOVERY_MS = 300;
/** How long another node may take to tell who is in a room. */
const MEMBERS_MS = 1_000;
/** How long a question to another node may take to get there: one that was killed does not say so. */
const HEARD_MS = 1_000;
/** How long it may take from then on to answer; it may ask a socket whether it lives, for a second. */
const ANSWER_MS = 2_500;
/** How long a seat is remembered that was given to another node: signals for it may still come. */
const MOVED_MS = 10_000;
/** How much longer than a session without socket a claim lives. */
const CLAIM_MARGIN_MS = 30_000;
/** How often a claim is tried against others that come and go. */
const MAX_ATTEMPTS = 4;
/** Beats without which a node is lost, and some time for the first after an outage. */
const LEASE_BEATS = 4;
/** Signals that wait for a session that is on its way here. */
const MAX_EARLY = 256;
/** How often a signal is sent after a peer that goes from node to node. */
const MAX_HOPS = 8;
/** Rooms that are listed in one message: NATS takes a megabyte, and a name can be 128 characters. */
const LISTED = 1_000;
/** Of so many signals to other nodes one is timed. */
const ECHO_EVERY = 16;

/** A peer of this node. */
export interface LocalPeer extends Occupant {
  readonly node?: undefined;
  /** See `PlacedMember`. */
  readonly sequence: number;
  /** A signal of it could not be handed on. */
  bounce(code: FaultCode, to: string): void;
  /** Another node has its membership, or its name; only with that one the room is told. */
  supersede(by: "membership" | "name"): void;
}

/** Somebody who has a seat in a room that spans nodes. */
export type Seated = LocalPeer | RemotePeer;

/** Those who have the rooms. */
export interface ClusterHost {
  /** All rooms in which somebody is here, by key. */
  readonly rooms: ReadonlyMap<string, Room<Seated>>;
  /** Gives a seat to a node that wants it, unless it is not to be had; with `peek`, only tells. */
  yield(wanted: SeatWanted & { peek: boolean; to: string }): Promise<Yielded>;
  /** Goes on here with a session that another node had. */
  adopt(key: string, member: Member, state: SessionState): void;
}

/** A seat that a client wants. */
export interface SeatWanted {
  /** Key of the room. */
  readonly key: string;
  /** Id of the peer. */
  readonly id: string;
  /** Token that it has shown. */
  readonly token: string | undefined;
}

/** What a cluster needs. */
export interface ClusterOptions {
  /** Lies between the nodes. */
  readonly backplane: Backplane;
  /** Has the rooms. */
  readonly host: ClusterHost;
  /** How long a session outlives its socket, in milliseconds. */
  readonly graceMs: number;
  /** Takes what is worth telling an operator. */
  readonly log: Log;
  /** Counts. */
  readonly tally: Tally;
}

/**
 * This node among others: rooms span nodes, and each node tells the others of
 * its own peers. Which node has a seat is decided by the engine; everything
 * else nodes tell each other, so that the engine may come, go, and forget.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #own = crypto.randomUUID();
  readonly #link: Link;
  readonly #claims: Claims;
  readonly #neighbours = new Map<string, Neighbour>();
  /** Rooms whose peers at other nodes are not all known yet, and of which nodes. */
  readonly #pending = new Map<
    string,
    { readonly nodes: Set<string>; readonly done: PromiseWithResolvers<void> }
  >();
  readonly #asks = new Map<
    number,
    {
      /** The other node has the question. */
      readonly heard: () => void;
      /** It answers, or does not. */
      readonly answer: (answer: Yielded | undefined) => void;
    }
  >();
  /** Seats that were given to other nodes lately, and to which. */
  readonly #moved = new Map<string, string>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  /** Those who want the same seat, one after the other. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Signals for seats that are wanted here, and may be ours soon: what to do with each. */
  readonly #arriving = new Map<string, (() => void)[]>();
  readonly #discovered = Promise.withResolvers<void>();
  readonly #renewMs: number;
  readonly #graceBeats: number;
  /** Signals to other nodes that are timed, and since when. */
  readonly #echoes = new Map<number, number>();
  #signals = 0;
  #epoch = 0;
  #number = 0;
  #up = false;
  #ready = false;
  /** Beats since the link came up: so long others have had to be heard. */
  #upBeats = 0;
  #renewedAt = 0;
  #beats = 0;
  #state: "open" | "stopping" | "closed" = "open";

  /** Goes among the nodes. */
  constructor(options: ClusterOptions) {
    this.#options = options;
    const { backplane, graceMs, log } = options;
    const claimMs = graceMs + CLAIM_MARGIN_MS;
    this.#renewMs = claimMs / 3;
    this.#graceBeats = Math.ceil(graceMs / BEAT_MS);
    this.#link = backplane.open({
      node: this.#own,
      claimMs,
      onFrame: (frame) => this.#receive(frame),
      onUp: () => this.#rise(),
      onDown: (reason) => this.#fall(reason),
      onTrouble: (reason) =>
        log({ level: "warn", event: "engine-down", engine, reason }),
    });
    const { name: engine } = backplane;
    this.#claims = new Claims(this.#link, (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      log({ level: "debug", event: "engine-failed", engine, reason });
    });
    this.#later(BEAT_MS, () => this.#beat());
  }

  /** What is known of the engine and of the other nodes. */
  get status(): NonNullable<Status["engine"]> {
    const alive = [...this.#neighbours.values()].filter(({ lost }) => !lost);
    const { name } = this.#options.backplane;
    return { name, up: this.#up, nodes: alive.length + 1 };
  }

  /** Whether it has had the time to hear of the others. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Claims a seat among all nodes, for somebody who shows a token that is good
   * (`shown`), or none. A session that goes on with it comes here from its
   * node. Resolves with why the seat is not to be had, if so.
   */
  async reserve(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    const seat = seatOf(wanted.key, wanted.id);
    const before = this.#queues.get(seat);
    const turn = Promise.resolve(before).then(() =>
      this.#reserve(wanted, shown)
    );
    const settled = turn.then(() => {}, () => {});
    this.#queues.set(seat, settled);
    try {
      return await turn;
    } finally {
      this.#arrive(seat);
      if (this.#queues.get(seat) === settled) this.#queues.delete(seat);
    }
  }

  /** Hands on what has waited for a seat. */
  #arrive(seat: string): void {
    const early = this.#arriving.get(seat) ?? [];
    this.#arriving.delete(seat);
    for (const deliver of early) deliver();
  }

  /** Why a seat would not be had, as far as other nodes know. */
  async peek(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    const { key, id } = wanted;
    const seated = this.#options.host.rooms.get(key)?.occupant(id);
    if (seated && seated.node === undefined) return;
    let holder: string | undefined;
    try {
      holder = await this.#link.holder(claimName(key, id));
    } catch {
      return seated && !this.#continues(wanted, shown) ? "id-taken" : undefined;
    }
    if (holder === undefined || holder === this.#own) return;
    const { token } = wanted;
    const answer = await this.#ask(holder, {
      key,
      id,
      peek: true,
      ...(token !== undefined && { token }),
    });
    if (answer?.yielded === "nothing") return answer.code;
    return answer || this.#continues(wanted, shown) ? undefined : "id-taken";
  }

  /** Gives a seat back that is nobody's any more. */
  release(key: string, id: string): void {
    if (this.#state === "stopping") return;
    this.#claims.release(claimName(key, id));
  }

  /** Must be called when the first peer of a room is here: the others are asked who is there. */
  enter(key: string): void {
    const nodes = new Set<string>();
    for (const neighbour of this.#neighbours.values()) {
      neighbour.send({ type: "watch", room: key });
      if (!neighbour.lost && neighbour.rooms.has(key)) {
        nodes.add(neighbour.name);
      }
    }
    if (nodes.size === 0 || !this.#up) return;
    const done = Promise.withResolvers<void>();
    this.#pending.set(key, { nodes, done });
  }

  /** Resolves when all is known of who is in a room, or is not to be known; with whether it is. */
  async complete(key: string): Promise<boolean> {
    if (!this.#ready) await atMost(MEMBERS_MS, this.#discovered.promise);
    const pending = this.#pending.get(key);
    if (pending) await atMost(MEMBERS_MS, pending.done.promise);
    const complete = this.#up && this.#ready && !this.#pending.has(key);
    if (!complete) this.#options.tally.add("degraded_joins");
    return complete;
  }

  /** Must be called when nobody of a room is here any more. */
  leave(key: string): void {
    this.#pending.get(key)?.done.resolve();
    this.#pending.delete(key);
    // Those who were here come back, and are missed by nobody until then.
    if (this.#state !== "open") return;
    for (const neighbour of this.#neighbours.values()) {
      neighbour.send({ type: "unwatch", room: key });
    }
  }

  /** Tells the nodes that have peers in a room what happened to one that is here. */
  tell(key: string, event: RoomEvent, anew = false): void {
    const id = event.type === "join" ? event.peer.id : event.id;
    const seated = this.#options.host.rooms.get(key)?.occupant(id);
    const sequence = seated?.sequence ?? 0;
    for (const neighbour of this.#neighbours.values()) {
      if (!neighbour.rooms.has(key)) continue;
      neighbour.send({ type: "event", room: key, event, sequence, anew });
    }
  }

  /** A seat of this node is now one of another, where its session goes on. */
  give(key: string, member: Member, to: string, sequence: number): void {
    const name = claimName(key, member.id);
    this.#claims.forget(name);
    this.#moved.set(name, to);
    this.#later(MOVED_MS, () => this.#moved.delete(name));
    const peer = this.#remotePeer(key, member.id, to, sequence);
    peer.away = member.away;
    this.#options.host.rooms.get(key)?.place(peer, member);
  }

  /** From now on seats that are left stay claimed: whoever had them comes back, to another node. */
  stop(): void {
    if (this.#state === "open") this.#state = "stopping";
  }

  /** Goes away from the nodes. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { answer } of this.#asks.values()) answer(undefined);
    for (const { done } of this.#pending.values()) done.resolve();
    this.#discovered.resolve();
    this.#broadcast({ type: "gone" });
    await this.#link.close();
  }

  // What the engine says.

  #rise(): void {
    const { log, backplane: { name: engine } } = this.#options;
    this.#up = true;
    this.#upBeats = 0;
    log({ level: "info", event: "engine-up", engine });
    this.#broadcast(this.#marks(true));
    void this.#renew();
    if (this.#ready) return;
    this.#later(DISCOVERY_MS, () => {
      this.#ready = true;
      this.#discovered.resolve();
    });
  }

  #fall(reason: string): void {
    const { log, tally, backplane: { name: engine } } = this.#options;
    this.#up = false;
    // They will not be told now.
    for (const { done } of this.#pending.values()) done.resolve();
    this.#pending.clear();
    tally.add("engine_outages");
    log({ level: "warn", event: "engine-down", engine, reason });
  }

  #receive(text: string): void {
    if (this.#state === "closed") return;
    const { log } = this.#options;
    const frame = parseNodeFrame(text);
    if (!frame || frame.from === this.#own) return;
    try {
      const neighbour = this.#neighbour(frame.from);
      const { mark, message } = frame;
      if (message.type === "gone") return neighbour.lose();
      neighbour.heard();
      if (mark) neighbour.take({ ...frame, mark });
      else this.#hear(neighbour, message as Datagram);
    } catch (error) {
      log({ level: "error", event: "internal-error", error });
    }
  }

  // What other nodes say at most once.

  #hear(neighbour: Neighbour, message: Datagram): void {
    switch (message.type) {
      case "beat":
        return this.#compare(neighbour, message);
      case "again":
        return neighbour.repeat(message.mark);
      case "ack":
        return neighbour.acknowledge(message.mark);
      case "ask":
        return void this.#answer(neighbour, message);
      case "asked":
        return this.#asks.get(message.number)?.heard();
      case "answer":
        return this.#asks.get(message.number)?.answer(message.answer);
      case "echo":
        return this.#timed(message.echo);
      case "gone":
        return neighbour.lose();
      default:
        return message satisfies never;
    }
  }

  #compare(neighbour: Neighbour, { hello, sent, got }: Beat): void {
    const ours = ({ node }: NodeMark) => node === this.#own;
    neighbour.compare(sent.find(ours), got.find(ours));
    if (hello) neighbour.tell(this.#marks(false));
  }

  async #answer(
    neighbour: Neighbour,
    { number, key, id, token, peek, contest }: Ask,
  ): Promise<void> {
    const { host, log } = this.#options;
    const to = neighbour.name;
    neighbour.tell({ type: "asked", number });
    let answer: Yielded = { yielded: "nothing", code: "id-taken" };
    try {
      // The node to which it went has it now, or will.
      const moved = this.#moved.get(claimName(key, id));
      if (contest) answer = this.#contested(neighbour, key, contest);
      else if (!moved || moved === to) {
        answer = await host.yield({ key, id, token, peek, to });
      }
    } catch (error) {
      log({ level: "error", event: "internal-error", error });
    }
    neighbour.tell({ type: "answer", number, answer });
  }

  async #ask(
    node: string,
    question: Omit<Ask, "type" | "number">,
  ): Promise<Yielded | undefined> {
    if (this.#neighbours.get(node)?.lost || !this.#up) return;
    const number = ++this.#number;
    const answered = Promise.withResolvers<Yielded | undefined>();
    const giveUp = () => answered.resolve(undefined);
    let cancel = this.#later(HEARD_MS, giveUp);
    this.#asks.set(number, {
      heard: () => {
        cancel();
        cancel = this.#later(ANSWER_MS, giveUp);
      },
      answer: (answer) => {
        // What is for it comes right behind.
        if (answer?.yielded === "session") {
          this.#arriving.set(seatOf(question.key, question.id), []);
        }
        answered.resolve(answer);
      },
    });
    this.#neighbour(node).tell({ type: "ask", number, ...question });
    const answer = await answered.promise;
    cancel();
    this.#asks.delete(number);
    return answer;
  }

  // Who has a seat.

  async #reserve(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    const { host } = this.#options;
    const { key, id, token } = wanted;
    const name = claimName(key, id);
    const isHere = () => {
      const seated = host.rooms.get(key)?.occupant(id);
      return seated !== undefined && seated.node === undefined;
    };
    // One that has just begun may be about to reach the engine.
    if (!this.#ready) await atMost(MEMBERS_MS, this.#discovered.promise);
    let instead: string | undefined;
    let moving: (Yielded & { yielded: "session" }) | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (isHere()) return;
      let holder: string;
      try {
        if (!this.#up) throw new Error("the engine is down");
        holder = await this.#link.claim(name, instead);
      } catch {
        // What is known decides; both sides settle it when the engine is back.
        if (!host.rooms.get(key)?.occupant(id)) {
          this.#claims.hold(name);
          return;
        }
        if (!this.#continues(wanted, shown)) return "id-taken";
        holder = this.#own;
      }
      if (holder === this.#own) {
        if (isHere()) return;
        this.#claims.hold(name);
        this.#moved.delete(name);
        this.#settle(wanted, shown, moving);
        return;
      }
      const answer = await this.#ask(holder, {
        key,
        id,
        peek: false,
        ...(token !== undefined && { token }),
      });
      if (answer?.yielded === "nothing") return answer.code;
      if (answer?.yielded === "session") moving = answer;
      // A node that does not answer may be no more; whoever proves to be its peer goes on here.
      if (!answer && !this.#continues(wanted, shown)) return "id-taken";
      instead = holder;
    }
    return "id-taken";
  }

  /** The seat is ours: the session comes here, or goes on with what is known of it. */
  #settle(
    { key, id }: SeatWanted,
    shown: ShownToken | undefined,
    moving: (Yielded & { yielded: "session" }) | undefined,
  ): void {
    const { host } = this.#options;
    if (moving) {
      host.adopt(key, moving.member, moving.state);
      return this.#arrive(seatOf(key, id));
    }
    const room = host.rooms.get(key);
    const seated = room?.occupant(id);
    const member = room?.member(id);
    if (!room || !seated || !member) return;
    const { claim } = shown ?? {};
    if (shown && claim?.proven && claim.joinedAt === member.joinedAt) {
      return host.adopt(key, member, stateOf(shown));
    }
    // Its node has given it back, and the word of that is on its way.
    room.leave(seated, "lost");
  }

  /** Whether somebody proves to be the peer that another node had, and no other is known by that id. */
  #continues({ key, id }: SeatWanted, shown: ShownToken | undefined): boolean {
    if (!shown?.claim.proven) return false;
    const member = this.#options.host.rooms.get(key)?.member(id);
    return !member || member.joinedAt === shown.claim.joinedAt;
  }

  /** Keeps the claims, and settles those that others have. */
  async #renew(): Promise<void> {
    this.#renewedAt = this.#beats;
    const lost = new Set(await this.#claims.renew());
    if (lost.size === 0) return;
    for (const [key, room] of this.#options.host.rooms) {
      for (const seated of room.occupants) {
        if (seated.node !== undefined) continue;
        if (lost.has(claimName(key, seated.id))) {
          await this.#contest(key, seated);
        }
      }
    }
  }

  /** Another node has claimed the seat of a peer of ours: which of the two stays? */
  async #contest(key: string, peer: LocalPeer): Promise<void> {
    const { host } = this.#options;
    const { id, sequence } = peer;
    const name = claimName(key, id);
    const member = host.rooms.get(key)?.member(id);
    // One that has not joined yet says so later.
    if (!member || host.rooms.get(key)?.occupant(id) !== peer) return;
    const contest = { ...member, sequence };
    let holder: string | undefined;
    try {
      holder = await this.#link.holder(name);
      if (holder === this.#own) return;
      const answer = holder === undefined
        ? undefined
        : await this.#ask(holder, { key, id, peek: false, contest });
      const room = host.rooms.get(key);
      if (room?.occupant(id) !== peer) return;
      if (answer?.yielded === "nothing") {
        return this.#supersede(key, peer, answer.member, holder ?? "");
      }
      const won = await this.#link.claim(name, holder);
      if (won === this.#own && room.occupant(id) === peer) {
        this.tell(key, { type: "join", peer: room.member(id) ?? member });
      }
    } catch {
      // The engine is down again: the next time.
    }
  }

  /** Another node has let somebody in by an id that is taken here. */
  #contested(
    neighbour: Neighbour,
    key: string,
    contest: PlacedMember,
  ): Yielded {
    const room = this.#options.host.rooms.get(key);
    const seated = room?.occupant(contest.id);
    if (!seated || seated.node !== undefined) return { yielded: "seat" };
    const ours = room?.member(contest.id);
    if (ours && keeps({ ...ours, sequence: seated.sequence }, contest)) {
      return {
        yielded: "nothing",
        code: "id-taken",
        member: { ...ours, sequence: seated.sequence },
      };
    }
    this.#supersede(key, seated, contest, neighbour.name);
    return { yielded: "seat" };
  }

  /** A peer of ours gives way to one of another node. */
  #supersede(
    key: string,
    peer: LocalPeer,
    by: PlacedMember | undefined,
    node: string,
  ): void {
    const { host } = this.#options;
    const room = host.rooms.get(key);
    const same = by && room?.member(peer.id)?.joinedAt === by.joinedAt;
    this.#claims.forget(claimName(key, peer.id));
    if (same) {
      this.give(key, by, node, by.sequence);
      return peer.supersede("membership");
    }
    peer.supersede("name");
    const still = host.rooms.get(key);
    if (by && still && this.#neighbours.has(node)) {
      this.#place(still, key, { member: by, node, anew: false });
    }
  }

  // What other nodes say in order.

  #follow(neighbour: Neighbour, message: Ordered, payload: string): void {
    const { host } = this.#options;
    const { name, rooms } = neighbour;
    switch (message.type) {
      case "rooms":
        return this.#list(neighbour, message);
      case "watch":
        rooms.add(message.room);
        return this.#introduce(neighbour, message.room);
      case "unwatch": {
        rooms.delete(message.room);
        this.#arrived(message.room, name);
        const room = host.rooms.get(message.room);
        return room && this.#clear(room, name);
      }
      case "members": {
        const room = host.rooms.get(message.room);
        if (!room) return;
        this.#clear(room, name, new Set(message.ids));
        return this.#arrived(message.room, name);
      }
      case "event": {
        const room = host.rooms.get(message.room);
        return room && this.#apply(neighbour, room, message);
      }
      case "signal":
        return this.#deliver(neighbour, message, payload);
      case "bounce": {
        const peer = host.rooms.get(message.room)?.occupant(message.from);
        if (peer && peer.node === undefined) {
          peer.bounce(message.code, message.to);
        }
        return;
      }
      case "fence":
        return neighbour.send({ ...message, type: "fenced" });
      case "fenced": {
        const peer = host.rooms.get(message.room)?.occupant(message.id);
        if (peer instanceof RemotePeer) peer.fenced(name);
        return;
      }
      default:
        return message satisfies never;
    }
  }

  /** A node says in which rooms it has somebody. */
  #list(neighbour: Neighbour, message: Ordered & { type: "rooms" }): void {
    const { name, rooms, listed } = neighbour;
    if (message.first) listed.clear();
    for (const key of message.rooms) listed.add(key);
    if (!message.last) return;
    rooms.clear();
    for (const key of listed) rooms.add(key);
    listed.clear();
    for (const [key, room] of this.#options.host.rooms) {
      if (rooms.has(key)) this.#introduce(neighbour, key);
      else this.#clear(room, name);
    }
  }

  #apply(
    { name }: Neighbour,
    room: Room<Seated>,
    { room: key, event, sequence, anew }: Ordered & { type: "event" },
  ): void {
    if (event.type === "join") {
      const member = { ...event.peer, sequence };
      return this.#place(room, key, { member, node: name, anew });
    }
    const peer = room.occupant(event.id);
    // It has moved since, or was ours all the time.
    if (!(peer instanceof RemotePeer) || peer.node !== name) return;
    switch (event.type) {
      case "leave":
        return room.leave(peer, event.reason);
      case "presence":
        return room.publish(peer, event.presence);
      case "away":
      case "back":
        peer.away = event.type === "away";
        if (peer.away) room.away(peer);
        else room.back(peer);
        return;
      default:
        return event satisfies never;
    }
  }

  /** Seats a peer of another node, or follows one that has moved there. */
  #place(
    room: Room<Seated>,
    key: string,
    placed: {
      readonly member: PlacedMember;
      readonly node: string;
      readonly anew: boolean;
    },
  ): void {
    const { member: { sequence, ...member }, node, anew } = placed;
    const seated = room.occupant(member.id);
    if (seated && seated.node === undefined) {
      // Either what it says is late, or there are two: the engine knows.
      return void this.#contest(key, seated);
    }
    const same = room.member(member.id)?.joinedAt === member.joinedAt;
    let peer = this.#remotePeer(key, member.id, node, sequence);
    if (seated instanceof RemotePeer && same) {
      peer = seated;
      if (seated.node !== node) peer.move(node, anew);
      peer.sequence = sequence;
    }
    peer.away = member.away;
    const away = member.away || (this.#neighbours.get(node)?.lost ?? true);
    room.place(peer, { ...member, away }, anew);
  }

  /** Removes the peers of a node from a room, but for some. */
  #clear(
    room: Room<Seated>,
    node: string,
    except: ReadonlySet<string> = new Set(),
  ): void {
    for (const seated of room.occupants) {
      if (seated.node === node && !except.has(seated.id)) {
        room.leave(seated, "lost");
      }
    }
  }

  /** Tells another node who is here in a room. */
  #introduce(neighbour: Neighbour, key: string): void {
    const room = this.#options.host.rooms.get(key);
    if (!room) return;
    for (const message of membersOf(key, room)) neighbour.send(message);
  }

  /** A node has told who is in a room, or that it has nobody there. */
  #arrived(key: string, node: string): void {
    const pending = this.#pending.get(key);
    pending?.nodes.delete(node);
    if (pending?.nodes.size !== 0) return;
    this.#pending.delete(key);
    pending.done.resolve();
  }

  // Signals.

  #send({ room, id, node }: RemotePeer, frame: string): boolean {
    const neighbour = this.#neighbours.get(node);
    if (!neighbour || neighbour.busy) return false;
    const timed = ++this.#signals % ECHO_EVERY === 0;
    if (timed) this.#echoes.set(this.#signals, performance.now());
    const echo = timed ? { echo: this.#signals } : {};
    neighbour.send({ type: "signal", room, to: id, ...echo }, frame);
    return true;
  }

  #timed(echo: number): void {
    const at = this.#echoes.get(echo);
    this.#echoes.delete(echo);
    if (at === undefined) return;
    const seconds = (performance.now() - at) / 1_000;
    this.#options.tally.observe("relay_seconds", seconds, "node");
  }

  #deliver(
    neighbour: Neighbour,
    message: Ordered & { type: "signal" },
    frame: string,
  ): void {
    const { room: key, to, hops = 0, echo } = message;
    if (echo !== undefined) neighbour.tell({ type: "echo", echo });
    const room = this.#options.host.rooms.get(key);
    const seated = room?.occupant(to);
    if (room && seated && seated.node === undefined) {
      const code = room.tell(to, frame);
      return code && this.#bounce(neighbour, key, { to, frame, code });
    }
    // It is on its way here, and so was this.
    const early = this.#arriving.get(seatOf(key, to));
    if (early && early.length < MAX_EARLY) {
      early.push(() => this.#deliver(neighbour, message, frame));
      return;
    }
    const node = seated?.node ?? this.#moved.get(claimName(key, to));
    const next = node === undefined ? undefined : this.#neighbours.get(node);
    if (!next || hops >= MAX_HOPS) {
      return this.#bounce(neighbour, key, { to, frame, code: "unknown-peer" });
    }
    next.send({ type: "signal", room: key, to, hops: hops + 1 }, frame);
  }

  /** Tells whoever sent a signal that it was not handed on. */
  #bounce(
    neighbour: Neighbour,
    room: string,
    { to, frame, code }: { to: string; frame: string; code: FaultCode },
  ): void {
    const from = senderOf(frame);
    if (from === undefined) return;
    const seated = this.#options.host.rooms.get(room)?.occupant(from);
    // It may have come by another node than that of the sender.
    const node = seated?.node ?? neighbour.name;
    this.#neighbours.get(node)?.send({ type: "bounce", room, from, to, code });
  }

  // Who is there.

  #neighbour(name: string): Neighbour {
    const known = this.#neighbours.get(name);
    if (known) return known;
    const { host, log } = this.#options;
    const neighbour: Neighbour = new Neighbour({
      name,
      own: this.#own,
      link: this.#link,
      nextEpoch: () => ++this.#epoch,
      state: function* (): Iterable<Ordered> {
        yield* roomsOf([...host.rooms.keys()]);
        for (const key of neighbour.rooms) {
          const room = host.rooms.get(key);
          if (room) yield* membersOf(key, room);
        }
      },
      onMessage: (message, payload) =>
        this.#follow(neighbour, message, payload),
      onLost: () => {
        for (const [room, peer] of this.#peersOf(name)) room.away(peer);
        for (const key of [...this.#pending.keys()]) this.#arrived(key, name);
        this.#unfence(name);
        log({ level: "warn", event: "node-lost", nodes: this.status.nodes });
      },
      onFound: () => {
        for (const [room, peer] of this.#peersOf(name)) {
          if (!peer.away) room.back(peer);
        }
        log({ level: "info", event: "node-found", nodes: this.status.nodes });
      },
    });
    this.#neighbours.set(name, neighbour);
    neighbour.begin();
    log({ level: "info", event: "node-found", nodes: this.status.nodes });
    return neighbour;
  }

  *#peersOf(node: string): Iterable<[Room<Seated>, RemotePeer]> {
    for (const room of this.#options.host.rooms.values()) {
      for (const seated of room.occupants) {
        if (seated instanceof RemotePeer && seated.node === node) {
          yield [room, seated];
        }
      }
    }
  }

  /** Nothing that a node had will be handed on any more. */
  #unfence(node: string): void {
    for (const room of this.#options.host.rooms.values()) {
      for (const seated of room.occupants) {
        if (seated instanceof RemotePeer) seated.fenced(node);
      }
    }
  }

  #beat(): void {
    this.#later(BEAT_MS, () => this.#beat());
    this.#beats++;
    this.#upBeats++;
    if (this.#up) this.#broadcast(this.#marks(false));
    if ((this.#beats - this.#renewedAt) * BEAT_MS >= this.#renewMs) {
      void this.#renew();
    }
    for (const neighbour of [...this.#neighbours.values()]) {
      neighbour.beat();
      // While the engine is down nobody is heard, which says nothing of them.
      const isOver = this.#up && this.#upBeats > LEASE_BEATS &&
        neighbour.silence > this.#graceBeats + LEASE_BEATS;
      if (isOver) this.#forget(neighbour.name);
    }
  }

  /** A node does not come back: those of its peers who have not come back are gone. */
  #forget(name: string): void {
    this.#neighbours.delete(name);
    for (const [room, peer] of [...this.#peersOf(name)]) {
      room.leave(peer, "lost");
    }
  }

  #marks(hello: boolean): Beat {
    const neighbours = [...this.#neighbours.values()];
    return {
      type: "beat",
      hello,
      sent: neighbours.map(({ name, sent }) => ({ node: name, ...sent })),
      got: neighbours.map(({ name, got }) => ({ node: name, ...got })),
    };
  }

  #broadcast(message: Datagram): void {
    const from = this.#own;
    const frame = { from, mark: undefined, message, payload: "" };
    this.#link.broadcast(encodeNodeFrame(frame));
  }

  #remotePeer(
    room: string,
    id: string,
    node: string,
    sequence: number,
  ): RemotePeer {
    return new RemotePeer({
      room,
      id,
      node,
      sequence,
      send: (peer, frame) => this.#send(peer, frame),
      fence: ({ room, id }, node) => {
        const before = this.#neighbours.get(node);
        if (!before || before.lost) return false;
        before.send({ type: "fence", room, id });
        return true;
      },
    });
  }

  /** Does something later, unless it is closed or cancelled before. */
  #later(ms: number, action: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }
}

/** Which of two peers that two nodes let in by the same id stays: the older one; of the same membership the one that went on. */
function keeps(ours: PlacedMember, theirs: PlacedMember): boolean {
  if (ours.joinedAt !== theirs.joinedAt) return ours.joinedAt < theirs.joinedAt;
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
    continues: "restored",
    taken: 0,
    gone: 0,
    frames: [],
  };
}

/** Names a seat. */
function seatOf(key: string, id: string): string {
  return `${key}\0${id}`;
}

/** All rooms, in messages that every engine takes. */
function* roomsOf(keys: readonly string[]): Iterable<Ordered> {
  for (let start = 0; start === 0 || start < keys.length; start += LISTED) {
    const end = start + LISTED;
    yield {
      type: "rooms",
      rooms: keys.slice(start, end),
      first: start === 0,
      last: end >= keys.length,
    };
  }
}

/** All who are here in a room, in messages that every engine takes. */
function* membersOf(room: string, of: Room<Seated>): Iterable<Ordered> {
  const ids: string[] = [];
  for (const { id, node, sequence } of of.occupants) {
    const peer = node === undefined ? of.member(id) : undefined;
    if (!peer) continue;
    ids.push(id);
    const event = { type: "join", peer } as const;
    yield { type: "event", room, event, sequence, anew: false };
  }
  yield { type: "members", room, ids };
}

/** Who sent a signal, as its server has written it: the data behind may be no JSON. */
function senderOf(frame: string): string | undefined {
  const [, literal] =
    /^\{"type":"signal","from":("(?:[^"\\]|\\.)*")/.exec(frame) ?? [];
  return literal === undefined ? undefined : JSON.parse(literal);
}
