/**
 * Our server, as `server/main.ts` runs it, but for limits that no load reaches:
 * every check of a limit is made and costs what it costs. Takes the limits that
 * differ as JSON; without it none is reached.
 *
 * @module
 */
import { LIMITS } from "../../protocol.ts";
import { publicStun, serve } from "../../server/mod.ts";

const [given] = Deno.args;
const limits = given === undefined
  ? Object.fromEntries(
    Object.entries(LIMITS).map(([name, limit]) => [name, limit * 1000]),
  )
  : JSON.parse(given);
const server = serve({
  port: 0,
  hostname: "127.0.0.1",
  turn: publicStun([]),
  limits,
});
console.log(`127.0.0.1:${server.addr.port}`);
for await (const _ of Deno.stdin.readable);
Deno.exit();
