import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { connect, ConnectError, type ConnectOptions } from "../../mod.ts";
import { connectHeadless, RTCPeerConnection } from "../support/headless.ts";
import { startServer } from "../support/start_server.ts";
import { WELCOME } from "../support/welcome.ts";

async function failure(options: ConnectOptions): Promise<ConnectError> {
  const error = await assertRejects(() => connectHeadless(options));
  assertInstanceOf(error, ConnectError);
  // PartySocket still has a task of its own in the queue, which finds itself closed.
  await new Promise((resolve) => setTimeout(resolve));
  return error;
}

Deno.test("connect rejects as unreachable within its time limit when nothing listens there", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const error = await failure({
    host: `127.0.0.1:${port}`,
    room: "r",
    timeoutMs: 500,
  });
  assertEquals(error.reason, "unreachable");
  assert(error.message.includes(`127.0.0.1:${port}`), error.message);
});

Deno.test("connect waits as long as a timer can when its time limit is without end", async () => {
  await using server = startServer();
  const options = { host: server.url, room: "r", timeoutMs: Infinity };
  await using connection = await connectHeadless(options);
  assertEquals(connection.state, "joined");
});

Deno.test("connect rejects as timeout when somebody listens and never answers", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  const error = await failure({
    host: `127.0.0.1:${port}`,
    room: "r",
    timeoutMs: 200,
  });
  assertEquals(error.reason, "timeout");
});

Deno.test("connect rejects as not-found when the path is wrong", async () => {
  await using server = startServer();
  const error = await failure({ host: `${server.url}/wrong`, room: "r" });
  assertEquals(error.reason, "not-found");
});

Deno.test("connect rejects as not-found when it is another kind of server", async () => {
  await using server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, () => new Response("shop", { status: 404 }));
  const error = await failure({
    host: `127.0.0.1:${server.addr.port}`,
    room: "r",
  });
  assertEquals(error.reason, "not-found");
});

Deno.test("connect rejects as not-found when it is a page that answers everything", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () =>
      new Response("<!doctype html>", {
        headers: { "content-type": "text/html" },
      }),
  );
  const error = await failure({
    host: `127.0.0.1:${server.addr.port}`,
    room: "r",
  });
  assertEquals(error.reason, "not-found");
});

for (const status of [429, 502, 503]) {
  Deno.test(`connect goes on trying when a proxy answers ${status}`, async () => {
    let asked = 0;
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => {
        asked++;
        return new Response("Bad gateway", { status });
      },
    );
    const error = await failure({
      host: `127.0.0.1:${server.addr.port}`,
      room: "r",
      timeoutMs: 1500,
    });
    assertEquals(error.reason, "unreachable");
    assert(asked > 2, "it tried once only");
  });
}

Deno.test("connect rejects with what the browser says when the ICE servers are wrong", async () => {
  await using server = startServer();
  // werift takes anything, so this one checks as a browser does.
  class Checking extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      if (configuration?.iceServers?.length) throw new SyntaxError("wrong URL");
      super(configuration);
    }
  }
  await assertRejects(
    () =>
      connect({
        host: server.url,
        room: "r",
        RTCPeerConnection: Checking,
        iceServers: [{ urls: "nonsense" }],
      }),
    SyntaxError,
    "wrong URL",
  );
});

Deno.test("connect rejects as refused with the code of the server when the room is full", async () => {
  await using server = startServer({ limits: { peersPerRoom: 1 } });
  await using _first = await connectHeadless({ host: server.url, room: "r" });
  const error = await failure({ host: server.url, room: "r" });
  assertEquals([error.reason, error.code], ["refused", "room-full"]);
});

Deno.test("connect rejects as refused with the code of the server when the id is taken", async () => {
  await using server = startServer();
  await using first = await connectHeadless({
    host: server.url,
    room: "r",
    id: "same",
  });
  assertEquals(first.socket.id, "same");
  const error = await failure({ host: server.url, room: "r", id: "same" });
  assertEquals([error.reason, error.code], ["refused", "id-taken"]);
});

Deno.test("connect rejects as aborted with the reason as its cause when its signal is aborted before", async () => {
  const reason = new Error("changed my mind");
  const error = await failure({
    host: "127.0.0.1:1",
    room: "r",
    signal: AbortSignal.abort(reason),
  });
  assertEquals(error.reason, "aborted");
  assertStrictEquals(error.cause, reason);
});

Deno.test("connect rejects as aborted when its signal is aborted on the way", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const controller = new AbortController();
  listener.accept().then((conn) => {
    controller.abort();
    conn.close();
  });
  const { signal } = controller;
  const { port } = listener.addr;
  const error = await failure({ host: `127.0.0.1:${port}`, room: "r", signal });
  assertEquals(error.reason, "aborted");
});

Deno.test("connect rejects as unsupported when there is no RTCPeerConnection", async () => {
  const error = await assertRejects(
    () => connect({ host: "127.0.0.1:1", room: "r" }),
    ConnectError,
  );
  assertEquals(error.reason, "unsupported");
});

Deno.test("connect rejects as unsupported when the server speaks another version", async () => {
  const welcome = { ...WELCOME, version: 2 };
  await using server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: "webrtc.v1",
    });
    socket.onopen = () => socket.send(JSON.stringify(welcome));
    return response;
  });
  const error = await failure({
    host: `127.0.0.1:${server.addr.port}`,
    room: "r",
  });
  assertEquals(error.reason, "unsupported");
});

Deno.test("connect gets in when the server comes up while it is trying", async () => {
  const first = startServer();
  const port = first.addr.port;
  await first.close();
  const { serve } = await import("../../server/mod.ts");
  const joining = connectHeadless({ host: `127.0.0.1:${port}`, room: "r" });
  await using _server = serve({ port, hostname: "127.0.0.1" });
  await using connection = await joining;
  assertEquals(connection.polite, true);
});

const WRONG: readonly (readonly [
  string,
  Record<string, unknown>,
  typeof TypeError | typeof RangeError,
])[] = [
  ["there is no host", { host: undefined }, TypeError],
  ["the host is empty", { host: "" }, TypeError],
  ["the scheme is wrong", { host: "ftp://x" }, TypeError],
  ["there is no room", { room: undefined }, TypeError],
  ["the room is empty", { room: "" }, RangeError],
  ["the room is too long", { room: "x".repeat(129) }, RangeError],
  ["the room holds control characters", { room: "a\nb" }, RangeError],
  ["the room is a path", { room: ".." }, RangeError],
  ["the party is empty", { party: "" }, RangeError],
  ["the id is too long", { id: "x".repeat(65) }, RangeError],
  ["the id is a number", { id: 1 }, TypeError],
  ["the presence is no JSON", { presence: () => {} }, TypeError],
  ["the room holds half a character", { room: "\ud800" }, RangeError],
  ["the id holds half a character", { id: "\ud800" }, RangeError],
  ["the host has a space", { host: "exa mple.com" }, TypeError],
  ["the port is too large", { host: "localhost:99999" }, TypeError],
  ["the time limit is 0", { timeoutMs: 0 }, RangeError],
  ["the time limit is not a number", { timeoutMs: NaN }, RangeError],
];

for (const [when, options, type] of WRONG) {
  Deno.test(`connect rejects with a ${type.name} when ${when}`, async () => {
    const good = { host: "127.0.0.1:1", room: "r", RTCPeerConnection };
    await assertRejects(
      () => connect({ ...good, ...options } as ConnectOptions),
      type,
    );
  });
}

Deno.test("connect rejects with a RangeError when the presence is larger than the server takes", async () => {
  await using server = startServer();
  await assertRejects(
    () =>
      connectHeadless({
        host: server.url,
        room: "r",
        presence: "x".repeat(5000),
      }),
    RangeError,
    "at most 4096 bytes",
  );
});

for (
  const room of [
    "plain",
    "a/b",
    "with space",
    "ünï✓😀",
    "?x=1&y#z",
    "%2F",
    "__proto__",
    "...",
    "x".repeat(128),
  ]
) {
  Deno.test(`connect meets in one room when its name is ${room.slice(0, 20)}`, async () => {
    await using server = startServer();
    const options = { host: server.url, room, autoConnect: false };
    await using _first = await connectHeadless(options);
    await using second = await connectHeadless(options);
    assertEquals(second.peers.size, 1);
  });
}
