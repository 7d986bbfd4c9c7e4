/**
 * Our server, as `server/main.ts` runs it, but for limits that no load reaches:
 * every check of a limit is made and costs what it costs.
 *
 * @module
 */
import { LIMITS } from "../../protocol.ts";
import { publicStun, serve } from "../../server/mod.ts";

const limits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, limit]) => [name, limit * 1000]),
);
const server = serve({
  port: 0,
  hostname: "127.0.0.1",
  turn: publicStun([]),
  limits,
});
console.log(`127.0.0.1:${server.addr.port}`);
for await (const _ of Deno.stdin.readable);
Deno.exit();
