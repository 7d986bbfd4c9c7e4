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
  assertEquals(room.join(c, 2000), 2000);
  assertEquals(room.others("c"), [
    { id: "a", joinedAt: 1000, presence: '{"name":"A"}', away: false },
    { id: "b", joinedAt: 1001, presence: null, away: false },
  ]);
  const peer = { id: "c", joinedAt: 2000, presence: null, away: false };
  assertEquals(a.news(), [{ type: "join", peer }]);
  assertEquals(b.news(), [{ type: "join", peer }]);
  assertEquals(c.news(), []);
});

Deno.test("Room keeps id and place when a seat is claimed, and tells nobody", () => {
  const { room, peers: [a] } = roomOf("a");
  const b = new Listener("b");
  room.claim(b);
  assertEquals(room.occupant("b"), b);
  assertEquals(room.others("a"), []);
  assertEquals(room.size, 2);
  assertEquals(room.tell("b", "{}"), "unknown-peer");
  room.leave(b, "lost");
  assertEquals(a?.news(), []);
  assertEquals(room.occupant("b"), undefined);
});

Deno.test("Room is full until somebody leaves", () => {
  const { room, peers } = roomOf("1", "2", "3", "4", "5", "6", "7", "8");
  assertEquals(room.full, true);
  room.leave(peers[0] as Listener, "goodbye");
  assertEquals(room.full, false);
});

Deno.test("Room never makes a newcomer the elder when the clock goes back or stands still", () => {
  const { room } = roomOf("a", "b");
  const c = new Listener("c");
  room.claim(c);
  assertEquals(room.join(c, 5), 1002);
});

Deno.test("Room lets a peer in at the time it joined another server, and newcomers after it", () => {
  const { room, peers: [a] } = roomOf("a");
  const b = new Listener("b");
  room.claim(b);
  assertEquals(room.join(b, 2000, 5000), 5000);
  // What it publishes was said elsewhere; others may know it.
  const peer = { id: "b", joinedAt: 5000, away: false };
  assertEquals(a?.news(), [{ type: "join", peer }]);
  assertEquals(room.others("a"), [peer]);
  const c = new Listener("c");
  room.claim(c);
  assertEquals(room.join(c, 2001), 5001);
});

Deno.test("Room tells that a restored peer publishes nothing, since others may know better", () => {
  const { room, peers: [a] } = roomOf("a");
  const b = new Listener("b");
  room.claim(b);
  room.join(b, 2000, 1500);
  a?.news();
  room.publish(b, null);
  assertEquals(a?.news(), [{ type: "presence", id: "b", presence: null }]);
  room.publish(b, null);
  assertEquals(a?.news(), [], "the second time it is no news");
});

Deno.test("Room tells once when a peer is away, once when it is back, and the newcomer in between", () => {
  const { room, peers } = roomOf("a", "b");
  const [a, b] = peers as [Listener, Listener];
  assertEquals([room.away(b), room.away(b)], [true, false]);
  assertEquals(a.news(), [{ type: "away", id: "b" }]);
  assertEquals(room.others("a")[0]?.away, true);
  assertEquals([room.back(b), room.back(b)], [true, false]);
  assertEquals(a.news(), [{ type: "back", id: "b" }]);
  assertEquals(room.others("a")[0]?.away, false);
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
  room.away(old as Listener);
  assertEquals(other?.news(), []);
  assertEquals(room.occupant("a"), next);
});

Deno.test("Room tells once when a peer leaves twice", () => {
  const { room, peers: [a, b] } = roomOf("a", "b");
  room.leave(a as Listener, "goodbye");
  room.leave(a as Listener, "lost");
  assertEquals(b?.news(), [{ type: "leave", id: "a", reason: "goodbye" }]);
});

Deno.test("Room tells nobody of anybody when it is silent, and goes on with signals", () => {
  const { room, peers } = roomOf("a", "b", "c");
  const [a, b, c] = peers as [Listener, Listener, Listener];
  room.silence();
  room.away(a);
  room.publish(a, "x");
  room.leave(a, "lost");
  assertEquals([...b.news(), ...c.news()], []);
  const message = { type: "signal", from: "b", data: "x" };
  assertEquals(room.tell("c", JSON.stringify(message)), undefined);
  assertEquals(c.news(), [message]);
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
  room.join(c, 2000);
  assertEquals(room.others("c").map(({ id }) => id), ["b"]);
  assertEquals(c.news(), []);
  assertEquals(b.news().length, 2);
});

/** A peer of another node. */
class Stranger extends Listener {
  readonly node: string;

  constructor(id: string, node: string) {
    super(id);
    this.node = node;
  }
}

Deno.test("Room tells of a membership that goes on elsewhere only what is news", () => {
  const { room, peers: [a] } = roomOf("a");
  const member = { id: "b", joinedAt: 5, presence: "x", away: false };
  room.place(new Stranger("b", "1"), member);
  assertEquals(a?.news(), [{ type: "join", peer: member }]);
  room.place(new Stranger("b", "2"), { ...member, away: true });
  assertEquals(a?.news(), [{ type: "away", id: "b" }]);
  assertEquals(room.occupant("b")?.node, "2");
  const next = { ...member, presence: "y" };
  room.place(new Stranger("b", "3"), next);
  assertEquals(a?.news(), [
    { type: "presence", id: "b", presence: "y" },
    { type: "back", id: "b" },
  ]);
  // Whoever signaled it before must do so again.
  room.place(new Stranger("b", "4"), next, true);
  assertEquals(a?.news(), [{ type: "join", peer: next }]);
});

Deno.test("Room tells that a peer has left when another membership of its id is placed", () => {
  const { room, peers: [a] } = roomOf("a");
  const member = { id: "b", joinedAt: 5, presence: null, away: false };
  room.place(new Stranger("b", "1"), member);
  a?.news();
  const other = { ...member, joinedAt: 6 };
  room.place(new Stranger("b", "2"), other);
  assertEquals(a?.news(), [
    { type: "leave", id: "b", reason: "lost" },
    { type: "join", peer: other },
  ]);
});

Deno.test("Room tells nodes of those who are here, and of nobody else", () => {
  const told: unknown[] = [];
  const room = new Room(8, (event, anew) => told.push([event.type, anew]));
  const a = new Listener("a");
  const member = { id: "b", joinedAt: 5, presence: null, away: false };
  room.claim(a);
  room.join(a, 1);
  room.place(new Stranger("b", "1"), member);
  assertEquals(told.splice(0), [["join", false]]);
  assertEquals(room.deserted, false);
  // It comes here, where all that was signaled to it is known.
  room.place(new Listener("b"), member);
  // And once more, after its node was lost.
  room.place(new Listener("b"), member, true);
  assertEquals(told.splice(0), [["join", false], ["join", true]]);
  room.leave(a, "goodbye");
  room.place(new Stranger("b", "1"), member);
  assertEquals(told, [["leave", false]]);
  assertEquals(room.deserted, true);
});
