import { assertEquals } from "@std/assert";
import type { Wanted } from "../../server/lobby.ts";
import { FakeTime } from "../support/fake_time.ts";
import { knock } from "../support/knock.ts";
import { openByHand } from "../support/open_by_hand.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { simulatedServer, SimulatedSocket } from "../support/simulated_room.ts";
import { startServer } from "../support/start_server.ts";

const WANTED: Wanted = {
  key: "main\0r",
  id: "peer",
  address: "198.51.100.1",
  token: undefined,
  seen: 0,
};

/** A seat in a new room, given to a socket that has not opened. */
function seatOf(time: FakeTime) {
  const { lobby } = simulatedServer(() => time.passed + 1);
  const grant = lobby.find(WANTED);
  if (grant.to === "refuse") throw new Error(grant.code);
  const socket = new SimulatedSocket(() => {});
  lobby.give(grant, WANTED, socket as unknown as WebSocket);
  return { lobby, socket };
}

Deno.test("Lobby frees a seat whose socket never opens, of which Deno says nothing when its client vanished in time", () => {
  using time = new FakeTime();
  const { lobby } = seatOf(time);
  assertEquals(lobby.status, {
    rooms: 1,
    peers: 1,
    sessions: { opening: 1, live: 0, away: 0 },
  });
  time.pass(10_000);
  assertEquals(lobby.status, {
    rooms: 0,
    peers: 0,
    sessions: { opening: 0, live: 0, away: 0 },
  });
  assertEquals(time.timers, 0);
});

Deno.test("Lobby closes a socket that opens after it was given up", () => {
  using time = new FakeTime();
  const { socket } = seatOf(time);
  time.pass(10_000);
  socket.open();
  assertEquals(socket.readyState, WebSocket.CLOSING);
});

Deno.test("Server refuses an address that does not let go of the sockets that were closed for it", async () => {
  await using server = startServer({
    limits: { socketsPerAddress: 2, frameBurst: 1, framesPerSecond: 1 },
  });
  await using stack = new AsyncDisposableStack();
  for (let index = 0; index < 2; index++) {
    // Is dropped for a bad frame, and never answers the close.
    const conn = stack.adopt(
      await openByHand(server.url, "r", `zombie-${index}`),
      (conn) => conn.close(),
    );
    const buffer = new Uint8Array(4_096);
    await conn.read(buffer);
    // A masked binary frame of nothing (RFC 6455 §5.2).
    await conn.write(new Uint8Array([0x82, 0x80, 1, 2, 3, 4]));
    for (let text = ""; !text.includes("not-a-message");) {
      const read = await conn.read(buffer) ?? 0;
      text += new TextDecoder("latin1").decode(buffer.subarray(0, read));
    }
  }
  assertEquals(
    await knock(server.url, { room: "r" }),
    { status: 429, code: "too-many-sockets" },
  );
  await stack.disposeAsync();
  // As soon as the connections are gone, others may come.
  let status = 429;
  while (status === 429) {
    status = (await knock(server.url, { room: "r" })).status;
  }
  assertEquals(status, 101);
});

Deno.test("serve stops within seconds when a request never ends", async () => {
  const server = startServer();
  const peer = await RawPeer.join(server.url, "r");
  const { hostname, port } = new URL(server.url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  const half = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf";
  await conn.write(new TextEncoder().encode(half));
  await conn.read(new Uint8Array(1_024));
  const closing = server.close();
  await peer.closed;
  await closing;
});
