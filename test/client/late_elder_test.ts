import { assertEquals } from "@std/assert";
import type { ClientMessage } from "../../protocol.ts";
import { connectHeadless } from "../support/headless.ts";
import { WELCOME } from "../support/welcome.ts";

/** Where the pair stands of a page that joined at 2 with a peer of whom it is told later, once it has said something. */
async function stateWith(
  joinedAt: number,
  until: "pong" | "signal",
  options: { autoConnect?: boolean } = {},
): Promise<string | undefined> {
  const welcome = { ...WELCOME, id: "b", joinedAt: 2 };
  const peer = { id: "a", joinedAt, presence: null, away: false };
  const over = Promise.withResolvers<void>();
  await using server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: "webrtc.v1",
    });
    socket.onopen = () => {
      socket.send(JSON.stringify(welcome));
      socket.send(JSON.stringify({ type: "join", peer }));
      socket.send(JSON.stringify({ type: "ping" }));
    };
    socket.onmessage = ({ data }) => {
      const message: ClientMessage = JSON.parse(data);
      if (message.type === until) over.resolve();
    };
    return response;
  });
  await using connection = await connectHeadless({
    host: `127.0.0.1:${server.addr.port}`,
    room: "r",
    ...options,
  });
  await over.promise;
  return connection.peers.get("a")?.state;
}

Deno.test("Connection dials a peer of whom it is told later when that came before it, by another node", async () => {
  assertEquals(await stateWith(1, "signal"), "connecting");
});

Deno.test("Connection waits for a newcomer, which dials", async () => {
  assertEquals(await stateWith(3, "pong"), "new");
});

Deno.test("Connection leaves an elder of whom it is told later alone when it shall not dial by itself", async () => {
  assertEquals(await stateWith(1, "pong", { autoConnect: false }), "new");
});
