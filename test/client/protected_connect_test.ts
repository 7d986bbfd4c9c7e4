import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  connect,
  ConnectError,
  type ConnectOptions,
  createIdentity,
  createRoomKey,
} from "../../mod.ts";
import { RTCPeerConnection } from "../support/headless.ts";
import { startServer } from "../support/start_server.ts";

/** Where nobody is: no test that gets so far would go on. */
const NOWHERE = { host: "127.0.0.1:1", room: "r" };

const identity = await createIdentity();
const other = await createIdentity();
const roomKey = createRoomKey();
const onTrust = () => true;

/** Connections of a test, of which none may stay open. */
function counted() {
  const open = new Set<unknown>();
  let made = 0;
  class Counted extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made++;
      open.add(this);
    }
    override close(): void {
      open.delete(this);
      super.close();
    }
  }
  return {
    RTCPeerConnection: Counted,
    get made() {
      return made;
    },
    open,
  };
}

/** A WebCrypto that does not answer before `released`, and of which is known whether it is still asked for something. */
class WatchedCrypto {
  readonly crypto: Crypto;
  /** Resolves when it is asked. */
  readonly asked: Promise<void>;
  readonly #running: Promise<unknown>[] = [];

  constructor(released: Promise<void> = Promise.resolve()) {
    const { subtle } = crypto;
    const asked = Promise.withResolvers<void>();
    this.asked = asked.promise;
    const watched = new Proxy(subtle, {
      get: (_, name: keyof SubtleCrypto) => (...args: unknown[]) => {
        const operation = async () => {
          await released;
          const run = subtle[name] as (...args: unknown[]) => unknown;
          return await run.apply(subtle, args);
        };
        const running = operation();
        this.#running.push(running);
        asked.resolve();
        return running;
      },
    });
    this.crypto = {
      subtle: watched,
      getRandomValues: crypto.getRandomValues.bind(crypto),
    } as Crypto;
  }

  /** Resolves when all that was asked is answered, and what followed from it. */
  async idle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) {
      await Promise.all(this.#running);
      await undefined;
    }
  }

  /** No test ends before. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.idle();
  }
}

/** Options that protect nothing, and what is said of them. */
const WRONG: readonly (readonly [
  string,
  Record<string, unknown>,
  typeof TypeError | typeof RangeError,
  string,
])[] = [
  [
    "the room key is a string",
    { roomKey: "x".repeat(32) },
    TypeError,
    "string",
  ],
  ["the room key is a list", { roomKey: [...roomKey] }, TypeError, "object"],
  [
    "the room key is a buffer",
    { roomKey: roomKey.buffer },
    TypeError,
    "object",
  ],
  ["the room key has no value", { roomKey: undefined }, TypeError, "undefined"],
  ["the room key is null", { roomKey: null }, TypeError, '"roomKey"'],
  [
    "the room key is empty",
    { roomKey: new Uint8Array() },
    RangeError,
    '"roomKey" must be 32 bytes, got 0',
  ],
  [
    "the room key is too short",
    { roomKey: new Uint8Array(31) },
    RangeError,
    "32 bytes, got 31",
  ],
  [
    "the room key is too long",
    { roomKey: new Uint8Array(33) },
    RangeError,
    "32 bytes, got 33",
  ],
  [
    "the password is empty",
    { password: "" },
    RangeError,
    '"password" must not be empty',
  ],
  [
    "the password has no value",
    { password: undefined },
    TypeError,
    '"password" must be a string, got undefined',
  ],
  ["the password is null", { password: null }, TypeError, "got object"],
  ["the password is a number", { password: 1234 }, TypeError, "got number"],
  ["there are both", { roomKey, password: "x" }, TypeError, "not both"],
  [
    "there are both, the password without a value",
    { roomKey, password: undefined },
    TypeError,
    '"password" must be a string',
  ],
  [
    "there are both, the room key without a value",
    { roomKey: undefined, password: "x" },
    TypeError,
    '"roomKey" must be a Uint8Array',
  ],
  [
    "there is an identity besides the id",
    { identity, id: "ada" },
    TypeError,
    '"id" or "identity", not both',
  ],
  [
    "there is its id besides the identity",
    { identity, id: identity.id },
    TypeError,
    '"id" or "identity", not both',
  ],
  ["onTrust has no identity", { onTrust }, TypeError, '"onTrust" needs'],
  [
    "onTrust has a room key and no identity",
    { onTrust, roomKey },
    TypeError,
    '"onTrust" needs an "identity"',
  ],
  [
    "onTrust is no function",
    { onTrust: true, identity },
    TypeError,
    '"onTrust" must be a function, got boolean',
  ],
  [
    "onTrust has no value",
    { onTrust: undefined, identity },
    TypeError,
    '"onTrust" must be a function, got undefined',
  ],
  [
    "the identity has no value",
    { identity: undefined },
    TypeError,
    "must be one of",
  ],
  ["the identity is null", { identity: null }, TypeError, "must be one of"],
  [
    "the identity is its id",
    { identity: identity.id },
    TypeError,
    "must be one of",
  ],
  [
    "the identity is half of one",
    { identity: { ...identity, privateKey: undefined } },
    TypeError,
    "must be one of",
  ],
  [
    "the identity has a name in place of an id",
    { identity: { ...identity, id: "ada" } },
    TypeError,
    "must be one of",
  ],
  [
    "the identity has the id of another one",
    { identity: { ...identity, id: other.id } },
    TypeError,
    "the id of its public key",
  ],
  [
    "the identity has the public key of another one",
    { identity: { ...identity, publicKey: other.publicKey } },
    TypeError,
    "the id of its public key",
  ],
];

for (const [when, options, type, message] of WRONG) {
  Deno.test(`connect rejects with a ${type.name} when ${when}`, async () => {
    const all = counted();
    const { RTCPeerConnection } = all;
    await assertRejects(
      () =>
        connect(
          { ...NOWHERE, RTCPeerConnection, ...options } as ConnectOptions,
        ),
      type,
      message,
    );
    assertEquals(all.open.size, 0);
  });
}

for (
  const [what, options] of [
    ["room key", { roomKey }],
    ["password", { password: "x" }],
    ["identity", { identity }],
  ] as const
) {
  Deno.test(`connect rejects as unsupported when there is a ${what} and no WebCrypto`, async () => {
    const all = counted();
    const { RTCPeerConnection } = all;
    const error = await assertRejects(
      () =>
        connect({
          ...NOWHERE,
          RTCPeerConnection,
          crypto: {} as Crypto,
          ...options,
        }),
      ConnectError,
      "there is no WebCrypto",
    );
    assertEquals([error.reason, all.open.size], ["unsupported", 0]);
    assertInstanceOf(error.cause, DOMException);
  });
}

Deno.test("connect needs no WebCrypto when nothing is protected", async () => {
  await using server = startServer();
  await using connection = await connect({
    host: server.url,
    room: "r",
    RTCPeerConnection,
    crypto: {} as Crypto,
  });
  assertEquals(connection.state, "joined");
});

Deno.test("connect takes the id of the identity", async () => {
  await using server = startServer();
  await using watched = new WatchedCrypto();
  await using connection = await connect({
    host: server.url,
    room: "r",
    RTCPeerConnection,
    crypto: watched.crypto,
    identity,
  });
  assertEquals(connection.socket.id, identity.id);
});

Deno.test("connect leaves nothing behind when it is aborted while it makes keys", async () => {
  await using server = startServer();
  const all = counted();
  const released = Promise.withResolvers<void>();
  const slow = new WatchedCrypto(released.promise);
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const joining = connect({
    host: server.url,
    room: "r",
    roomKey,
    RTCPeerConnection: all.RTCPeerConnection,
    crypto: slow.crypto,
    signal: controller.signal,
  });
  await slow.asked;
  controller.abort(reason);
  const error = await assertRejects(() => joining, ConnectError);
  assertEquals(error.reason, "aborted");
  assertStrictEquals(error.cause, reason);
  released.resolve();
  await slow.idle();
  assertEquals([all.made, all.open.size], [0, 0]);
});

Deno.test("connect leaves nothing behind when it is aborted while it makes its certificate", async () => {
  await using server = startServer();
  const all = counted();
  const asked = Promise.withResolvers<void>();
  const made = Promise.withResolvers<void>();
  class Slow extends all.RTCPeerConnection {
    static override async generateCertificate(): Promise<RTCCertificate> {
      asked.resolve();
      await made.promise;
      return undefined as unknown as RTCCertificate;
    }
  }
  const controller = new AbortController();
  const joining = connect({
    host: server.url,
    room: "r",
    RTCPeerConnection: Slow,
    signal: controller.signal,
  });
  await asked.promise;
  controller.abort();
  const error = await assertRejects(() => joining, ConnectError);
  assertEquals(error.reason, "aborted");
  made.resolve();
  // What it goes on with needs a few turns.
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([all.made, all.open.size], [1, 0]);
});

Deno.test("connect leaves nothing behind when its time is over while it makes keys", async () => {
  await using server = startServer();
  const all = counted();
  const released = Promise.withResolvers<void>();
  const slow = new WatchedCrypto(released.promise);
  const joining = connect({
    host: server.url,
    room: "r",
    identity,
    RTCPeerConnection: all.RTCPeerConnection,
    crypto: slow.crypto,
    timeoutMs: 1,
  });
  await slow.asked;
  const error = await assertRejects(() => joining, ConnectError);
  assertEquals(error.reason, "timeout");
  released.resolve();
  await slow.idle();
  assertEquals(all.open.size, 0);
});

Deno.test("connect keeps a room key of its own when the app wipes the one that it gave", async () => {
  await using server = startServer();
  await using watched = new WatchedCrypto();
  const options = {
    host: server.url,
    room: "r",
    RTCPeerConnection,
    autoConnect: false,
    crypto: watched.crypto,
  };
  const presence = { name: "Ada" };
  const key = roomKey.slice();
  const joining = connect({ ...options, roomKey: key, presence, id: "ada" });
  key.fill(0);
  await using _ada = await joining;
  await using bob = await connect({ ...options, roomKey });
  const seen = () => bob.peers.get("ada")?.presence;
  while (!seen()) {
    await new Promise<void>((resolve, reject) => {
      bob.once("presence", () => resolve());
      bob.once("untrusted", ({ code }) => reject(new Error(code)));
    });
  }
  assertEquals(seen(), presence);
});

const connected = ["connected", "packets flow"];
const otherKey = apart("key-mismatch", "the peer has another room key");
const oneProves = apart("identity-missing", "only one side proves who it is");

/** What both sides see of each other that meet. */
function met(known: string | null): unknown {
  return [[...connected, known, "busy"], [...connected, known, {
    name: "Ada",
  }], []];
}

/** What both sides see that do not, once each. */
function apart(code: string, reason: string): unknown {
  const side = [
    `untrusted peer ${code}`,
    "closed",
    reason,
    null,
    null,
    null,
    `NetworkError: Cannot connect to peer: ${reason}`,
    0,
  ];
  return [side, side];
}

const TOO_LARGE =
  "RangeError: Cannot set presence: it must take at most 4096 bytes of JSON";
const NO_IDENTITY =
  'InvalidStateError: Cannot trust peer: "identity" was not given to connect()';
const NOT_ADMITTED = "the peer was not admitted";
const INVALID = "InvalidStateError";
const NUMBERS = [true, true, INVALID, INVALID, INVALID];

/** What happens in each scenario of the program. */
const EXPECTED: readonly (readonly [
  name: string,
  scenario: string,
  told: unknown,
])[] = [
  ["meets peers when both have the same room key", "room key", met(null)],
  ["meets peers when both have the same password", "password", met(null)],
  ["meets peers when both have an identity", "identity", met("Ed25519")],
  [
    "meets peers when both have an identity and the same key",
    "room key and identity",
    met("Ed25519"),
  ],
  ["keeps peers apart when they have different keys", "another key", otherKey],
  [
    "keeps peers apart when they have different passwords",
    "another password",
    otherKey,
  ],
  [
    "keeps peers apart when one with a key was there first",
    "a key, then none",
    otherKey,
  ],
  [
    "keeps peers apart when one with a key comes later",
    "no key, then one",
    otherKey,
  ],
  [
    "keeps peers apart when one with an identity was there first",
    "an identity, then none",
    oneProves,
  ],
  [
    "keeps peers apart when one with an identity comes later",
    "no identity, then one",
    oneProves,
  ],
  [
    "keeps peers apart when one has a key and one an identity",
    "a key, then an identity",
    otherKey,
  ],
  [
    "keeps peers apart when only one has an identity besides the key",
    "a key, then an identity besides",
    oneProves,
  ],
  [
    "dials nobody whom onTrust refuses, until trust admits it",
    "refused by onTrust",
    [
      "closed",
      NOT_ADMITTED,
      `NetworkError: Cannot connect to peer: ${NOT_ADMITTED}`,
      ["true Ed25519"],
      connected,
    ],
  ],
  [
    "meets a peer when onTrust admits it in the end",
    "admitted later by onTrust",
    [
      ["new", "the peer is not trusted yet"],
      [],
      [],
    ],
  ],
  [
    "ends a pair when trust is taken back, and makes it anew when it is given again",
    "trust taken back and given again",
    [
      "closed",
      NOT_ADMITTED,
      "untrusted bob not-admitted",
      "closed ada: the other side ended it",
      "NetworkError: Cannot connect to peer: the other side ended it",
    ],
  ],
  ["trusts nobody when there is no identity", "trust without an identity", [
    NO_IDENTITY,
    NO_IDENTITY,
  ]],
  [
    "goes on when the server was restarted",
    "the server was restarted",
    [[], [], []],
  ],
  ["goes on when the session was lost", "the session was lost", [
    true,
    2,
    1,
    [],
    [],
  ]],
  ["meets a page again when that was reloaded", "a page was reloaded", [
    "after",
    [],
  ]],
  [
    "refuses a presence when that is too large only once it is sealed",
    "a presence that is too large",
    [TOO_LARGE, TOO_LARGE, true, TOO_LARGE],
  ],
  ["has the same safety number on both sides", "safety numbers", [
    NUMBERS,
    NUMBERS,
    NUMBERS,
  ]],
  ["has the same safety emoji on both sides", "safety emoji", [
    INVALID,
    "Error: changed my mind",
    "Error: changed my mind",
    7,
    true,
    true,
  ]],
  [
    "gives up safety emoji when the peer leaves",
    "safety emoji of a peer that leaves",
    ["NetworkError: The peer is gone", INVALID],
  ],
];

Deno.test("Connection of a protected room, in a process that ends by itself", async (t) => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "protected_program.ts"],
    cwd: new URL("../support", import.meta.url),
    stderr: "inherit",
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const told = new Map<string, unknown>(lines.map((line) => JSON.parse(line)));
  for (const [name, scenario, expected] of EXPECTED) {
    await t.step(name, () => assertEquals(told.get(scenario), expected));
  }
  assertEquals(code, 0);
  assertEquals(
    [...told.keys()].toSorted(),
    EXPECTED.map(([, scenario]) => scenario).toSorted(),
  );
});
