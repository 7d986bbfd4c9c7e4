import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CLOSE, LIMITS, MAX_LIMIT } from "../../protocol.ts";
import {
  cloudflareTurn,
  defaultHeaders,
  type IceConfig,
  type LogRecord,
  refusal,
  serve,
  Server,
  TurnError,
  type TurnProvider,
} from "../../server/mod.ts";
import config from "../../deno.json" with { type: "json" };
import { startFakeApi } from "../support/fake_api.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startServer } from "../support/start_server.ts";
import { cloudflareAnswer } from "../support/vendor_answers.ts";

/** A request without a network. */
const INFO = {} as Deno.ServeHandlerInfo;

function ask(
  server: Server,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return server.fetch(
    new Request(new URL(path, "http://localhost"), init),
    INFO,
  );
}

function assertDefaultHeaders(response: Response): void {
  for (const [name, value] of Object.entries(defaultHeaders())) {
    if (name !== "Content-Type") {
      assertEquals(response.headers.get(name), value, name);
    }
  }
}

const ANSWERS: readonly (readonly [
  method: string,
  path: string,
  status: number,
  body: unknown,
])[] = [
  ["GET", "/health", 200, {
    status: "ok",
    version: config.version,
    rooms: 0,
    peers: 0,
  }],
  ["GET", "/ready", 200, { status: "ok" }],
  ["GET", "/", 404, {
    error: { code: "not-found", message: "Nothing is here" },
  }],
  ["GET", "/parties/main/%00", 400, {
    error: {
      code: "bad-room",
      message:
        "The room name is empty, too long, a dot or two, or has control characters",
    },
  }],
  ["GET", "/parties/main/r?_pk=", 400, {
    error: {
      code: "bad-id",
      message:
        "The peer id is empty, too long, a dot or two, or has control characters",
    },
  }],
  ["POST", "/health", 405, {
    error: {
      code: "method-not-allowed",
      message: "Use one of GET, HEAD, OPTIONS",
    },
  }],
  ["PUT", "/parties/main/r", 405, {
    error: {
      code: "method-not-allowed",
      message: "Use one of GET, HEAD, OPTIONS",
    },
  }],
  ["DELETE", "/", 405, {
    error: {
      code: "method-not-allowed",
      message: "Use one of GET, HEAD, OPTIONS",
    },
  }],
];

for (const [method, path, status, body] of ANSWERS) {
  Deno.test(`Server answers ${status} when asked to ${method} ${path}`, async () => {
    await using server = new Server();
    const response = await ask(server, path, { method });
    assertEquals(response.status, status);
    assertEquals(response.headers.get("content-type"), "application/json");
    assertEquals(await response.json(), body);
    assertDefaultHeaders(response);
    if (status === 405) {
      assertEquals(response.headers.get("allow"), "GET, HEAD, OPTIONS");
    }
  });
}

Deno.test("Server answers 200 in words when a room is asked for without an upgrade", async () => {
  await using server = new Server();
  const response = await ask(server, "/parties/main/r");
  assertEquals(response.status, 200);
  assert((await response.text()).includes("WebSocket"));
  assertDefaultHeaders(response);
});

for (
  const path of [
    "/health",
    "/ready",
    "/metrics",
    "/parties/main/r",
    "/parties/main/r/turn",
    "/",
    "/parties/main/%00",
  ]
) {
  Deno.test(`Server answers HEAD ${path} like GET without a body`, async () => {
    await using server = new Server();
    const get = await ask(server, path);
    const head = await ask(server, path, { method: "HEAD" });
    assertEquals(head.status, get.status);
    assertEquals(
      Object.fromEntries(head.headers),
      Object.fromEntries(get.headers),
    );
    assertEquals(await head.text(), "");
    await get.body?.cancel();
  });
}

for (const path of ["/health", "/parties/main/r/turn", "/anything"]) {
  Deno.test(`Server answers the CORS preflight of ${path}`, async () => {
    await using server = new Server();
    const response = await ask(server, path, {
      method: "OPTIONS",
      headers: {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "GET",
      },
    });
    assertEquals(response.status, 204);
    assertDefaultHeaders(response);
  });
}

Deno.test("Server gives out TURN credentials when asked for them", async () => {
  await using fake = startFakeApi(() => cloudflareAnswer());
  const turn = cloudflareTurn({
    keyId: "k",
    apiToken: "t",
    apiUrl: fake.url,
    now: () => 0,
  });
  await using server = new Server({ turn, now: () => 0 });
  const response = await ask(server, "/parties/main/room/turn");
  const body = await response.json();
  assertEquals(response.status, 200);
  assertEquals(body.expiresAt, 3_600_000);
  assertEquals(body.iceServers[1].credential, "password");
  assertEquals(body.turn, "ready");
  assertDefaultHeaders(response);
});

Deno.test("Server gives out STUN and leaks nothing when the TURN vendor fails", async () => {
  const records: LogRecord[] = [];
  await using fake = startFakeApi(() =>
    new Response("secret words", { status: 500 })
  );
  const turn = cloudflareTurn({
    keyId: "k",
    apiToken: "secret-token",
    apiUrl: fake.url,
  });
  await using server = new Server({
    turn,
    allowedOrigins: ["https://example.com"],
    log: (record) => records.push(record),
  });
  for (let asked = 0; asked < 3; asked++) {
    assertEquals(records, []);
    const response = await ask(server, "/parties/main/room/turn");
    assertEquals(response.status, 200);
    assertEquals(await response.json(), {
      iceServers: [{ urls: ["stun:stun.cloudflare.com:3478"] }],
      expiresAt: null,
      turn: "failed",
    });
  }
  assertEquals(records, [{
    level: "warn",
    event: "turn-failed",
    provider: "Cloudflare",
    reason: "Cloudflare answered 500",
  }]);
});

Deno.test("Server puts TURN credentials into the welcome", async () => {
  await using fake = startFakeApi(() => cloudflareAnswer());
  const turn = cloudflareTurn({ keyId: "k", apiToken: "t", apiUrl: fake.url });
  await using server = startServer({ turn });
  const before = Date.now();
  await using peer = await RawPeer.join(server.url, "r");
  const { iceServers, iceExpiresAt } = peer.welcome;
  assertEquals(iceServers[1]?.credential, "password");
  assert(iceExpiresAt !== null && iceExpiresAt >= before + 3_600_000);
});

/** A provider that answers when the test says so. */
function heldProvider(): TurnProvider & PromiseWithResolvers<IceConfig> {
  const held = Promise.withResolvers<IceConfig>();
  return {
    ...held,
    name: "held",
    description: "held",
    credentials: () => held.promise,
  };
}

const LATE: IceConfig = {
  iceServers: [{ urls: ["turn:late.example"], username: "u", credential: "c" }],
  expiresAt: 4_000_000_000_000,
};

Deno.test("Server lets a peer in with STUN, and sends the credentials after, when the TURN vendor is slow", async () => {
  const turn = heldProvider();
  await using server = startServer({ turn });
  await using peer = await RawPeer.join(server.url, "r");
  assertEquals(peer.welcome.iceServers, [{
    urls: ["stun:stun.cloudflare.com:3478"],
  }]);
  turn.resolve(LATE);
  const { iceServers, iceExpiresAt } = await peer.next("ice");
  assertEquals({ iceServers, expiresAt: iceExpiresAt }, LATE);
});

Deno.test("Server lets a peer in with STUN when the TURN vendor is down", async () => {
  const turn: TurnProvider = {
    name: "down",
    description: "down",
    credentials: () => Promise.reject(new TurnError("down")),
  };
  await using server = startServer({ turn });
  await using peer = await RawPeer.join(server.url, "r");
  assertEquals(peer.welcome.iceServers, [{
    urls: ["stun:stun.cloudflare.com:3478"],
  }]);
});

Deno.test("Server tells its metrics in the text format of Prometheus", async () => {
  await using server = startServer();
  const response = await fetch(`${server.url}/metrics`);
  assertEquals(
    response.headers.get("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  const lines = (await response.text()).split("\n");
  assert(lines.includes("webrtc_rooms 0"));
  assert(lines.includes("webrtc_joins_total 0"));
});

Deno.test("Server counts joins, signals, their time, and what goes over sockets", async () => {
  await using server = startServer();
  await using ann = await RawPeer.join(server.url, "r", "ann");
  await using bob = await RawPeer.join(server.url, "r", "bob");
  const signal = { type: "signal", to: "bob", data: "x".repeat(1000) } as const;
  ann.send(signal);
  await bob.next("signal");
  await ann.next("join");
  const text = await (await fetch(`${server.url}/metrics`)).text();
  for (
    const line of [
      "webrtc_joins_total 2",
      'webrtc_sessions{state="live"} 2',
      'webrtc_signals_total{path="local"} 1',
      'webrtc_relay_seconds_count{path="local"} 1',
      `webrtc_bytes_total{direction="in"} ${JSON.stringify(signal).length}`,
      `webrtc_bytes_total{direction="out"} ${ann.bytes + bob.bytes}`,
    ]
  ) assertEquals(text.split("\n").includes(line), true, `${line} in ${text}`);
});

Deno.test("Server counts rooms and peers while they are there", async () => {
  await using server = startServer();
  const health = async () => await (await fetch(`${server.url}/health`)).json();
  {
    await using _a = await RawPeer.join(server.url, "r");
    await using b = await RawPeer.join(server.url, "r");
    await using _c = await RawPeer.join(server.url, "s");
    assertEquals(b.welcome.peers.length, 1);
    const { rooms, peers } = await health();
    assertEquals({ rooms, peers }, { rooms: 2, peers: 3 });
    await using witness = await RawPeer.join(server.url, "r");
    await b[Symbol.asyncDispose]();
    await witness.next("leave");
    assertEquals((await health()).peers, 3);
  }
});

Deno.test("Server forgets a room when its last peer has left", async () => {
  await using server = startServer();
  const peer = await RawPeer.join(server.url, "r", "a");
  await peer[Symbol.asyncDispose]();
  const { rooms, peers } = await (await fetch(`${server.url}/health`)).json();
  assertEquals({ rooms, peers }, { rooms: 0, peers: 0 });
});

Deno.test("Server refuses an id that a living peer has, and says so over HTTP", async () => {
  await using server = startServer();
  await using _first = await RawPeer.join(server.url, "r", "same");
  await using elsewhere = await RawPeer.join(server.url, "s", "same");
  assertEquals(
    elsewhere.welcome.id,
    "same",
    "ids are unique in a room, not everywhere",
  );
  await using second = new RawPeer(server.url, "r", "same");
  assertEquals((await second.closed).wasClean, false);
  const response = await fetch(`${server.url}/parties/main/r?_pk=same`);
  assertEquals(response.status, 409);
  assertEquals((await response.json()).error.code, "id-taken");
});

Deno.test("Server lets exactly one in when many claim the same id at once", async () => {
  await using server = startServer();
  const claims = Array.from(
    { length: 20 },
    () => new RawPeer(server.url, "r", "same"),
  );
  const outcomes = await Promise.all(
    claims.map((claim) =>
      Promise.race([
        claim.next("welcome").then(() => "in", () => "out"),
        claim.closed.then(() => "out"),
      ])
    ),
  );
  assertEquals(outcomes.filter((outcome) => outcome === "in").length, 1);
  for (const claim of claims) await claim[Symbol.asyncDispose]();
});

Deno.test("Server refuses when the room is full, and hurts nobody in it", async () => {
  await using server = startServer({ limits: { peersPerRoom: 2 } });
  await using a = await RawPeer.join(server.url, "r", "a");
  await using b = await RawPeer.join(server.url, "r", "b");
  await using third = new RawPeer(server.url, "r");
  await third.closed;
  const response = await fetch(`${server.url}/parties/main/r`);
  assertEquals(response.status, 409);
  assertEquals((await response.json()).error.code, "room-full");
  a.send({ type: "signal", to: "b", data: "still here" });
  assertEquals((await b.next("signal")).data, "still here");
});

Deno.test("Server takes a client that offers no subprotocol, and refuses one that offers only others", async () => {
  await using server = startServer();
  const address = `${server.url.replace("http", "ws")}/parties/main/r`;
  const plain = new WebSocket(address);
  const { data } = await new Promise<MessageEvent>((resolve) =>
    plain.onmessage = resolve
  );
  assertEquals(JSON.parse(data).type, "welcome");
  const closed = new Promise((resolve) => plain.onclose = resolve);
  plain.close();
  await closed;
  const other = new WebSocket(address, ["webrtc.v2"]);
  const failed = await new Promise<Event>((resolve) => {
    other.onerror = (event) => event.preventDefault();
    other.onclose = resolve;
  });
  assertEquals(failed.type, "close");
});

Deno.test("Server answers 400 when the key of a handshake is missing", async () => {
  await using server = new Server();
  const headers = { upgrade: "websocket", "sec-websocket-version": "13" };
  const response = await ask(server, "/parties/main/r", { headers });
  assertEquals(response.status, 400);
  assertEquals((await response.json()).error.code, "bad-upgrade");
});

/** Sends a request by hand and answers with the status line. */
async function statusLine(url: string, head: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  await conn.write(new TextEncoder().encode(head.join("\r\n") + "\r\n\r\n"));
  const buffer = new Uint8Array(1024);
  const read = await conn.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, read)).split(
    "\r\n",
    1,
  )[0] ?? "";
}

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const UPGRADE = ["Upgrade: websocket", "Connection: Upgrade", KEY];

for (
  const [what, status, head] of [
    ["GET, as it should be", 101, [
      "GET /parties/main/r HTTP/1.1",
      "Host: x",
      "Sec-WebSocket-Version: 13",
      ...UPGRADE,
    ]],
    ["POST", 405, [
      "POST /parties/main/r HTTP/1.1",
      "Host: x",
      "Sec-WebSocket-Version: 13",
      ...UPGRADE,
    ]],
    ["version 8", 200, [
      "GET /parties/main/r HTTP/1.1",
      "Host: x",
      "Sec-WebSocket-Version: 8",
      ...UPGRADE,
    ]],
    ["no version", 200, [
      "GET /parties/main/r HTTP/1.1",
      "Host: x",
      ...UPGRADE,
    ]],
    ["a host with a space", 400, ["GET /health HTTP/1.1", "Host: a b"]],
    ["a host with a wrong port", 400, [
      "GET /health HTTP/1.1",
      "Host: x:99999",
    ]],
    ["a host that is half an address", 400, [
      "GET /health HTTP/1.1",
      "Host: [::1",
    ]],
  ] as const
) {
  Deno.test(`Server answers ${status} and complains of nothing when a request has ${what}`, async () => {
    const records: LogRecord[] = [];
    await using server = startServer({ log: (record) => records.push(record) });
    assertEquals(
      (await statusLine(server.url, [...head])).split(" ")[1],
      String(status),
    );
    assertEquals(records.filter(({ level }) => level === "error"), []);
  });
}

Deno.test("Server answers 500 without details when a subclass throws", async () => {
  const records: LogRecord[] = [];
  class Broken extends Server {
    override onRequest(): Promise<Response> {
      throw new Error("secret");
    }
  }
  await using server = new Broken({ log: (record) => records.push(record) });
  const response = await ask(server, "/health");
  assertEquals(response.status, 500);
  assertEquals(await response.json(), {
    error: { code: "internal", message: "Internal error" },
  });
  assertEquals(records[0]?.event, "internal-error");
});

Deno.test("Server leaves requests to a subclass that overrides onRequest, and sockets work all the same", async () => {
  class Mine extends Server {
    override async onRequest(
      request: Request,
      info: Deno.ServeHandlerInfo,
    ): Promise<Response> {
      if (new URL(request.url).pathname === "/mine") {
        return new Response(info.remoteAddr.transport);
      }
      const response = await super.onRequest(request, info);
      return new Response(response.body, {
        status: response.status,
        headers: { ...defaultHeaders(), "X-Mine": "yes" },
      });
    }
  }
  await using serving = serve({
    port: 0,
    hostname: "127.0.0.1",
    server: new Mine(),
  });
  assertEquals(await (await fetch(`${serving.url}/mine`)).text(), "tcp");
  const health = await fetch(`${serving.url}/health`);
  assertEquals(health.headers.get("x-mine"), "yes");
  assertEquals((await health.json()).status, "ok");
  await using peer = await RawPeer.join(serving.url, "r");
  assertEquals(peer.welcome.peers, []);
});

Deno.test("Server mounts in any Deno.serve by its fetch", async () => {
  await using server = new Server();
  const http = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    server.fetch,
  );
  const url = `http://127.0.0.1:${http.addr.port}`;
  {
    await using peer = await RawPeer.join(url, "r");
    assertEquals(peer.welcome.limits.frameBurst, 200);
  }
  await http.shutdown();
});

Deno.test("Server tells everybody to come back, and takes nobody in, when it is closed", async () => {
  const server = startServer();
  const a = await RawPeer.join(server.url, "r");
  const b = await RawPeer.join(server.url, "r");
  const c = await RawPeer.join(server.url, "s");
  await Promise.all([server.close(), server.close()]);
  for (const peer of [a, b, c]) {
    assertEquals((await peer.closed).code, CLOSE.restarting);
    // Pairs live on: nobody is told that anybody left.
    await assertRejects(() => peer.next("leave"), Error, "closed before");
  }
  await server.finished;
  await assertRejects(() => fetch(`${server.url}/health`), TypeError);
});

Deno.test("Server refuses new sockets while it stops", async () => {
  const server = new Server();
  await server.close();
  const response = await ask(server, "/parties/main/r");
  assertEquals(response.status, 503);
  assertEquals((await response.json()).error.code, "stopping");
});

for (
  const limit of [0, -1, 1.5, NaN, Infinity, MAX_LIMIT + 1, Number.MAX_VALUE]
) {
  Deno.test(`Server throws when a limit is ${limit}`, () => {
    for (const name of Object.keys(LIMITS)) {
      assertThrows(
        () => new Server({ limits: { [name]: limit } }),
        RangeError,
        `Cannot make a server: limit "${name}" must be an integer from 1 to 1073741824, got ${limit}`,
      );
    }
  });
}

for (const limit of [1, MAX_LIMIT]) {
  Deno.test(`Server takes every limit when it is ${limit}`, async () => {
    for (const name of Object.keys(LIMITS)) {
      await using server = new Server({ limits: { [name]: limit } });
      const response = await ask(server, "/health");
      assertEquals(response.status, 200);
      await response.body?.cancel();
    }
  });
}

Deno.test("Server asks for a token when authorize says unauthorized", async () => {
  await using server = new Server({
    authorize: () => refusal("unauthorized"),
  });
  for (const path of ["/parties/main/r", "/parties/main/r/turn"]) {
    const response = await ask(server, path);
    assertEquals(response.status, 401);
    assertEquals(response.headers.get("www-authenticate"), "Bearer");
    assertDefaultHeaders(response);
    await response.body?.cancel();
  }
});

for (
  const [claims, status] of [
    [{ party: "main", room: "r", sub: "four" }, 200],
    [{ party: "other" }, 403],
    [{ room: "other" }, 403],
    [{ sub: "fives" }, 403],
    [{ sub: ".." }, 403],
  ] as const
) {
  Deno.test(`Server answers ${status} when an id has four characters at most and ${JSON.stringify(claims)} is claimed`, async () => {
    await using server = new Server({
      limits: { idChars: 4 },
      authorize: () => claims,
    });
    for (const path of ["/parties/main/r", "/parties/main/r/turn"]) {
      const response = await ask(server, path);
      assertEquals(response.status, status);
      await response.body?.cancel();
    }
  });
}
