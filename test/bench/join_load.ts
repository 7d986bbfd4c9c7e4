/**
 * Fills rooms with peers that say nothing, and lets visitors join and leave
 * them. Takes hosts as arguments, which everybody comes to in turn, and orders
 * on standard input: `fill 10 3`, so many rooms and peers in each; `visit 100`,
 * so many visits, room by room.
 *
 * @module
 */
import { CLOSE } from "../../protocol.ts";
import { lines } from "./lines.ts";
import { enter, heard } from "./raw_room.ts";
import type { RawSocket } from "./raw_socket.ts";

const hosts = Deno.args;
/** How many come at once. */
const LANES = 10;

interface Room {
  readonly name: string;
  readonly residents: RawSocket[];
}

let rooms: Room[] = [];
let seats = 0;

/** A socket that was welcomed, at the next host. */
async function come({ name }: Room): Promise<RawSocket> {
  const host = hosts[seats++ % hosts.length] ?? "";
  const socket = await enter(host, name, crypto.randomUUID());
  await heard(socket, "welcome");
  socket.onText = () => {};
  return socket;
}

/** Says goodbye, and resolves when the server has ended the connection. */
function leave(socket: RawSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.onEnd = () => resolve();
    socket.close(CLOSE.goodbye);
  });
}

/** Comes and goes, and resolves when all of the others have heard of that. */
async function visit(room: Room | undefined): Promise<void> {
  if (!room) return;
  const told = room.residents.map((resident) => heard(resident, "leave"));
  await leave(await come(room));
  await Promise.all(told);
}

/** The rooms, so that those of different lanes can be busy at once: in one room visitors come one after the other. */
function lanes(): Room[][] {
  return rooms.slice(0, LANES).map((_, lane) =>
    rooms.filter((_, i) => i % LANES === lane)
  );
}

/** Lets everybody come who lives in a room. */
async function fill(room: Room, count: number): Promise<void> {
  while (room.residents.length < count) room.residents.push(await come(room));
}

for await (const order of lines(Deno.stdin.readable)) {
  const [what, count, residents] = order.split(" ");
  switch (what) {
    case "fill":
      rooms = Array.from({ length: Number(count) }, () => ({
        name: crypto.randomUUID(),
        residents: [],
      }));
      await Promise.all(
        lanes().map(async (lane) => {
          for (const room of lane) await fill(room, Number(residents));
        }),
      );
      break;
    case "visit": {
      const each = Number(count) / lanes().length;
      await Promise.all(
        lanes().map(async (lane) => {
          for (let i = 0; i < each; i++) await visit(lane[i % lane.length]);
        }),
      );
      break;
    }
    default:
      throw new Error(`Cannot ${what}`);
  }
  console.log("done");
}
Deno.exit();
