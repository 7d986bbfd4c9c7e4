import { assertEquals, assertNotEquals } from "@std/assert";
import { CLOSE, type IceServer } from "../../protocol.ts";
import {
  cloudflareTurn,
  coturn,
  type IceConfig,
  Server,
  type ServerOptions,
  TurnError,
  type TurnProvider,
} from "../../server/mod.ts";
import { allocate } from "../support/allocate.ts";
import { startCoturn, whyNoCoturn } from "../support/coturn.ts";
import { type ApiRequest, startFakeApi } from "../support/fake_api.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startServer } from "../support/start_server.ts";
import { cloudflareAnswer } from "../support/vendor_answers.ts";

const OWN: ServerOptions = { allowedOrigins: ["https://example.com"] };
const URLS = ["turn:turn.example.com"];

function username(iceServers: readonly IceServer[]): string | undefined {
  return iceServers.find(({ username }) => username)?.username;
}

/** Cloudflare with a user name for each time it is asked, and what was revoked there. */
function fakeCloudflare() {
  let given = 0;
  const revoked: string[] = [];
  const heard = new Set<() => void>();
  const api = startFakeApi(({ path }: ApiRequest) => {
    const [, name] = /\/credentials\/([^/]+)\/revoke$/.exec(path) ?? [];
    if (name === undefined) return cloudflareAnswer(`user-${++given}`);
    revoked.push(name);
    for (const hear of heard) hear();
    return new Response(null, { status: 204 });
  });
  const turn = cloudflareTurn({
    keyId: "key",
    apiToken: "token",
    apiUrl: api.url,
  });

  /** Resolves when so many have been revoked. */
  function revocations(count: number): Promise<void> {
    return new Promise((resolve) => {
      const hear = () => {
        if (revoked.length >= count) resolve();
      };
      heard.add(hear);
      hear();
    });
  }

  return { api, turn, revoked, revocations };
}

Deno.test("Server gives each session credentials of its own, and the same ones when it is resumed", async () => {
  const { api, turn } = fakeCloudflare();
  await using _ = api;
  await using server = startServer({ ...OWN, turn });
  await using a = await RawPeer.join(server.url, "r", "a");
  await using b = await RawPeer.join(server.url, "r", "b");
  assertEquals([a, b].map(({ welcome }) => welcome.turn), ["ready", "ready"]);
  assertNotEquals(
    username(a.welcome.iceServers),
    username(b.welcome.iceServers),
  );
  await a.settled();
  a.socket.close(CLOSE.reconnecting);
  await b.next("away");
  const { resume } = a.welcome;
  await using again = await RawPeer.join(server.url, "r", "a", { resume });
  assertEquals(again.welcome.session, "resumed");
  assertEquals(again.welcome.iceServers, a.welcome.iceServers);
  assertEquals(api.asked.length, 2);
});

Deno.test("Server names the session to the provider, as the log does", async () => {
  await using server = startServer({
    ...OWN,
    turn: coturn({ urls: URLS, secret: "secret" }),
  });
  await using _a = await RawPeer.join(server.url, "r");
  await using b = await RawPeer.join(server.url, "r");
  assertEquals(username(b.welcome.iceServers)?.split(":")[1], "2");
  const response = await fetch(`${server.url}/parties/main/r/turn`);
  const { iceServers, turn } = await response.json();
  assertEquals(username(iceServers)?.split(":")[1], "shared");
  assertEquals(turn, "ready");
});

Deno.test("Server shares credentials among those who ask over HTTP", async () => {
  const { api, turn } = fakeCloudflare();
  await using _ = api;
  await using server = startServer({ ...OWN, turn });
  const ask = async () =>
    await (await fetch(`${server.url}/parties/main/r/turn`)).json();
  const [first, second] = await Promise.all([ask(), ask()]);
  assertEquals(second, first);
  assertEquals(await ask(), first);
  assertEquals(api.asked.length, 1);
});

Deno.test("Server ends what it asks for those who ask over HTTP when it stops", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const turn: TurnProvider = {
    name: "silent",
    description: "silent",
    credentials({ signal }) {
      asked.resolve(signal);
      return new Promise(() => {});
    },
  };
  await using server = new Server({ ...OWN, turn });
  const response = server.fetch(
    new Request("http://localhost/parties/main/r/turn"),
    {} as Deno.ServeHandlerInfo,
  );
  const signal = await asked.promise;
  await server.close();
  assertEquals(signal.aborted, true);
  assertEquals((await response).status, 503);
});

Deno.test("Server gives no credentials to those who ask over HTTP while it stops", async () => {
  const server = new Server({ ...OWN, turn: new Numbered() });
  const ask = async () =>
    await server.fetch(
      new Request("http://localhost/parties/main/r/turn"),
      {} as Deno.ServeHandlerInfo,
    );
  assertEquals((await ask()).status, 200);
  await server.close();
  const response = await ask();
  assertEquals(response.status, 503);
  assertEquals((await response.json()).error.code, "stopping");
});

Deno.test("Server shares credentials among the sessions of an address that comes and goes, and revokes only those that were a session's own", async () => {
  const { api, turn, revoked, revocations } = fakeCloudflare();
  await using _ = api;
  let now = Date.now();
  await using server = startServer({
    ...OWN,
    turn,
    limits: { socketsPerAddress: 4 },
    now: () => now,
  });
  const visit = async () => {
    await using peer = await RawPeer.join(server.url, "r");
    assertEquals(peer.welcome.turn, "ready");
    peer.socket.close(1000);
    await peer.closed;
    return username(peer.welcome.iceServers);
  };
  const names = new Set<string | undefined>();
  for (let visits = 0; visits < 12; visits++) names.add(await visit());
  // Four and one.
  assertEquals(names.size, 5);
  await revocations(4);
  assertEquals(api.asked.length, 9);
  assertEquals(revoked.includes("user-5"), false);
  now += 1_000;
  assertEquals(await visit(), "user-6");
});

Deno.test("Server sends new credentials to a live session before the old ones expire", async () => {
  await using server = startServer({
    ...OWN,
    turn: coturn({ urls: URLS, secret: "secret", ttlSeconds: 4 }),
  });
  await using peer = await RawPeer.join(server.url, "r");
  const { iceServers, iceExpiresAt } = peer.welcome;
  const ice = await peer.next("ice");
  assertEquals(ice.turn, "ready");
  assertEquals(Date.now() < (iceExpiresAt ?? 0), true, "in time");
  assertEquals((ice.iceExpiresAt ?? 0) > (iceExpiresAt ?? 0), true);
  assertNotEquals(username(ice.iceServers), username(iceServers));
});

/** A provider that answers at once, with another user name each time, or fails. */
class Numbered implements TurnProvider {
  readonly name = "numbered";
  readonly description = "numbered";
  works = true;
  #given = 0;

  credentials(): Promise<IceConfig> {
    if (!this.works) return Promise.reject(new TurnError("down"));
    const username = `user-${++this.#given}`;
    return Promise.resolve({
      iceServers: [{ urls: URLS, username, credential: "c" }],
      expiresAt: Date.now() + 60_000,
    });
  }
}

Deno.test("Server renews the credentials of a session that is away, and tells them in the next welcome", async () => {
  using time = new FakeTime();
  await using server = startServer({ ...OWN, turn: new Numbered() });
  await using peer = await RawPeer.join(server.url, "r", "peer");
  await using witness = await RawPeer.join(server.url, "r");
  await peer.settled();
  peer.socket.close(CLOSE.reconnecting);
  await witness.next("away");
  await time.flow(46_000);
  const { resume, iceServers, iceExpiresAt } = peer.welcome;
  await using again = await RawPeer.join(server.url, "r", "peer", { resume });
  assertEquals(again.welcome.session, "resumed");
  assertNotEquals(username(again.welcome.iceServers), username(iceServers));
  assertEquals((again.welcome.iceExpiresAt ?? 0) > (iceExpiresAt ?? 0), true);
});

Deno.test("Server tells a session without TURN when a provider has recovered", async () => {
  const turn = new Numbered();
  turn.works = false;
  using time = new FakeTime();
  await using server = startServer({ ...OWN, turn });
  await using peer = await RawPeer.join(server.url, "r");
  assertEquals(peer.welcome.turn, "failed");
  assertEquals(username(peer.welcome.iceServers), undefined);
  turn.works = true;
  await time.flow(15_000);
  const ice = await peer.next("ice");
  assertEquals(ice.turn, "ready");
  assertNotEquals(username(ice.iceServers), undefined);
});

Deno.test("Server takes the next provider while the first one fails", async () => {
  const down = new Numbered();
  down.works = false;
  const turn = [down, coturn({ urls: URLS, secret: "secret" })];
  await using server = startServer({ ...OWN, turn });
  await using peer = await RawPeer.join(server.url, "r");
  assertEquals(peer.welcome.turn, "ready");
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  for (
    const line of [
      'webrtc_turn_failed_total{provider="numbered"} 1',
      'webrtc_turn_minted_total{provider="coturn"} 1',
    ]
  ) assertEquals(metrics.includes(line), true, metrics);
});

Deno.test("Server says that there is no TURN when none is configured", async () => {
  await using server = startServer();
  await using peer = await RawPeer.join(server.url, "r");
  assertEquals(peer.welcome.turn, "none");
  const response = await fetch(`${server.url}/parties/main/r/turn`);
  assertEquals(await response.json(), {
    iceServers: [],
    expiresAt: null,
    turn: "none",
  });
});

// A page that is left sends 1001, which scripts may not; no code at all means the same.
for (const code of [1000, undefined]) {
  Deno.test(`Server revokes the credentials of a peer that closes with ${code ?? "no code"}`, async () => {
    const { api, turn, revoked, revocations } = fakeCloudflare();
    await using _ = api;
    await using server = startServer({ ...OWN, turn });
    const peer = await RawPeer.join(server.url, "r");
    peer.socket.close(code);
    await revocations(1);
    assertEquals(revoked, ["user-1"]);
    await peer.closed;
  });
}

Deno.test("Server revokes the credentials of a peer that it drops", async () => {
  const { api, turn, revoked, revocations } = fakeCloudflare();
  await using _ = api;
  await using server = startServer({ ...OWN, turn });
  await using peer = await RawPeer.join(server.url, "r");
  peer.socket.send(new Uint8Array(1));
  await revocations(1);
  assertEquals(revoked, ["user-1"]);
});

Deno.test("Server revokes the credentials of a peer that is lost and has never said a word", async () => {
  const { api, turn, revoked, revocations } = fakeCloudflare();
  await using _ = api;
  await using server = startServer({ ...OWN, turn });
  const peer = await RawPeer.join(server.url, "r");
  peer.socket.close(CLOSE.reconnecting);
  await revocations(1);
  assertEquals(revoked, ["user-1"]);
  await peer.closed;
});

Deno.test("Server revokes nothing of a peer that is lost, nor when it stops", async () => {
  const { api, turn, revoked } = fakeCloudflare();
  await using _ = api;
  {
    await using server = startServer({
      ...OWN,
      turn,
      limits: { graceMs: 1 },
    });
    await using witness = await RawPeer.join(server.url, "r");
    await using peer = await RawPeer.join(server.url, "r");
    await peer.settled();
    peer.socket.close(CLOSE.reconnecting);
    assertEquals((await witness.next("leave")).reason, "lost");
    const closing = server.close();
    await witness.next("drain");
    witness.socket.close(1000);
    await closing;
  }
  assertEquals(revoked, []);
  assertEquals(api.asked.length, 2);
});

Deno.test({
  name: "Server gives out credentials that a real coturn takes",
  ignore: await whyNoCoturn() !== undefined,
  fn: async () => {
    await using relay = await startCoturn({ secret: "secret" });
    const { urls, port } = relay;
    await using server = startServer({
      ...OWN,
      turn: coturn({ urls, secret: "secret" }),
    });
    await using peer = await RawPeer.join(server.url, "r");
    const { username = "", credential = "" } = peer.welcome.iceServers.at(-1) ??
      {};
    assertEquals(await allocate({ port, username, credential }), undefined);
  },
});

Deno.test({
  name:
    "Server gives out the next provider's credentials while coturn is down, and coturn's when it is up again",
  ignore: await whyNoCoturn() !== undefined,
  async fn() {
    const time = { now: Date.now() };
    await using relay = await startCoturn({ secret: "secret" });
    const { urls } = relay;
    const events: string[] = [];
    await using server = startServer({
      ...OWN,
      turn: [coturn({ urls, secret: "secret" }), new Numbered()],
      now: () => time.now,
      log: ({ event }) => {
        if (event.startsWith("turn-")) events.push(event);
      },
    });
    /** Whose credentials a new peer gets. */
    const whose = async () => {
      await using peer = await RawPeer.join(server.url, "r");
      assertEquals(peer.welcome.turn, "ready");
      const name = username(peer.welcome.iceServers);
      return name?.startsWith("user-") ? "the next" : "coturn";
    };
    assertEquals(await whose(), "coturn");
    await relay.stop();
    // It was found to be up a moment ago.
    assertEquals(await whose(), "coturn");
    time.now += 30_000;
    for (let failures = 0; failures < 3; failures++) {
      assertEquals(await whose(), "the next");
    }
    assertEquals(events, ["turn-failed"]);
    await relay.start();
    assertEquals(await whose(), "the next");
    time.now += 10_000;
    assertEquals(await whose(), "coturn");
    assertEquals(events, ["turn-failed", "turn-recovered"]);
  },
});

Deno.test("Server warns that TURN is open when it is, and names whose", () => {
  const turn = [
    coturn({ urls: URLS, secret: "secret" }),
    cloudflareTurn({ keyId: "key", apiToken: "token" }),
  ];
  const records: unknown[] = [];
  new Server({ turn, log: (record) => records.push(record) });
  assertEquals(records, [{
    level: "warn",
    event: "turn-is-open",
    provider: "coturn, Cloudflare",
  }]);
});
