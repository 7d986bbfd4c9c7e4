import {
  LIMITS,
  parseClientMessage,
  type ServerMessage,
} from "../../protocol.ts";

/** What goes wrong, by the number of the signal that it happens to. */
const MISHAPS: Readonly<
  Record<number, "lose" | "repeat" | "keep" | "hang up">
> = {
  10: "lose",
  20: "repeat",
  30: "keep",
  40: "hang up",
};

/**
 * A signaling server that lets everybody in and is no good: of the signals it
 * loses one, repeats one, delivers one after the next to the same peer, and
 * ends the socket of one that speaks.
 */
export function startCarelessServer(): Deno.HttpServer<Deno.NetAddr> {
  const rooms = new Map<string, Map<string, WebSocket>>();
  const kept: { to: string; frame: string }[] = [];
  let signals = 0;

  function relay(room: Map<string, WebSocket>, from: string, data: unknown) {
    const parsed = parseClientMessage(data);
    if (!parsed.ok || parsed.message.type !== "signal") return;
    const { to } = parsed.message;
    const receiver = room.get(to);
    const frame = encode({ type: "signal", from, data: parsed.message.data });
    const mishap = MISHAPS[++signals];
    if (mishap === "keep") kept.push({ to: from + to, frame });
    if (mishap === "hang up") room.get(from)?.close(4500);
    if (mishap === "lose" || mishap === "keep") return;
    receiver?.send(frame);
    if (mishap === "repeat") receiver?.send(frame);
    const late = kept.findIndex((each) => each.to === from + to);
    for (const { frame } of late < 0 ? [] : kept.splice(late, 1)) {
      receiver?.send(frame);
    }
  }

  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const { pathname, searchParams } = new URL(request.url);
      const id = searchParams.get("_pk") ?? "";
      const room = rooms.get(pathname) ?? new Map<string, WebSocket>();
      rooms.set(pathname, room);
      const { socket, response } = Deno.upgradeWebSocket(request, {
        protocol: "webrtc.v1",
      });
      socket.onopen = () => {
        const self = { id, joinedAt: 1, away: false };
        for (const other of room.values()) {
          other.send(encode({ type: "join", peer: self }));
        }
        socket.send(welcome(id, [...room.keys()]));
        room.set(id, socket);
      };
      socket.onmessage = ({ data }) => relay(room, id, data);
      return response;
    },
  );
}

function welcome(id: string, others: readonly string[]): string {
  return encode({
    type: "welcome",
    version: 1,
    id,
    joinedAt: 1,
    peers: others.map((id) => ({ id, joinedAt: 1, away: false })),
    iceServers: [],
    iceExpiresAt: null,
    turn: "none",
    resume: "token",
    session: "new",
    seen: 0,
    sent: 0,
    limits: LIMITS,
  });
}

function encode(message: ServerMessage): string {
  return JSON.stringify(message);
}
