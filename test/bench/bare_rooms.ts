/** Rooms whose frames are forwarded as they are. Nobody is told who left. */
export class BareRooms {
  readonly #rooms = new Map<string, Map<string, WebSocket>>();

  /**
   * Takes a socket in, by the path of its request.
   *
   * - `/pair/ROOM`: a room for two; a frame goes to the other socket.
   * - `/mesh/ROOM/ID`: an id has two characters. The first frame to a newcomer
   *   lists who is there, without anything between them. A frame starts with the
   *   id it is for: the cheapest routing there is, and cheaper for the pages than
   *   a broadcast that seven of eight throw away.
   */
  accept(request: Request): Response {
    const { socket, response } = Deno.upgradeWebSocket(request);
    this.#join(socket, new URL(request.url).pathname.split("/"));
    return response;
  }

  #join(
    socket: WebSocket,
    [, kind, name = "", id = crypto.randomUUID()]: string[],
  ): void {
    const room = this.#rooms.get(name) ?? new Map<string, WebSocket>();
    this.#rooms.set(name, room);
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
      if (room.size === 0) this.#rooms.delete(name);
    };
  }
}
