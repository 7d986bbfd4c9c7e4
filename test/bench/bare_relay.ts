/**
 * The floor of every signaling server on Deno: it forwards text frames as they
 * are and reads none of them. No limits, no names stamped, nobody told who left.
 *
 * - `/pair/ROOM`: a room for two; a frame goes to the other socket.
 * - `/mesh/ROOM/ID`: an id has two characters. The first frame to a newcomer
 *   lists who is there, without anything between them. A frame starts with the
 *   id it is for: the cheapest routing there is, and cheaper for the pages than
 *   a broadcast that seven of eight throw away.
 *
 * @module
 */
const rooms = new Map<string, Map<string, WebSocket>>();

function join(
  socket: WebSocket,
  [, kind, name = "", id = crypto.randomUUID()]: string[],
): void {
  const room = rooms.get(name) ?? new Map<string, WebSocket>();
  rooms.set(name, room);
  socket.onopen = () => {
    if (kind === "mesh") socket.send([...room.keys()].join(""));
    room.set(id, socket);
  };
  socket.onmessage = kind === "mesh"
    ? ({ data }) => room.get(data.slice(0, 2))?.send(data)
    : ({ data }) => {
      for (const other of room.values()) {
        if (other !== socket) other.send(data);
      }
    };
  socket.onclose = () => {
    room.delete(id);
    if (room.size === 0) rooms.delete(name);
  };
}

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(`127.0.0.1:${port}`),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  join(socket, new URL(request.url).pathname.split("/"));
  return response;
});
for await (const _ of Deno.stdin.readable);
Deno.exit();
