import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConnectError } from "../../mod.ts";
import {
  jwtAuthorizer,
  type LogRecord,
  refusal,
  Server,
  type ServerOptions,
} from "../../server/mod.ts";
import { connectHeadless, next } from "../support/headless.ts";
import type { Handshake } from "../support/handshake.ts";
import { knock } from "../support/knock.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { sign } from "../support/sign.ts";
import { startServer } from "../support/start_server.ts";

const SECRET = "a secret of more than thirty-two bytes";
const PROTOCOL = "webrtc.v1";

/** A server that asks for tokens, and lets pages of one origin in. */
const GUARDED: ServerOptions = {
  authorize: jwtAuthorizer({ secret: SECRET }),
  allowedOrigins: ["https://good.example"],
};

/** How often a refusal was counted. */
async function counted(url: string, code: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = new RegExp(
    `^webrtc_refusals_total{code="${code}"} (\\d+)$`,
    "m",
  );
  return Number(line.exec(text)?.[1] ?? 0);
}

const KNOCKS: readonly (readonly [
  when: string,
  knock: () => Promise<Omit<Handshake, "room">>,
  status: number,
  code: string | undefined,
])[] = [
  ["there is no token", () => Promise.resolve({}), 401, "unauthorized"],
  ["the token is a word", () => bearer("word"), 401, "unauthorized"],
  [
    "the token is of another secret",
    async () =>
      await bearer(await sign("another secret, just as long as the first one")),
    401,
    "unauthorized",
  ],
  [
    "the token has expired",
    async () => await bearer(await sign(SECRET, { exp: 1_000 })),
    401,
    "unauthorized",
  ],
  [
    "the token is for another room",
    async () => await bearer(await sign(SECRET, { room: "other" })),
    403,
    "forbidden",
  ],
  [
    "the token is for another id",
    async () => ({
      ...await bearer(await sign(SECRET, { sub: "b" })),
      id: "a",
    }),
    403,
    "forbidden",
  ],
  [
    "the page is of a foreign origin, whatever its token",
    async () => ({
      ...await bearer(await sign(SECRET)),
      headers: { Origin: "https://evil.example" },
    }),
    403,
    "bad-origin",
  ],
  [
    "token and origin are as they should be",
    async () => ({
      ...await bearer(await sign(SECRET, { room: "r", sub: "a" })),
      id: "a",
      headers: { Origin: "https://good.example" },
    }),
    101,
    undefined,
  ],
  [
    "the token is in a header, as of a peer that is no page",
    async () => ({
      headers: { Authorization: `Bearer ${await sign(SECRET)}` },
    }),
    101,
    undefined,
  ],
];

function bearer(token: string): Promise<Pick<Handshake, "protocols">> {
  return Promise.resolve({ protocols: [PROTOCOL, `bearer.${token}`] });
}

for (const [when, make, status, code] of KNOCKS) {
  Deno.test(`Server answers ${status} before the upgrade, and counts it, when ${when}`, async () => {
    await using server = startServer(GUARDED);
    assertEquals(await knock(server.url, { room: "r", ...await make() }), {
      status,
      code,
    });
    if (code) assertEquals(await counted(server.url, code), 1);
  });

  Deno.test(
    `Server answers ${
      status === 101 ? 200 : status
    } for TURN credentials, too, when ${when}`,
    async () => {
      await using server = startServer(GUARDED);
      const { id, protocols = [], headers } = await make();
      const query = id === undefined ? "" : `?_pk=${id}`;
      const token = protocols[1]?.slice("bearer.".length);
      const response = await fetch(
        `${server.url}/parties/main/r/turn${query}`,
        {
          headers: {
            ...(token !== undefined && { Authorization: `Bearer ${token}` }),
            ...headers,
          },
        },
      );
      const body = await response.json();
      assertEquals(response.status, status === 101 ? 200 : status);
      assertEquals(body.error?.code, code);
    },
  );
}

Deno.test("Server gives a peer without an id the one of its token", async () => {
  await using server = startServer(GUARDED);
  const token = await sign(SECRET, { sub: "of the token" });
  await using peer = await RawPeer.join(server.url, "r", undefined, {
    bearer: token,
  });
  assertEquals(peer.welcome.id, "of the token");
});

for (
  const [what, answer, code] of [
    ["a refusal", () => refusal("forbidden"), "forbidden"],
    [
      "an answer of its own",
      () => new Response("not today", { status: 403 }),
      "forbidden",
    ],
    [
      "an answer of its own",
      () => new Response("who?", { status: 401 }),
      "unauthorized",
    ],
  ] as const
) {
  Deno.test(`connect rejects as refused and ${code} when authorize returns ${what}`, async () => {
    await using server = startServer({ authorize: answer });
    const error = await assertRejects(
      () => connectHeadless({ host: server.url, room: "r", token: "t" }),
      ConnectError,
    );
    assertEquals([error.reason, error.code], ["refused", code]);
  });
}

Deno.test("connect rejects with what the server says when a token is refused, and joins with a good one", async () => {
  await using server = startServer(GUARDED);
  const options = { host: server.url, room: "r" };
  const error = await assertRejects(
    () => connectHeadless({ ...options, token: "bad" }),
    ConnectError,
    "A valid token is needed",
  );
  assertEquals([error.reason, error.code], ["refused", "unauthorized"]);
  await using connection = await connectHeadless({
    ...options,
    token: () => sign(SECRET, { room: "r" }),
  });
  assertEquals(connection.state, "joined");
});

Deno.test("connect rejects as token-failed, with the cause, when there is no token to be had", async () => {
  await using server = startServer(GUARDED);
  const cause = new Error("signed out");
  const error = await assertRejects(
    () =>
      connectHeadless({
        host: server.url,
        room: "r",
        token: () => Promise.reject(cause),
      }),
    ConnectError,
  );
  assertEquals([error.reason, error.cause], ["token-failed", cause]);
});

Deno.test("Connection is closed, and says why, when it may not come back", async () => {
  let open = true;
  await using server = startServer({
    authorize: () => open ? {} : refusal("unauthorized"),
  });
  await using connection = await connectHeadless({
    host: server.url,
    room: "r",
  });
  open = false;
  const away = next(connection, "state");
  connection.socket.reconnect(4003);
  assertEquals(await away, { state: "away", reason: "socket closed (4003)" });
  const { state, reason } = await next(connection, "state") as {
    state: string;
    reason: string;
  };
  assertEquals(state, "closed");
  assertStringIncludes(reason, "unauthorized");
});

Deno.test("Server answers 429 when an address holds its share, and takes more when one has left", async () => {
  await using server = startServer({ limits: { socketsPerAddress: 2 } });
  await using _a = await RawPeer.join(server.url, "r", "a");
  await using witness = await RawPeer.join(server.url, "r", "witness");
  {
    const refused = { status: 429, code: "too-many-sockets" };
    // In another room, too.
    assertEquals(await knock(server.url, { room: "other" }), refused);
    assertEquals(await counted(server.url, "too-many-sockets"), 1);
  }
  await _a[Symbol.asyncDispose]();
  await witness.next("leave");
  await using _c = await RawPeer.join(server.url, "r", "c");
});

Deno.test("Server counts a session that is away, and takes it back, when its address holds its share", async () => {
  await using server = startServer({ limits: { socketsPerAddress: 2 } });
  await using witness = await RawPeer.join(server.url, "r", "witness");
  await using peer = await RawPeer.join(server.url, "r", "peer");
  await peer.settled();
  peer.socket.close(4003);
  await witness.next("away");
  const { status } = await knock(server.url, { room: "r", id: "more" });
  assertEquals(status, 429);
  const { resume } = peer.welcome;
  await using again = await RawPeer.join(server.url, "r", "peer", { resume });
  assertEquals(again.welcome.session, "resumed");
});

Deno.test("Server counts by the address that its own proxy saw, and not by what a client claims", async () => {
  const limits = { socketsPerAddress: 1 };
  await using behind = startServer({ limits, trustProxy: 1 });
  const from = (address: string) => ({
    headers: { "X-Forwarded-For": address },
  });
  await using _a = await RawPeer.join(
    behind.url,
    "r",
    "a",
    from("198.51.100.1"),
  );
  await using _b = await RawPeer.join(
    behind.url,
    "r",
    "b",
    from("198.51.100.2"),
  );
  const spoofed = from("203.0.113.9, 198.51.100.2");
  assertEquals(
    await knock(behind.url, { room: "r", id: "c", ...spoofed }),
    { status: 429, code: "too-many-sockets" },
  );
  await using bare = startServer({ limits });
  await using _c = await RawPeer.join(bare.url, "r", "a");
  assertEquals(
    await knock(bare.url, { room: "r", id: "b", ...from("198.51.100.3") }),
    { status: 429, code: "too-many-sockets" },
  );
});

Deno.test("Server answers 503 when it holds as many sessions as it may", async () => {
  await using server = startServer({ limits: { sockets: 1 } });
  await using _a = await RawPeer.join(server.url, "r", "a");
  assertEquals(
    await knock(server.url, { room: "other" }),
    { status: 503, code: "server-full" },
  );
});

const TURN = {
  name: "vendor",
  description: "vendor",
  credentials: () => Promise.resolve({ iceServers: [], expiresAt: null }),
};

for (
  const [when, options, warns] of [
    ["neither is restricted", { turn: TURN }, true],
    [
      "origins are",
      { turn: TURN, allowedOrigins: ["https://a.example"] },
      false,
    ],
    ["tokens are asked for", { turn: TURN, authorize: () => ({}) }, false],
    ["there is STUN alone", {}, false],
  ] as const
) {
  Deno.test(`Server ${warns ? "warns" : "does not warn"} that TURN is open to everybody when ${when}`, async () => {
    const records: LogRecord[] = [];
    await using _server = new Server({
      ...options,
      log: (record) => records.push(record),
    });
    const events: string[] = records.map(({ event }) => event);
    assertEquals(events, warns ? ["turn-is-open"] : []);
  });
}

const WRONG: readonly (readonly [string, ServerOptions, string])[] = [
  ["a limit is 0", { limits: { sockets: 0 } }, '"sockets"'],
  [
    "a limit is longer than a timer",
    { limits: { graceMs: 2 ** 30 + 1 } },
    '"graceMs"',
  ],
  ["a secret is short", { sessionSecret: "short" }, '"sessionSecret"'],
  ["a number of proxies is negative", { trustProxy: -1 }, '"trustProxy"'],
  ["an origin is a host", { allowedOrigins: ["example.com"] }, "example.com"],
];

for (const [when, options, word] of WRONG) {
  Deno.test(`Server says what is wrong when ${when}`, () => {
    let message = "";
    try {
      new Server(options);
    } catch (error) {
      message = String(error);
    }
    assertStringIncludes(message, word);
  });
}
