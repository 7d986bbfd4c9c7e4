import { type ServerMessage, SUBPROTOCOL } from "../../protocol.ts";
import type { Ids, Sockets } from "./rallies.ts";
import { RawSocket } from "./raw_socket.ts";

const decoder = new TextDecoder();

/** Opens a room of two on our server, each at a host of its own, and resolves when both know of each other. */
export async function openRoom(
  room: string,
  [a, b]: Ids,
  [hostOfA, hostOfB]: readonly [string, string],
): Promise<Sockets> {
  const first = await enter(hostOfA, room, a);
  await heard(first, "welcome");
  const joined = heard(first, "join");
  const second = await enter(hostOfB, room, b);
  await Promise.all([joined, company(second)]);
  return [first, second];
}

/** Resolves when a socket has heard that it is not alone. Another node may hear of the first one a little later than that. */
function company(socket: RawSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.onText = (payload) => {
      const message: ServerMessage = JSON.parse(decoder.decode(payload));
      const alone = message.type === "welcome" && message.peers.length === 0;
      if (!alone) resolve();
    };
  });
}

/** Opens a socket to a room of our server. */
export function enter(
  host: string,
  room: string,
  id: string,
): Promise<RawSocket> {
  return openRaw(host, `/parties/main/${room}?_pk=${id}`, SUBPROTOCOL);
}

/** Opens a socket. */
export async function openRaw(
  host: string,
  path: string,
  protocol?: string,
): Promise<RawSocket> {
  const { hostname, port } = new URL(`http://${host}`);
  return await RawSocket.open({
    hostname,
    port: Number(port),
    path,
    ...(protocol && { protocol }),
  });
}

/** Resolves when a socket hears a message of that type. */
export function heard(
  socket: RawSocket,
  type: ServerMessage["type"],
): Promise<void> {
  return new Promise((resolve) => {
    socket.onText = (payload) => {
      if (JSON.parse(decoder.decode(payload)).type === type) resolve();
    };
  });
}
