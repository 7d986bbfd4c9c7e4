import { assertEquals } from "@std/assert";
import { parseServerMessage } from "../../protocol.ts";
import { type Occupant, Room } from "../../server/room.ts";

class Listener implements Occupant {
  readonly heard: unknown[] = [];
  readonly id: string;
  busy = false;

  constructor(id: string) {
    this.id = id;
  }

  deliver(frame: string): void {
    const parsed = parseServerMessage(frame);
    this.heard.push(parsed.ok ? parsed.message : parsed.reason);
  }

  offer(frame: string): boolean {
    if (!this.busy) this.deliver(frame);
    return !this.busy;
  }

  /** What was heard since the last call. */
  news(): unknown[] {
    return this.heard.splice(0);
  }
}

/** A room in which everybody named has joined, in that order, one millisecond apart. */
function roomOf(...ids: string[]): { room: Room; peers: Listener[] } {
  const room = new Room(8);
  const peers = ids.map((id) => new Listener(id));
  peers.forEach((peer, index) => {
    room.claim(peer);
    room.join(peer, 1000 + index);
  });
  for (const peer of peers) peer.news();
  return { room, peers };
}

Deno.test("Room tells the newcomer of everybody and everybody of the newcomer when a peer joins", () => {
  const { room, peers } = roomOf("a", "b");
  const [a, b] = peers as [Listener, Listener];
  room.publish(a, '{"name":"A"}');
  b.news();
  const c = new Listener("c");
  room.claim(c);
  assertEquals(room.join(c, 2000), {
    joinedAt: 2000,
    peers: [
      { id: "a", joinedAt: 1000, presence: '{"name":"A"}', away: false },
      { id: "b", joinedAt: 1001, presence: null, away: false },
    ],
  });
  const peer = { id: "c", joinedAt: 2000, presence: null, away: false };
  assertEquals(a.news(), [{ type: "join", peer }]);
  assertEquals(b.news(), [{ type: "join", peer }]);
  assertEquals(c.news(), []);
});

Deno.test("Room keeps id and place when a seat is claimed, and tells nobody", () => {
  const { room, peers: [a] } = roomOf("a");
  const b = new Listener("b");
  room.claim(b);
  assertEquals(room.refusal("b"), "id-taken");
  assertEquals(room.size, 2);
  assertEquals(room.tell("b", "{}"), "unknown-peer");
  room.leave(b, "lost");
  assertEquals(a?.news(), []);
  assertEquals(room.refusal("b"), undefined);
});

Deno.test("Room refuses when it is full, and takes the next one when somebody left", () => {
  const { room, peers } = roomOf("1", "2", "3", "4", "5", "6", "7", "8");
  assertEquals(room.refusal("9"), "room-full");
  assertEquals(room.refusal(undefined), "room-full");
  room.leave(peers[0] as Listener, "goodbye");
  assertEquals(room.refusal("9"), undefined);
});

Deno.test("Room never makes a newcomer the elder when the clock goes back or stands still", () => {
  const { room } = roomOf("a", "b");
  const c = new Listener("c");
  room.claim(c);
  assertEquals(room.join(c, 5)?.joinedAt, 1002);
});

Deno.test("Room reaches only the addressee when one peer is told something", () => {
  const { room, peers } = roomOf("a", "b", "c");
  const [a, b, c] = peers as [Listener, Listener, Listener];
  const message = { type: "signal", from: "a", data: "hello" };
  assertEquals(room.tell("b", JSON.stringify(message)), undefined);
  assertEquals(a.news(), []);
  assertEquals(b.news(), [message]);
  assertEquals(c.news(), []);
});

for (const to of ["nobody", "__proto__", "constructor", ""]) {
  Deno.test(`Room says so when something is for "${to}", who is not there`, () => {
    const { room } = roomOf("a");
    assertEquals(room.tell(to, "{}"), "unknown-peer");
  });
}

Deno.test("Room leaves the new owner of an id alone when the old one closes late", () => {
  const { room, peers: [old, other] } = roomOf("a", "b");
  room.leave(old as Listener, "lost");
  const next = new Listener("a");
  room.claim(next);
  room.join(next, 3000);
  other?.news();
  room.leave(old as Listener, "lost");
  room.publish(old as Listener, "late");
  assertEquals(other?.news(), []);
  assertEquals(room.refusal("a"), "id-taken");
});

Deno.test("Room tells once when a peer leaves twice", () => {
  const { room, peers: [a, b] } = roomOf("a", "b");
  room.leave(a as Listener, "goodbye");
  room.leave(a as Listener, "lost");
  assertEquals(b?.news(), [{ type: "leave", id: "a", reason: "goodbye" }]);
});

Deno.test("Room joins nobody when the seat was freed meanwhile, or is joined already", () => {
  const { room, peers: [a] } = roomOf("a");
  assertEquals(room.join(a as Listener, 9000), undefined);
  const b = new Listener("b");
  assertEquals(room.join(b, 9000), undefined);
});

Deno.test("Room tells nobody when it is dissolved, nor when its peers leave after that", () => {
  const { room, peers } = roomOf("a", "b");
  const [a, b] = peers as [Listener, Listener];
  room.dissolve();
  room.leave(a, "lost");
  room.leave(b, "lost");
  assertEquals(room.size, 0);
  assertEquals([...a.news(), ...b.news()], []);
});

Deno.test("Room refuses what is for one peer alone when that peer is busy", () => {
  const { room, peers } = roomOf("a", "b");
  const [, b] = peers as [Listener, Listener];
  b.busy = true;
  assertEquals(room.tell("b", "{}"), "peer-busy");
  assertEquals(b.news(), []);
});

Deno.test("Room tells the newcomer of nobody who was dropped while he joined", () => {
  const { room, peers } = roomOf("a", "b");
  const [a, b] = peers as [Listener, Listener];
  // A peer that cannot take another word leaves when it is told one.
  a.deliver = () => room.leave(a, "dropped");
  const c = new Listener("c");
  room.claim(c);
  assertEquals(room.join(c, 2000)?.peers.map(({ id }) => id), ["b"]);
  assertEquals(c.news(), []);
  assertEquals(b.news().length, 2);
});
