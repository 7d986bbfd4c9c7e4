import { assertEquals } from "@std/assert";
import { Neighbour } from "../../../server/cluster/neighbour.ts";
import {
  type Ordered,
  parseNodeFrame,
} from "../../../server/cluster/node_message.ts";
import type { Seated } from "../../../server/cluster/seated.ts";
import { SharedRooms } from "../../../server/cluster/shared_rooms.ts";
import { Room } from "../../../server/room.ts";

/** A room of this node and two others, and what each of those is told. */
function twoOthers() {
  const room = new Room<Seated>(8);
  const neighbours = new Map<string, Neighbour>();
  const told = new Map<string, Ordered["type"][]>();
  let epoch = 0;
  const rooms: SharedRooms = new SharedRooms({
    host: {
      rooms: new Map([["r", room]]),
      yield: () => Promise.resolve({ yielded: "seat" }),
      adopt() {},
    },
    neighbours,
    send: () => true,
    drop() {},
    onConflict() {},
    onLeft() {},
  });
  for (const name of ["1", "2"]) {
    const heard: Ordered["type"][] = [];
    told.set(name, heard);
    const neighbour: Neighbour = new Neighbour({
      name,
      own: "0",
      link: {
        send: (_, frame) => {
          const message = parseNodeFrame(frame)?.message;
          if (message) heard.push(message.type as Ordered["type"]);
        },
      },
      nextEpoch: () => ++epoch,
      state: () => rooms.state(neighbour),
      onMessage() {},
      onLost() {},
      onFound() {},
    });
    neighbours.set(name, neighbour);
  }
  const place = (node: string) =>
    rooms.place(room, "r", {
      member: {
        id: "x",
        joinedAt: 1,
        presence: null,
        away: false,
        sequence: 1,
      },
      node,
      anew: false,
    });
  const node = (name: string) => {
    const neighbour = neighbours.get(name);
    if (!neighbour) throw new Error(`There is no node ${name}`);
    return neighbour;
  };
  return { rooms, room, node, place, told };
}

Deno.test("SharedRooms asks again for what a node has still to hand on, when the stream there begins anew", () => {
  const { node, place, told } = twoOthers();
  place("1");
  place("2");
  assertEquals(told.get("1"), ["fence"]);
  node("1").begin();
  assertEquals(told.get("1"), ["fence", "rooms", "fence"]);
});

Deno.test("SharedRooms asks again for what a node has still to hand on, when the stream from there begins anew", () => {
  const { rooms, node, place, told } = twoOthers();
  place("1");
  place("2");
  const message = { type: "rooms", rooms: ["r"], first: true, last: true };
  rooms.list(node("1"), message as Ordered & { type: "rooms" });
  assertEquals(told.get("1"), ["fence", "members", "fence"]);
  // One that was asked for before is none of this.
  rooms.fenced(node("1"), { type: "fenced", room: "r", id: "x", number: 0 });
  rooms.list(node("1"), message as Ordered & { type: "rooms" });
  assertEquals(told.get("1")?.slice(3), ["members", "fence"]);
  rooms.fenced(node("1"), { type: "fenced", room: "r", id: "x", number: 1 });
  rooms.list(node("1"), message as Ordered & { type: "rooms" });
  assertEquals(told.get("1")?.slice(5), ["members"]);
});
