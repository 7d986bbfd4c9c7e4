/**
 * Everything that pages in the network lab need, at the one port that passes
 * its narrowest network: the pages, our server, and the bare rooms of the
 * floor. Takes the address, and as JSON the options of `coturn`.
 *
 * @module
 */
import { coturn } from "../../server/coturn.ts";
import { Server } from "../../server/mod.ts";
import { BareRooms } from "./bare_rooms.ts";
import { CONNECTING, contenderPages } from "./contender_pages.ts";
import { unreachedLimits } from "./unreached_limits.ts";

const [hostname = "", turn = ""] = Deno.args;
const pages = await contenderPages(CONNECTING);
const rooms = new BareRooms();
const server = new Server({
  turn: coturn(JSON.parse(turn)),
  limits: unreachedLimits(),
});
Deno.serve({
  port: 443,
  hostname,
  onListen: ({ port }) => console.log(`${hostname}:${port}`),
}, (request, info) => {
  const { pathname } = new URL(request.url);
  return pathname.startsWith("/pair/")
    ? rooms.accept(request)
    : pages(pathname) ?? server.fetch(request, info);
});
for await (const _ of Deno.stdin.readable);
Deno.exit();
