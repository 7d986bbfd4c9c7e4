/**
 * The floor of every signaling server on Deno: it forwards text frames as they
 * are and reads none of them. No limits, no names stamped, nobody told who left.
 *
 * @module
 */
import { BareRooms } from "./bare_rooms.ts";

const rooms = new BareRooms();
Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(`127.0.0.1:${port}`),
}, (request) => rooms.accept(request));
for await (const _ of Deno.stdin.readable);
Deno.exit();
