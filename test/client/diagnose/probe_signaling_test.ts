import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  probeSignaling,
  type ProbeSignalingOptions,
  type SignalingReport,
} from "../../../client/diagnose/probe_signaling.ts";
import {
  jwtAuthorizer,
  publicStun,
  Server,
  type Serving,
} from "../../../server/mod.ts";
import { freePort } from "../../support/free_port.ts";
import { RawPeer } from "../../support/raw_peer.ts";
import { sign } from "../../support/sign.ts";
import { startServer } from "../../support/start_server.ts";
import { WELCOME } from "../../support/welcome.ts";

const SECRET = "a secret of more than thirty-two bytes";

function probe(
  url: string,
  options: Partial<ProbeSignalingOptions> = {},
): Promise<SignalingReport> {
  return probeSignaling({
    address: url.replace("http", "ws"),
    party: "main",
    room: "r",
    bearer: undefined,
    WebSocket,
    timeoutMs: 2000,
    signal: undefined,
    ...options,
  });
}

/** What is left to compare when the server has been asked for what it takes. */
function words({ http, code, webSocket }: SignalingReport): unknown[] {
  return [http, code, webSocket];
}

/** Answers as `server` does, but for handshakes. */
function behindProxy(
  server: Serving,
  onHandshake: (request: Request) => Response,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      if (request.headers.has("upgrade")) return onHandshake(request);
      const { pathname, search } = new URL(request.url);
      return fetch(server.url + pathname + search);
    },
  );
}

Deno.test("probeSignaling says that all is open, and measures, while nobody in the room notices", async () => {
  await using server = startServer();
  await using peer = await RawPeer.join(server.url, "r");
  const report = await probe(server.url);
  assertEquals(words(report), ["open", null, "open"]);
  assertEquals([report.version, report.reason], [1, null]);
  assert(report.roundTripMs !== null && report.roundTripMs < 1000);
  // Whoever came before this one would have been told first.
  await using other = await RawPeer.join(server.url, "r");
  assertEquals((await peer.next("join")).peer.id, other.welcome.id);
  assertEquals(other.welcome.peers.length, 1);
});

Deno.test("probeSignaling leaves no room behind", async () => {
  await using server = startServer();
  await probe(server.url);
  const health = async () =>
    (await (await fetch(`${server.url}/health`)).json()).rooms;
  // The goodbye is on its way.
  while (await health() > 0) await new Promise((then) => setTimeout(then, 10));
});

const token = (claims = {}) => sign(SECRET, claims);

const REFUSED: readonly (readonly [
  when: string,
  bearer: () => Promise<string> | undefined,
  words: readonly unknown[],
])[] = [
  // deno-fmt-ignore
  ["there is no token", () => undefined, ["refused", "unauthorized", "untried"]],
  // deno-fmt-ignore
  ["the token is for another room", () => token({ room: "other" }), ["refused", "forbidden", "untried"]],
  // deno-fmt-ignore
  ["the token is for this room alone", () => token({ room: "r" }), ["open", null, "untried"]],
  // deno-fmt-ignore
  ["the token is for this party", () => token({ party: "main" }), ["open", null, "open"]],
  // deno-fmt-ignore
  ["the token is for an id", () => token({ sub: "a" }), ["open", null, "open"]],
  // deno-fmt-ignore
  ["the token is for an id that is in the room", () => token({ sub: "there" }), ["open", null, "open"]],
  // deno-fmt-ignore
  ["the token has parentheses", () => Promise.resolve("a(b)"), ["refused", "unauthorized", "untried"]],
];

for (const [when, bearer, expected] of REFUSED) {
  Deno.test(`probeSignaling says ${expected.filter(Boolean).join(", ")} when ${when}`, async () => {
    await using server = startServer({
      authorize: jwtAuthorizer({ secret: SECRET }),
    });
    await using _there = await RawPeer.join(server.url, "r", "there", {
      bearer: await token({ sub: "there" }),
    });
    const report = await probe(server.url, { bearer: await bearer() });
    assertEquals(words(report), [...expected]);
    assertEquals(report.reason === null, expected[2] === "open");
    // Something came back in any case.
    assert(report.roundTripMs !== null);
  });
}

Deno.test("probeSignaling says room-full when it is", async () => {
  await using server = startServer({ limits: { peersPerRoom: 1 } });
  await using _peer = await RawPeer.join(server.url, "r");
  assertEquals(words(await probe(server.url)), [
    "refused",
    "room-full",
    "untried",
  ]);
});

Deno.test("probeSignaling says not-found when the path is wrong", async () => {
  await using server = startServer();
  const report = await probe(`${server.url}/wrong`);
  assertEquals(words(report), ["not-found", null, "untried"]);
  assertStringIncludes(report.reason ?? "", "/wrong/parties/main/r");
});

Deno.test("probeSignaling says unreachable when nothing listens", async () => {
  const report = await probe(`http://127.0.0.1:${freePort()}`);
  assertEquals(words(report), ["unreachable", null, "failed"]);
  assertEquals(report.roundTripMs, null);
});

Deno.test("probeSignaling says timeout when nobody answers, and gives up in time", async () => {
  using mute = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const report = await probe(`http://127.0.0.1:${mute.addr.port}`, {
    timeoutMs: 50,
  });
  assertEquals(words(report), ["timeout", null, "failed"]);
  assertStringIncludes(report.reason ?? "", "50 ms");
});

Deno.test("probeSignaling says that the WebSocket fails when a proxy refuses it", async () => {
  await using server = startServer();
  await using proxy = behindProxy(
    server,
    () => new Response("no", { status: 502 }),
  );
  const report = await probe(`http://127.0.0.1:${proxy.addr.port}`, {
    // Nobody waits for it.
    timeoutMs: 600_000,
  });
  assertEquals(words(report), ["open", null, "failed"]);
  assert(report.roundTripMs !== null);
});

Deno.test("probeSignaling says that the WebSocket fails when it opens and nothing gets through", async () => {
  await using server = startServer();
  await using proxy = behindProxy(server, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: "webrtc.v1",
    });
    socket.onopen = () => socket.send("hello");
    return response;
  });
  const report = await probe(`http://127.0.0.1:${proxy.addr.port}`, {
    timeoutMs: 100,
  });
  assertEquals(words(report), ["open", null, "failed"]);
});

Deno.test("probeSignaling says that the WebSocket fails when the browser allows none", async () => {
  await using server = startServer();
  class Forbidden {
    constructor() {
      throw new DOMException("mixed content", "SecurityError");
    }
  }
  const report = await probe(server.url, {
    WebSocket: Forbidden as unknown as typeof WebSocket,
  });
  assertEquals(words(report), ["open", null, "failed"]);
});

Deno.test("probeSignaling says unreachable, and that the WebSocket is open, when only HTTP is kept from the page", async () => {
  await using rooms = new Server({ turn: publicStun([]) });
  await using proxy = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request, info) =>
      request.headers.has("upgrade")
        ? rooms.fetch(request, info)
        : new Response("busy", { status: 503 }),
  );
  const report = await probe(`http://127.0.0.1:${proxy.addr.port}`);
  assertEquals(words(report), ["unreachable", null, "open"]);
  assertStringIncludes(report.reason ?? "", "503");
});

Deno.test("probeSignaling says which version the server speaks when it is another", async () => {
  await using server = startServer();
  await using proxy = behindProxy(server, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: "webrtc.v1",
    });
    socket.onopen = () =>
      socket.send(JSON.stringify({ ...WELCOME, version: 2 }));
    socket.onmessage = () =>
      socket.send(JSON.stringify({ type: "pong", seen: 0 }));
    return response;
  });
  const report = await probe(`http://127.0.0.1:${proxy.addr.port}`);
  assertEquals(words(report), ["open", null, "open"]);
  assertEquals(report.version, 2);
  assertStringIncludes(report.reason ?? "", "version 2");
});

Deno.test("probeSignaling ends at once when its signal is aborted", async () => {
  using mute = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const controller = new AbortController();
  const probing = probe(`http://127.0.0.1:${mute.addr.port}`, {
    timeoutMs: 60_000,
    signal: controller.signal,
  });
  controller.abort();
  await probing;
});
