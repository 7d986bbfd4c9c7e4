/**
 * Our server, as `server/main.ts` runs it, but for limits that no load reaches.
 * Takes the limits that differ as JSON; without it none is reached.
 *
 * @module
 */
import { publicStun, serve } from "../../server/mod.ts";
import { unreachedLimits } from "./unreached_limits.ts";

const [given] = Deno.args;
const server = serve({
  port: 0,
  hostname: "127.0.0.1",
  turn: publicStun([]),
  limits: given === undefined ? unreachedLimits() : JSON.parse(given),
});
console.log(`127.0.0.1:${server.addr.port}`);
for await (const _ of Deno.stdin.readable);
Deno.exit();
