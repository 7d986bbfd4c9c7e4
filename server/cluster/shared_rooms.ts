import { atMost } from "../at_most.ts";
import type { Room, RoomEvent } from "../room.ts";
import type { ClusterHost } from "./cluster_host.ts";
import type { Neighbour } from "./neighbour.ts";
import type { Ordered, PlacedMember } from "./node_message.ts";
import { RemotePeer, type RemotePeerOptions } from "./remote_peer.ts";
import { isHere, type LocalPeer, type Seated } from "./seated.ts";

/** How long other nodes may take to tell who is in a room. */
const MEMBERS_MS = 1_000;
/** Rooms that are listed in one message: NATS takes a megabyte, and a name can be 128 characters. */
const LISTED = 1_000;

/** A peer of another node, and how it got there. */
export interface Placed {
  /** What is known of it. */
  readonly member: PlacedMember;
  /** Name of the node. */
  readonly node: string;
  /** Whether what was signaled to it at another node may be lost. */
  readonly anew: boolean;
}

/** What shared rooms need. */
export interface SharedRoomsOptions {
  /** Has the rooms. */
  readonly host: ClusterHost;
  /** The nodes that are known. */
  readonly neighbours: ReadonlyMap<string, Neighbour>;
  /** Sends an encoded signal to the node of a peer; `false` when much waits already. */
  readonly send: RemotePeerOptions["send"];
  /** An encoded signal that was taken is not sent. */
  readonly drop: RemotePeerOptions["drop"];
  /** Another node has a peer by the id of one of ours. */
  readonly onConflict: (key: string, peer: LocalPeer) => void;
  /** A peer has left another node for good. */
  readonly onLeft: (key: string, id: string, node: string) => void;
}

/** The rooms that span nodes: each node tells the others who of its own is where, and takes their word for theirs. */
export class SharedRooms {
  readonly #options: SharedRoomsOptions;
  /** Rooms whose peers at other nodes are not all known yet, and of which nodes. */
  readonly #pending = new Map<
    string,
    { readonly nodes: Set<string>; readonly done: PromiseWithResolvers<void> }
  >();

  /** Tells nothing yet. */
  constructor(options: SharedRoomsOptions) {
    this.#options = options;
  }

  /** Tells the others that there is somebody in a room now, which lets them tell who is there. */
  enter(key: string): void {
    const nodes = new Set<string>();
    for (const neighbour of this.#options.neighbours.values()) {
      neighbour.send({ type: "watch", room: key });
      if (!neighbour.lost && neighbour.rooms.has(key)) {
        nodes.add(neighbour.name);
      }
    }
    if (nodes.size === 0) return;
    this.#pending.set(key, { nodes, done: Promise.withResolvers<void>() });
  }

  /** Tells the others that there is nobody in a room any more. */
  leave(key: string): void {
    for (const neighbour of this.#options.neighbours.values()) {
      neighbour.send({ type: "unwatch", room: key });
    }
  }

  /** Resolves when all others have told who is in a room, or take too long; with whether they have. */
  async complete(key: string): Promise<boolean> {
    const pending = this.#pending.get(key);
    if (pending) await atMost(MEMBERS_MS, pending.done.promise);
    return !this.#pending.has(key);
  }

  /** Waits no longer to be told who is in a room, or in any. */
  giveUp(key?: string): void {
    for (const [each, { done }] of this.#pending) {
      if (key !== undefined && each !== key) continue;
      this.#pending.delete(each);
      done.resolve();
    }
  }

  /** Tells those who have peers in a room what happened to one that is here. */
  tell(key: string, event: RoomEvent, anew = false): void {
    const { host, neighbours } = this.#options;
    const id = event.type === "join" ? event.peer.id : event.id;
    const sequence = host.rooms.get(key)?.occupant(id)?.sequence ?? 0;
    for (const neighbour of neighbours.values()) {
      if (!neighbour.rooms.has(key)) continue;
      neighbour.send({ type: "event", room: key, event, sequence, anew });
    }
  }

  /** All that a node has to know. */
  *state({ name, rooms }: Neighbour): Iterable<Ordered> {
    const { host } = this.#options;
    yield* listed([...host.rooms.keys()]);
    for (const key of rooms) {
      const room = host.rooms.get(key);
      if (room) yield* membersOf(key, room);
    }
    yield* this.#fences(name);
  }

  /** A node says in which rooms it has somebody. */
  list(neighbour: Neighbour, message: Ordered & { type: "rooms" }): void {
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
    // Its answers may have been lost.
    for (const fence of this.#fences(name)) neighbour.send(fence);
  }

  /** A node has somebody in a room now. */
  watch(neighbour: Neighbour, key: string): void {
    neighbour.rooms.add(key);
    this.#introduce(neighbour, key);
  }

  /** A node has nobody in a room any more. */
  unwatch({ rooms, name }: Neighbour, key: string): void {
    rooms.delete(key);
    this.#arrived(key, name);
    const room = this.#options.host.rooms.get(key);
    if (room) this.#clear(room, name);
  }

  /** A node has told who of its own is in a room: there are no others. */
  members(
    { name }: Neighbour,
    { room: key, ids }: Ordered & { type: "members" },
  ): void {
    const room = this.#options.host.rooms.get(key);
    if (!room) return;
    this.#clear(room, name, new Set(ids));
    this.#arrived(key, name);
  }

  /** Something happened to a peer of another node. */
  apply(
    { name }: Neighbour,
    { room: key, event, sequence, anew }: Ordered & { type: "event" },
  ): void {
    const { host, onLeft } = this.#options;
    if (event.type === "leave") onLeft(key, event.id, name);
    const room = host.rooms.get(key);
    if (!room) return;
    if (event.type === "join") {
      const member = { ...event.peer, sequence };
      return this.place(room, key, { member, node: name, anew });
    }
    const peer = room.occupant(event.id);
    // It has moved since, or was ours all the time.
    if (!(peer instanceof RemotePeer) || peer.node !== name) return;
    switch (event.type) {
      case "leave":
        room.leave(peer, event.reason);
        return this.#recall(peer);
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
  place(room: Room<Seated>, key: string, placed: Placed): void {
    const { neighbours, onConflict } = this.#options;
    const { member: { sequence, ...member }, node, anew } = placed;
    const seated = room.occupant(member.id);
    // Either what it says is late, or there are two.
    if (isHere(seated)) return onConflict(key, seated);
    const known = room.member(member.id);
    let peer: RemotePeer;
    if (seated && known?.joinedAt === member.joinedAt) {
      peer = seated;
      // The word of a node that it has left since.
      const isLate = sequence < peer.sequence && peer.node !== node &&
        neighbours.get(peer.node)?.lost === false;
      if (isLate) return;
      peer.told = true;
      if (peer.node !== node) peer.move(node, anew);
      peer.sequence = sequence;
    } else {
      const { id, joinedAt } = member;
      peer = this.remotePeer({ room: key, id, joinedAt, node, sequence });
      // Which of them is late, or will give way, is not known here.
      if (seated) peer.rivals = [seated.node, ...seated.rivals];
    }
    peer.away = member.away;
    const away = member.away || (neighbours.get(node)?.lost ?? true);
    room.place(peer, { ...member, away }, anew);
  }

  /** A peer that a node has. */
  remotePeer(
    options: Omit<RemotePeerOptions, "send" | "drop" | "fence">,
  ): RemotePeer {
    const { neighbours, send, drop } = this.#options;
    return new RemotePeer({
      ...options,
      send,
      drop,
      fence: ({ room, id, fence: number }, node) => {
        const before = neighbours.get(node);
        if (!before || before.lost) return false;
        before.send({ type: "fence", room, id, number });
        return true;
      },
    });
  }

  /** A node has handed on what it had for a peer that has left it. */
  fenced(
    { name }: Neighbour,
    { room, id, number }: Ordered & { type: "fenced" },
  ): void {
    const peer = this.#options.host.rooms.get(room)?.occupant(id);
    // It may have been asked twice.
    if (peer instanceof RemotePeer && peer.fence === number) peer.fenced(name);
  }

  /** A node is not heard any more: its peers are away, and nothing comes of it. */
  lose(node: string): void {
    for (const [room, peer] of this.#remotePeers()) {
      peer.fenced(node);
      if (peer.node === node) room.away(peer);
    }
    for (const key of [...this.#pending.keys()]) this.#arrived(key, node);
  }

  /** A node is heard again. */
  find(node: string): void {
    for (const [room, peer] of this.#remotePeers()) {
      if (peer.node === node && !peer.away) room.back(peer);
    }
  }

  /** A node does not come back: those of its peers who have not come back are gone. */
  forget(node: string): void {
    for (const [room, peer] of [...this.#remotePeers()]) {
      if (peer.node !== node) continue;
      room.leave(peer, "lost");
      this.#recall(peer);
    }
  }

  /** What a node was asked to tell, and has not told. */
  *#fences(node: string): Iterable<Ordered> {
    for (
      const [, { room, id, waitsFor, fence: number }] of this.#remotePeers()
    ) {
      if (waitsFor === node) yield { type: "fence", room, id, number };
    }
  }

  *#remotePeers(): Iterable<[Room<Seated>, RemotePeer]> {
    for (const room of this.#options.host.rooms.values()) {
      for (const seated of room.occupants) {
        if (seated instanceof RemotePeer) yield [room, seated];
      }
    }
  }

  /** Removes the peers of a node from a room, but for some. */
  #clear(
    room: Room<Seated>,
    node: string,
    except: ReadonlySet<string> = new Set(),
  ): void {
    for (const seated of room.occupants) {
      // One that was given to it may still be on its way there.
      const isIts = seated instanceof RemotePeer && seated.node === node &&
        seated.told;
      if (!isIts || except.has(seated.id)) continue;
      room.leave(seated, "lost");
      this.#recall(seated);
    }
  }

  /** A peer has left whose seat others wanted: their nodes tell again who is there. */
  #recall({ room, node, rivals }: RemotePeer): void {
    for (const rival of new Set(rivals)) {
      if (rival === node) continue;
      this.#options.neighbours.get(rival)?.send({ type: "watch", room });
    }
  }

  /** Tells another node who is here in a room. */
  #introduce(neighbour: Neighbour, key: string): void {
    const room = this.#options.host.rooms.get(key);
    // It waits to be told, also where others believe that somebody is here still.
    if (!room) return neighbour.send({ type: "members", room: key, ids: [] });
    for (const message of membersOf(key, room)) neighbour.send(message);
  }

  /** A node has told who is in a room, or never will. */
  #arrived(key: string, node: string): void {
    const nodes = this.#pending.get(key)?.nodes;
    nodes?.delete(node);
    if (nodes?.size === 0) this.giveUp(key);
  }
}

/** All rooms, in messages that every engine takes. */
function* listed(keys: readonly string[]): Iterable<Ordered> {
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
function* membersOf(key: string, room: Room<Seated>): Iterable<Ordered> {
  const ids: string[] = [];
  for (const { id, node, sequence } of room.occupants) {
    const peer = node === undefined ? room.member(id) : undefined;
    if (!peer) continue;
    ids.push(id);
    const event = { type: "join", peer } as const;
    yield { type: "event", room: key, event, sequence, anew: false };
  }
  yield { type: "members", room: key, ids };
}
