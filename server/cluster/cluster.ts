import type { Member, RefusalCode } from "../../protocol.ts";
import { atMost } from "../at_most.ts";
import type { Backplane, Link } from "../backplane/backplane.ts";
import type { Log } from "../log_record.ts";
import type { ShownToken } from "../resumption.ts";
import type { RoomEvent } from "../room.ts";
import type { Status } from "../status.ts";
import type { Tally } from "../tally.ts";
import { claimName, Claims, RENEWALS } from "./claims.ts";
import type { ClusterHost, SeatWanted } from "./cluster_host.ts";
import { Neighbour } from "./neighbour.ts";
import {
  type Ask,
  type Beat,
  type Datagram,
  encodeNodeFrame,
  type NodeMark,
  type Ordered,
  parseNodeFrame,
  type Question,
  type Yielded,
} from "./node_message.ts";
import { Questions } from "./questions.ts";
import { Relay } from "./relay.ts";
import { Seats } from "./seats.ts";
import { SharedRooms } from "./shared_rooms.ts";
import { Timers } from "./timers.ts";

/** How often nodes tell each other that they live. */
const BEAT_MS = 2_000;
/** How long a node that has begun waits to hear of the others before it counts as one that knows. */
const DISCOVERY_MS = 300;
/** How long whoever comes to a node that has begun waits for that. */
const BEGIN_MS = 1_000;
/** How long other nodes are not told that nobody is in a room any more. */
const LEAVE_MS = 5_000;
/** How much longer than a session without socket a claim lives. */
const CLAIM_MARGIN_MS = 30_000;
/** Beats within which every node must be heard that lives, also after an outage of the engine. */
const LEASE_BEATS = 4;

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
  readonly #timers = new Timers();
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #claims: Claims;
  readonly #questions = new Questions(this.#timers);
  readonly #rooms: SharedRooms;
  readonly #seats: Seats;
  readonly #relay: Relay;
  readonly #discovered = Promise.withResolvers<void>();
  readonly #renewMs: number;
  readonly #graceBeats: number;
  #epoch = 0;
  #up = false;
  #ready = false;
  #beats = 0;
  /** Beats since the link came up. */
  #upBeats = 0;
  /** The beat with which claims were renewed. */
  #renewedAt = 0;
  #state: "open" | "stopping" | "closed" = "open";

  /** Goes among the nodes. */
  constructor(options: ClusterOptions) {
    this.#options = options;
    const { backplane, host, graceMs, log, tally } = options;
    const { name: engine } = backplane;
    const own = this.#own;
    const timers = this.#timers;
    const neighbours = this.#neighbours;
    const claimMs = graceMs + CLAIM_MARGIN_MS;
    this.#renewMs = claimMs / RENEWALS;
    this.#graceBeats = Math.ceil(graceMs / BEAT_MS);
    const link = this.#link = backplane.open({
      node: own,
      claimMs,
      onFrame: (frame) => this.#receive(frame),
      onUp: () => this.#rise(),
      onDown: (reason) => this.#fall(reason),
      onTrouble: (reason) =>
        log({ level: "warn", event: "engine-down", engine, reason }),
    });
    const claims = this.#claims = new Claims(link, (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      log({ level: "debug", event: "engine-failed", engine, reason });
    });
    const rooms = this.#rooms = new SharedRooms({
      host,
      neighbours,
      send: (...signal) => this.#relay.send(...signal),
      drop: (...signal) => this.#relay.drop(...signal),
      onConflict: (...seat) => void this.#seats.contest(...seat),
      onLeft: (...seat) => this.#seats.left(...seat),
    });
    this.#seats = new Seats({
      own,
      host,
      link,
      claims,
      rooms,
      timers,
      isUp: () => this.#up,
      isLost: (node) => {
        const neighbour = neighbours.get(node);
        return !neighbour?.known || neighbour.lost;
      },
      ask: (...question) => this.#ask(...question),
    });
    this.#relay = new Relay({
      host,
      neighbours,
      tally,
      keepFor: (...early) => this.#seats.keepFor(...early),
      movedTo: (...seat) => this.#seats.movedTo(...seat),
    });
    timers.later(BEAT_MS, () => this.#beat());
  }

  /** What is known of the engine and of the other nodes. */
  get status(): NonNullable<Status["engine"]> {
    const alive = [...this.#neighbours.values()].filter(({ lost }) => !lost);
    const { name } = this.#options.backplane;
    return { name, up: this.#up, nodes: alive.length + 1 };
  }

  /**
   * Claims a seat among all nodes, for somebody who shows a token, or none. A
   * session that goes on with it comes here from its node. Resolves with why
   * the seat is not to be had, if so.
   */
  async reserve(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    await this.#begun();
    return await this.#seats.reserve(wanted, shown);
  }

  /** Why a seat would not be had, as far as other nodes know. */
  peek(
    wanted: SeatWanted,
    shown: ShownToken | undefined,
  ): Promise<RefusalCode | undefined> {
    return this.#seats.peek(wanted, shown);
  }

  /** Gives a seat back that is nobody's any more. */
  release(key: string, id: string): void {
    // Whoever was there when the node stops comes back, to another one.
    if (this.#state === "open") this.#claims.release(claimName(key, id));
  }

  /** A seat of this node is now one of another, where its session goes on. */
  give(key: string, member: Member, to: string, sequence: number): void {
    this.#seats.give(key, member, to, sequence);
  }

  /** Must be called when the first peer of a room is here: the others are asked who is there. */
  enter(key: string): void {
    this.#rooms.enter(key);
    if (!this.#up) this.#rooms.giveUp(key);
  }

  /** Resolves when all is known of who is in a room, or is not to be known; with whether it is. */
  async complete(key: string): Promise<boolean> {
    await this.#begun();
    const told = await this.#rooms.complete(key);
    return told && this.#up && this.#ready;
  }

  /** Must be called when nobody of a room is here any more. */
  leave(key: string): void {
    this.#rooms.giveUp(key);
    // One who was here may have gone to another node, which tells of it first; and
    // those who were here when the node stops come back.
    this.#timers.later(LEAVE_MS, () => {
      const isOver = this.#state === "open" &&
        !this.#options.host.rooms.has(key);
      if (isOver) this.#rooms.leave(key);
    });
  }

  /** Tells the nodes that have peers in a room what happened to one that is here. */
  tell(key: string, event: RoomEvent, anew: boolean): void {
    this.#rooms.tell(key, event, anew);
  }

  /** From now on seats that are left stay claimed. */
  stop(): void {
    if (this.#state === "open") this.#state = "stopping";
  }

  /** Goes away from the nodes. Closing twice is fine. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#timers.end();
    this.#questions.end();
    this.#rooms.giveUp();
    this.#discovered.resolve();
    this.#broadcast({ type: "gone" });
    await this.#link.close();
  }

  /** Resolves when the other nodes are known, if it has just begun. */
  async #begun(): Promise<void> {
    if (!this.#ready) await atMost(BEGIN_MS, this.#discovered.promise);
  }

  #rise(): void {
    const { log, backplane: { name: engine } } = this.#options;
    this.#up = true;
    this.#upBeats = 0;
    log({ level: "info", event: "engine-up", engine });
    this.#broadcast(this.#marks(true));
    this.#renew();
    if (this.#ready) return;
    this.#timers.later(DISCOVERY_MS, () => {
      this.#ready = true;
      this.#discovered.resolve();
    });
  }

  #fall(reason: string): void {
    const { log, tally, backplane: { name: engine } } = this.#options;
    this.#up = false;
    // Nobody will tell now.
    this.#rooms.giveUp();
    tally.add("engine_outages");
    log({ level: "warn", event: "engine-down", engine, reason });
  }

  #receive(text: string): void {
    if (this.#state === "closed") return;
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
      this.#options.log({ level: "error", event: "internal-error", error });
    }
  }

  /** Takes what a node says out of order. */
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
        return this.#questions.heard(message.number);
      case "answer":
        return this.#questions.answered(message.number, message.answer);
      case "echo":
        return this.#relay.echoed(message.echo);
      case "gone":
        return neighbour.lose();
      default:
        return message satisfies never;
    }
  }

  /** Takes what a node says in order. */
  #follow(neighbour: Neighbour, message: Ordered, payload: string): void {
    switch (message.type) {
      case "rooms":
        return this.#rooms.list(neighbour, message);
      case "watch":
        return this.#rooms.watch(neighbour, message.room);
      case "unwatch":
        return this.#rooms.unwatch(neighbour, message.room);
      case "members":
        return this.#rooms.members(neighbour, message);
      case "event":
        return this.#rooms.apply(neighbour, message);
      case "signal":
        return this.#relay.deliver(neighbour, message, payload);
      case "bounce":
        return this.#relay.bounced(message);
      case "fence":
        // All that came before is handed on by now.
        return neighbour.send({ ...message, type: "fenced" });
      case "fenced":
        return this.#rooms.fenced(neighbour, { ...message, type: "fenced" });
      default:
        return message satisfies never;
    }
  }

  #compare(neighbour: Neighbour, { hello, sent, got }: Beat): void {
    const ours = ({ node }: NodeMark) => node === this.#own;
    neighbour.compare(sent.find(ours), got.find(ours));
    if (hello) neighbour.tell(this.#marks(false));
  }

  async #answer(neighbour: Neighbour, ask: Ask): Promise<void> {
    const { number } = ask;
    neighbour.tell({ type: "asked", number });
    let answer: Yielded;
    try {
      answer = await this.#seats.answer(ask, neighbour.name);
    } catch (error) {
      this.#options.log({ level: "error", event: "internal-error", error });
      answer = { yielded: "nothing", code: "id-taken" };
    }
    neighbour.tell({ type: "answer", number, answer });
  }

  async #ask(
    node: string,
    question: Question,
  ): Promise<Yielded | undefined> {
    if (this.#neighbours.get(node)?.lost || !this.#up) return;
    return await this.#questions.ask(this.#neighbour(node), question);
  }

  /** A node by its name, which may be heard for the first time. */
  #neighbour(name: string): Neighbour {
    const known = this.#neighbours.get(name);
    if (known) return known;
    const { log } = this.#options;
    const neighbour: Neighbour = new Neighbour({
      name,
      own: this.#own,
      link: this.#link,
      nextEpoch: () => ++this.#epoch,
      state: () => this.#rooms.state(neighbour),
      onMessage: (message, payload) =>
        this.#follow(neighbour, message, payload),
      onLost: () => {
        this.#rooms.lose(name);
        log({ level: "warn", event: "node-lost", nodes: this.status.nodes });
      },
      onFound: () => {
        this.#rooms.find(name);
        log({ level: "info", event: "node-found", nodes: this.status.nodes });
      },
    });
    this.#neighbours.set(name, neighbour);
    neighbour.begin();
    log({ level: "info", event: "node-found", nodes: this.status.nodes });
    return neighbour;
  }

  #beat(): void {
    this.#timers.later(BEAT_MS, () => this.#beat());
    this.#beats++;
    this.#upBeats++;
    if (this.#up) this.#broadcast(this.#marks(false));
    const sinceMs = (this.#beats - this.#renewedAt) * BEAT_MS;
    if (sinceMs >= this.#renewMs) this.#renew();
    for (const neighbour of [...this.#neighbours.values()]) {
      neighbour.beat();
      // While the engine is down nobody is heard, which says nothing of them.
      const isOver = this.#up && this.#upBeats > LEASE_BEATS &&
        neighbour.silence > this.#graceBeats + LEASE_BEATS;
      if (!isOver) continue;
      this.#neighbours.delete(neighbour.name);
      this.#rooms.forget(neighbour.name);
    }
  }

  #renew(): void {
    this.#renewedAt = this.#beats;
    this.#seats.renew().catch((error) =>
      this.#options.log({ level: "error", event: "internal-error", error })
    );
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
}
