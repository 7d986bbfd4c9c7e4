import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  diagnose,
  type DiagnoseOptions,
} from "../../../client/diagnose/diagnose.ts";
import { publicStun } from "../../../server/mod.ts";
import { startServer } from "../../support/start_server.ts";

/** A browser's connection, as far as gathering goes: each server answers with what is made up for its address. */
class FakePeerConnection {
  static readonly all: FakePeerConnection[] = [];
  static most = 0;
  /** Called when a server is asked that does not answer. */
  static onSilence = () => {};
  readonly configuration: RTCConfiguration;
  onicecandidate: (event: { candidate: unknown }) => void = () => {};
  onicecandidateerror: (event: unknown) => void = () => {};
  closed = false;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    const { all } = FakePeerConnection;
    all.push(this);
    const open = all.filter(({ closed }) => !closed).length;
    FakePeerConnection.most = Math.max(FakePeerConnection.most, open);
  }

  createDataChannel(): void {}

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    const urls = (this.configuration.iceServers ?? []).flatMap(({ urls }) =>
      urls
    );
    for (const url of urls) {
      const [, scheme, host, end] = /^(\w+):(\w+)-?(\w*)/.exec(url) ?? [];
      const silent = end === "silent" ||
        end === "turnonly" && scheme === "stun";
      if (silent) return FakePeerConnection.onSilence();
      const port = host === "one" ? 1 : 2;
      const type = scheme === "turn" ? "relay" : "srflx";
      this.onicecandidate({
        candidate: {
          candidate:
            `candidate:1 1 udp 1 203.0.113.1 ${port} typ ${type} raddr 0.0.0.0 rport 0`,
        },
      });
    }
    this.onicecandidate({ candidate: null });
  }

  close(): void {
    this.closed = true;
  }
}

const RTCPeerConnection =
  FakePeerConnection as unknown as typeof globalThis.RTCPeerConnection;

function fresh(): FakePeerConnection[] {
  FakePeerConnection.most = 0;
  FakePeerConnection.onSilence = () => {};
  FakePeerConnection.all.length = 0;
  return FakePeerConnection.all;
}

const WRONG: readonly (readonly [
  options: Record<string, unknown>,
  error: typeof TypeError | typeof RangeError,
  says: string,
])[] = [
  [{ host: 7 }, TypeError, '"host" must be a string, got number'],
  [{ host: "ftp://a" }, TypeError, '"host" must be a host or its URL'],
  [{ room: "" }, RangeError, '"room" must be a name of 1 to 128 characters'],
  [{ party: "a".repeat(65) }, RangeError, '"party" must be a name'],
  [{ timeoutMs: 0 }, RangeError, '"timeoutMs" must be positive, got 0'],
  [{ iceServers: {} }, TypeError, '"iceServers" must be an array, got object'],
];

for (const [options, error, says] of WRONG) {
  Deno.test(`diagnose rejects when an option is wrong: ${says}`, async () => {
    const all = { host: "localhost", room: "r", ...options };
    await assertRejects(() => diagnose(all as DiagnoseOptions), error, says);
  });
}

Deno.test("diagnose says unsupported when there is no RTCPeerConnection", async () => {
  await using server = startServer();
  const diagnosis = await diagnose({ host: server.url, room: "r" });
  assertEquals(
    [diagnosis.verdict, diagnosis.supported, diagnosis.signaling.webSocket],
    ["unsupported", false, "open"],
  );
});

Deno.test("diagnose asks the server which ICE servers to try", async () => {
  fresh();
  await using server = startServer({ turn: publicStun(["stun:one"]) });
  const { ice, verdict } = await diagnose({
    host: server.url,
    room: "r",
    RTCPeerConnection,
  });
  assertEquals(
    [ice.source, ice.turn, ice.servers.map(({ url }) => url), verdict],
    ["server", "none", ["stun:one"], "no-turn"],
  );
});

Deno.test("diagnose tries those of its options instead, each by itself, in their order", async () => {
  const all = fresh();
  await using server = startServer({ turn: publicStun(["stun:one"]) });
  const { ice, nat } = await diagnose({
    host: server.url,
    room: "r",
    RTCPeerConnection,
    iceServers: [
      { urls: ["stun:two", "stun:one"] },
      { urls: "turn:one", username: "u", credential: "p" },
    ],
  });
  assertEquals(
    [ice.source, ice.turn, ice.servers.map(({ url }) => url)],
    ["options", null, ["stun:two", "stun:one", "turn:one"]],
  );
  assertEquals(nat, {
    udp: "open",
    mapping: "address-dependent",
    reason: null,
  });
  assertEquals(all.map(({ configuration }) => configuration), [
    { iceServers: [{ urls: "stun:two" }], iceTransportPolicy: "all" },
    { iceServers: [{ urls: "stun:one" }], iceTransportPolicy: "all" },
    {
      iceServers: [{ urls: "turn:one", username: "u", credential: "p" }],
      iceTransportPolicy: "relay",
    },
    // And those that work from one port.
    { iceServers: [{ urls: ["stun:two", "stun:one"] }] },
  ]);
});

Deno.test("diagnose compares no server that answers TURN and not STUN", async () => {
  const all = fresh();
  await using server = startServer();
  const { nat } = await diagnose({
    host: server.url,
    room: "r",
    RTCPeerConnection,
    timeoutMs: 30,
    iceServers: [
      { urls: "stun:one" },
      { urls: "turn:two-turnonly", username: "u", credential: "p" },
    ],
  });
  assertEquals(all.at(-1)?.configuration, {
    iceServers: [{ urls: ["stun:one"] }],
  });
  assertEquals([nat.udp, nat.mapping], ["open", "unknown"]);
});

Deno.test("diagnose has eight connections at most, and closes all", async () => {
  const all = fresh();
  await using server = startServer();
  const { ice } = await diagnose({
    host: server.url,
    room: "r",
    RTCPeerConnection,
    timeoutMs: 30,
    iceServers: [{
      urls: Array.from({ length: 20 }, (_, index) => `stun:a${index}-silent`),
    }],
  });
  assertEquals(ice.servers.length, 20);
  assertEquals(FakePeerConnection.most, 8);
  assertEquals(all.filter(({ closed }) => !closed), []);
});

const TOKENS: readonly (readonly [
  when: string,
  token: () => Promise<string>,
  says: string,
])[] = [
  ["throws", () => Promise.reject(new Error("not logged in")), "not logged in"],
  ["gives none in time", () => new Promise(() => {}), "no answer"],
];

for (const [when, token, says] of TOKENS) {
  Deno.test(`diagnose says token-failed when the function token ${when}`, async () => {
    const { verdict, summary, signaling } = await diagnose({
      host: "localhost:1",
      room: "r",
      token,
      RTCPeerConnection,
      timeoutMs: 30,
    });
    assertEquals([verdict, signaling.http], ["token-failed", "token-failed"]);
    assertStringIncludes(summary, says);
  });
}

Deno.test("diagnose offers the token that its function gives", async () => {
  fresh();
  const offered: string[] = [];
  await using server = startServer({
    authorize(request) {
      const offer = request.headers.get("authorization") ??
        request.headers.get("sec-websocket-protocol") ?? "";
      offered.push(offer);
      return {};
    },
  });
  await diagnose({
    host: server.url,
    room: "r",
    token: () => "open(sesame)",
    RTCPeerConnection,
  });
  assertEquals(offered, [
    "Bearer open(sesame)",
    "Bearer open(sesame)",
    // Parentheses would end the list (RFC 9110 §5.6.2).
    "webrtc.v1, bearer.open%28sesame%29",
    "Bearer open(sesame)",
  ]);
});

Deno.test("diagnose rejects with the reason of its signal when that is aborted before", async () => {
  const reason = { not: "even an error" };
  const all = fresh();
  const thrown = await diagnose({
    host: "localhost:1",
    room: "r",
    RTCPeerConnection,
    signal: AbortSignal.abort(reason),
  }).catch((error) => error);
  assertEquals(thrown === reason, true);
  assertEquals(all, []);
});

const STAGES: readonly (readonly [
  stage: string,
  options: (abort: () => void) => Partial<DiagnoseOptions>,
])[] = [
  ["asks for a token", (abort) => ({
    token() {
      abort();
      return new Promise(() => {});
    },
  })],
  ["waits for ICE", (abort) => {
    FakePeerConnection.onSilence = abort;
    return { iceServers: [{ urls: "stun:a-silent" }] };
  }],
];

for (const [stage, options] of STAGES) {
  Deno.test(`diagnose rejects with the reason of its signal when that is aborted while it ${stage}, and leaves nothing open`, async () => {
    const all = fresh();
    await using server = startServer();
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const thrown = await diagnose({
      host: server.url,
      room: "r",
      RTCPeerConnection,
      timeoutMs: 60_000,
      signal: controller.signal,
      ...options(() => controller.abort(reason)),
    }).catch((error) => error);
    assertEquals(thrown === reason, true);
    assertEquals(all.filter(({ closed }) => !closed), []);
    assertEquals(all.length > 0, stage === "waits for ICE");
  });
}
