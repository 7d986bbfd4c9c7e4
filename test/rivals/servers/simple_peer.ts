/**
 * What one writes by hand for simple-peer, which brings no signaling along: at
 * `/ROOM/NAME` a socket hears first who is `here`, then what others send `to` it.
 *
 * @module
 */
const rooms = new Map<string, Map<string, WebSocket>>();

const [hostname = "", port] = Deno.args;
Deno.serve({
  hostname,
  port: Number(port),
  onListen: () => console.log("ready"),
}, (request) => {
  const [, room = "", name = ""] = new URL(request.url).pathname.split("/");
  const { socket, response } = Deno.upgradeWebSocket(request);
  const members = rooms.get(room) ?? new Map<string, WebSocket>();
  rooms.set(room, members);
  socket.onopen = () => {
    const here = [...members.keys()].filter((other) => other !== name);
    socket.send(JSON.stringify({ here }));
    members.set(name, socket);
  };
  socket.onmessage = ({ data }) => {
    const { to, ...frame } = JSON.parse(data);
    members.get(to)?.send(JSON.stringify({ ...frame, from: name }));
  };
  socket.onclose = () => {
    if (members.get(name) === socket) members.delete(name);
  };
  return response;
});
for await (const _ of Deno.stdin.readable);
Deno.exit();
