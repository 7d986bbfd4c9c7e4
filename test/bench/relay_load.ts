/**
 * Plays ping-pong in many rooms of two, over our server or over the floor, and
 * reads no frame that it gets. Takes the hosts of both as arguments, and orders
 * such as `ours 1000`, a number of signals, on standard input.
 *
 * @module
 */
import { lines } from "./lines.ts";
import type { Side } from "./measurement.ts";
import { openRaw, openRoom } from "./raw_room.ts";
import { type Ids, Rallies, type Sockets } from "./rallies.ts";

const ROOMS = 200;
const [ours = "", floor = ""] = Deno.args;

async function openFloor(room: number): Promise<Sockets> {
  return [
    await openRaw(floor, `/pair/${room}`),
    await openRaw(floor, `/pair/${room}`),
  ];
}

async function openRallies(
  open: (room: number, ids: Ids) => Promise<Sockets>,
): Promise<Rallies> {
  const rallies = new Rallies();
  for (let room = 0; room < ROOMS; room++) {
    const ids: Ids = [crypto.randomUUID(), crypto.randomUUID()];
    rallies.add(await open(room, ids), ids);
  }
  return rallies;
}

const sides: Readonly<Record<Side, Rallies>> = {
  ours: await openRallies((room, ids) =>
    openRoom(`${room}`, ids, [ours, ours])
  ),
  floor: await openRallies(openFloor),
};
console.log("ready");
for await (const order of lines(Deno.stdin.readable)) {
  const [side, count] = order.split(" ");
  await sides[side as Side].play(Number(count));
  console.log("done");
}
Deno.exit();
