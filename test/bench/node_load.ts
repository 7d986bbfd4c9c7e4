/**
 * Plays ping-pong in rooms of two at groups of nodes. Takes the groups as JSON,
 * {@linkcode Groups}, and orders on standard input: the name of one, a number of
 * signals, and in how many rooms at once, as `floor 1000 200`. Answers each with
 * the milliseconds that it took.
 *
 * @module
 */
import { lines } from "./lines.ts";
import { type Ids, Rallies } from "./rallies.ts";
import { openRoom } from "./raw_room.ts";

/** By name, the hosts at which the two peers of a room are, a pair for each room in turn. */
export type Groups = Readonly<
  Record<string, readonly (readonly [string, string])[]>
>;

const ROOMS = 200;

async function openRallies(pairs: Groups[string]): Promise<Rallies> {
  const rallies = new Rallies();
  const name = crypto.randomUUID();
  for (let room = 0; room < ROOMS; room++) {
    const ids: Ids = [crypto.randomUUID(), crypto.randomUUID()];
    const hosts = pairs[room % pairs.length] ?? ["", ""];
    rallies.add(await openRoom(`${name}-${room}`, ids, hosts), ids);
  }
  return rallies;
}

const groups = new Map<string, Rallies>();
const given: Groups = JSON.parse(Deno.args[0] ?? "");
for (const [name, pairs] of Object.entries(given)) {
  groups.set(name, await openRallies(pairs));
}
console.log("ready");
for await (const order of lines(Deno.stdin.readable)) {
  const [name = "", count, rooms] = order.split(" ");
  const startedAt = performance.now();
  await groups.get(name)?.play(Number(count), Number(rooms));
  console.log(performance.now() - startedAt);
}
Deno.exit();
