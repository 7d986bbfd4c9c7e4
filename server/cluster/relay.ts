import type { FaultCode } from "../../protocol.ts";
import type { Tally } from "../tally.ts";
import type { ClusterHost } from "./cluster_host.ts";
import type { Neighbour } from "./neighbour.ts";
import type { Ordered } from "./node_message.ts";
import type { RemotePeer } from "./remote_peer.ts";
import { isHere, seatOf } from "./seated.ts";

/** How often a signal is sent after a peer that goes from node to node. */
const MAX_HOPS = 8;
/** Largest signal to another node: NATS takes a megabyte. More than any is by the default limits. */
const MAX_CHARS = 512 * 1024;
/** Of so many signals to other nodes one is timed. */
const ECHO_EVERY = 16;
/** Signals that are timed at once; those that were lost are never told of. */
const MAX_ECHOES = 1_024;

/** What a relay needs. */
export interface RelayOptions {
  /** Has the rooms. */
  readonly host: ClusterHost;
  /** The nodes that are known. */
  readonly neighbours: ReadonlyMap<string, Neighbour>;
  /** Counts. */
  readonly tally: Tally;
  /** Keeps something to be done until a seat that is about to be ours is; `false` if it is none. */
  readonly keepFor: (seat: string, deliver: () => void) => boolean;
  /** The node to which a seat of ours went lately. */
  readonly movedTo: (key: string, id: string) => string | undefined;
}

/** Carries signals from node to node. */
export class Relay {
  readonly #options: RelayOptions;
  /** Signals that are timed, and since when. */
  readonly #echoes = new Map<number, number>();
  #sent = 0;

  /** Has carried none. */
  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Sends an encoded signal to the node of a peer; `false` when much waits already. */
  send({ room, id, joinedAt, node }: RemotePeer, frame: string): boolean {
    const neighbour = this.#options.neighbours.get(node);
    if (!neighbour || neighbour.busy || frame.length > MAX_CHARS) return false;
    const number = ++this.#sent;
    const timed = number % ECHO_EVERY === 0;
    if (timed) {
      if (this.#echoes.size >= MAX_ECHOES) this.#echoes.clear();
      this.#echoes.set(number, performance.now());
    }
    const echo = timed ? { echo: number } : {};
    const to = { to: id, joinedAt };
    neighbour.send({ type: "signal", room, ...to, ...echo }, frame);
    return true;
  }

  /** A signal that has waited is not sent. */
  drop({ room, id }: RemotePeer, frame: string): void {
    const from = senderOf(frame) ?? "";
    this.bounced({ type: "bounce", room, from, to: id, code: "peer-busy" });
  }

  /** A node has handed on a signal that is timed. */
  echoed(number: number): void {
    const at = this.#echoes.get(number);
    this.#echoes.delete(number);
    if (at === undefined) return;
    const seconds = (performance.now() - at) / 1_000;
    this.#options.tally.observe("relay_seconds", seconds, "node");
  }

  /** Hands on a signal of another node, or sends it after its peer. */
  deliver(
    neighbour: Neighbour,
    message: Ordered & { type: "signal" },
    frame: string,
  ): void {
    const { host, neighbours, keepFor, movedTo } = this.#options;
    const { echo, ...again } = message;
    const { room: key, to, joinedAt, hops = 0 } = message;
    if (echo !== undefined) neighbour.tell({ type: "echo", echo });
    const room = host.rooms.get(key);
    const seated = room?.occupant(to);
    if (room && isHere(seated)) {
      // Whoever it is for may have left, and another one have come by that id.
      const isIts = room.member(to)?.joinedAt === joinedAt;
      const code = isIts ? room.tell(to, frame) : "unknown-peer";
      return code && this.#bounce(neighbour, key, { to, frame, code });
    }
    const deliver = () => this.deliver(neighbour, again, frame);
    // It is on its way here, and so was this.
    if (keepFor(seatOf({ key, id: to }), deliver)) return;
    const node = seated?.node ?? movedTo(key, to);
    const next = node === undefined ? undefined : neighbours.get(node);
    if (!next || hops >= MAX_HOPS) {
      return this.#bounce(neighbour, key, { to, frame, code: "unknown-peer" });
    }
    next.send({ ...again, hops: hops + 1 }, frame);
  }

  /** A signal of a peer of ours was not handed on. */
  bounced({ room, from, to, code }: Ordered & { type: "bounce" }): void {
    const peer = this.#options.host.rooms.get(room)?.occupant(from);
    if (isHere(peer)) peer.bounce(code, to);
  }

  /** Tells whoever sent a signal that it was not handed on. */
  #bounce(
    neighbour: Neighbour,
    room: string,
    { to, frame, code }: { to: string; frame: string; code: FaultCode },
  ): void {
    const { host, neighbours } = this.#options;
    const from = senderOf(frame);
    if (from === undefined) return;
    // It may have come by another node than that of the sender.
    const node = host.rooms.get(room)?.occupant(from)?.node ?? neighbour.name;
    neighbours.get(node)?.send({ type: "bounce", room, from, to, code });
  }
}

/** Who sent a signal, as its server has written it: the data behind may be no JSON. */
function senderOf(frame: string): string | undefined {
  const [, literal] =
    /^\{"type":"signal","from":("(?:[^"\\]|\\.)*")/.exec(frame) ?? [];
  return literal === undefined ? undefined : JSON.parse(literal);
}
