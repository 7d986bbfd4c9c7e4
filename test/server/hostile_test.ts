import { assert, assertEquals } from "@std/assert";
import { CLOSE, LIMITS } from "../../protocol.ts";
import type { LogRecord } from "../../server/mod.ts";
import { openByHand } from "../support/open_by_hand.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startServer } from "../support/start_server.ts";

/** What was told of peers that were dropped. */
function drops(records: readonly LogRecord[]): LogRecord[] {
  return records.filter(({ event }) => event === "peer-dropped");
}

/** Two peers that talk, and a third that attacks; afterwards the two must still talk. */
async function underAttack(
  attack: (attacker: RawPeer, records: LogRecord[]) => Promise<void>,
  limits = {},
): Promise<void> {
  const records: LogRecord[] = [];
  await using server = startServer({
    limits,
    log: (record) => records.push(record),
  });
  await using a = await RawPeer.join(server.url, "r", "a");
  await using b = await RawPeer.join(server.url, "r", "b");
  await using attacker = await RawPeer.join(server.url, "r", "attacker");
  await attack(attacker, records);
  a.send({ type: "signal", to: "b", data: "still here" });
  assertEquals(await b.next("signal"), {
    type: "signal",
    from: "a",
    data: "still here",
  });
  b.send({ type: "signal", to: "a", data: "so am I" });
  assertEquals((await a.next("signal")).data, "so am I");
}

const CLOSED: readonly (readonly [
  what: string,
  frame: string | Uint8Array<ArrayBuffer>,
  code: number,
])[] = [
  [
    "a frame that is too large",
    "x".repeat(LIMITS.frameBytes + 1),
    CLOSE.frameTooLarge,
  ],
  ["ten megabytes", "x".repeat(10_000_000), CLOSE.frameTooLarge],
  [
    "a frame with too many bytes",
    "€".repeat(LIMITS.frameBytes / 2),
    CLOSE.frameTooLarge,
  ],
  ["a binary frame", new Uint8Array(8), CLOSE.badFrame],
  ["an empty binary frame", new Uint8Array(0), CLOSE.badFrame],
  ["a frame that is not JSON", "hello", CLOSE.badFrame],
  ["an empty frame", "", CLOSE.badFrame],
  ["an array", "[1]", CLOSE.badFrame],
  ["null", "null", CLOSE.badFrame],
  ["deeply nested arrays", "[".repeat(60_000), CLOSE.badFrame],
];

for (const [what, frame, code] of CLOSED) {
  Deno.test(`Session closes with ${code} and hurts nobody else when it gets ${what}`, async () => {
    await underAttack(async (attacker, records) => {
      attacker.socket.send(frame);
      assertEquals((await attacker.closed).code, code);
      assertEquals(drops(records).length, 1);
    });
  });
}

const FAULTS:
  readonly (readonly [what: string, message: unknown, code: string])[] = [
    ["a type it does not know", { type: "broadcast" }, "bad-frame"],
    ["a message of the server", { type: "welcome", id: "a" }, "bad-frame"],
    [
      "a type that is a property of every object",
      { type: "constructor" },
      "bad-frame",
    ],
    ["a signal without data", { type: "signal", to: "a" }, "bad-frame"],
    ["a signal whose data is nested", {
      type: "signal",
      to: "a",
      data: { a: [1] },
    }, "bad-frame"],
    [
      "a signal to nobody",
      { type: "signal", to: "nobody", data: "" },
      "unknown-peer",
    ],
    [
      "a signal to __proto__",
      { type: "signal", to: "__proto__", data: "" },
      "unknown-peer",
    ],
    ["a signal to hasOwnProperty", {
      type: "signal",
      to: "hasOwnProperty",
      data: "",
    }, "unknown-peer"],
    ["a presence that is too large", {
      type: "presence",
      presence: "x".repeat(LIMITS.presenceBytes + 1),
    }, "presence-too-large"],
    ["a presence with too many bytes", {
      type: "presence",
      presence: "€".repeat(LIMITS.presenceBytes / 2),
    }, "presence-too-large"],
  ];

for (const [what, message, code] of FAULTS) {
  Deno.test(`Session answers ${code} and hurts nobody else when it gets ${what}`, async () => {
    await underAttack(async (attacker) => {
      attacker.send(message);
      assertEquals((await attacker.next("error")).code, code);
      attacker.send({ type: "signal", to: "attacker", data: "to myself" });
      assertEquals(
        (await attacker.next("signal")).data,
        "to myself",
        "the attacker itself goes on",
      );
    });
  });
}

Deno.test("Session answers rate-limited and closes when a peer sends more than its rate", async () => {
  await underAttack(async (attacker, records) => {
    for (let sent = 0; sent <= LIMITS.frameBurst + 60; sent++) {
      attacker.send({ type: "presence", presence: String(sent) });
    }
    // Deno may lose the close frame behind what is still being sent; the answer before it arrives.
    assertEquals((await attacker.next("error")).code, "rate-limited");
    await attacker.closed;
    assertEquals(drops(records), [{
      level: "info",
      event: "peer-dropped",
      code: CLOSE.rateLimited,
      reason: "too many frames",
    }]);
  });
});

Deno.test("Session tells nobody who is not who it says when a signal names a sender", async () => {
  await using server = startServer();
  await using a = await RawPeer.join(server.url, "r", "a");
  await using attacker = await RawPeer.join(server.url, "r", "attacker");
  attacker.send({ type: "signal", to: "a", from: "b", data: "I am b" });
  assertEquals(await a.next("signal"), {
    type: "signal",
    from: "attacker",
    data: "I am b",
  });
});

Deno.test("Session reaches nobody in another room", async () => {
  await using server = startServer();
  await using _a = await RawPeer.join(server.url, "r", "a");
  await using attacker = await RawPeer.join(server.url, "other", "attacker");
  attacker.send({ type: "signal", to: "a", data: "hello over there" });
  assertEquals((await attacker.next("error")).code, "unknown-peer");
});

for (
  const id of [
    "__proto__",
    "constructor",
    "toString",
    "a/b?c=d&e#f",
    'quo"te\\',
    "😀",
    "x".repeat(64),
  ]
) {
  Deno.test(`Session is a peer like any other when its id is ${id.slice(0, 16)}`, async () => {
    await using server = startServer();
    await using a = await RawPeer.join(server.url, "__proto__", "a");
    await using b = await RawPeer.join(server.url, "__proto__", id);
    assertEquals((await a.next("join")).peer.id, id);
    a.send({ type: "signal", to: id, data: "x" });
    assertEquals((await b.next("signal")).from, "a");
    await b[Symbol.asyncDispose]();
    assertEquals(await a.next("leave"), {
      type: "leave",
      id,
      reason: "goodbye",
    });
  });
}

Deno.test("Session answers not-joined when a frame comes before the welcome", async () => {
  const held = Promise.withResolvers<never>();
  const turn = {
    name: "held",
    description: "held",
    credentials: () => held.promise,
  };
  await using server = startServer({ turn });
  await using early = new RawPeer(server.url, "r", "early");
  early.socket.onopen = () => early.send({ type: "presence", presence: "1" });
  assertEquals((await early.next("error")).code, "not-joined");
  assertEquals((await early.next("welcome")).id, "early");
});

Deno.test("Session frees its seat when the client vanishes between the upgrade and the welcome", async () => {
  const held = Promise.withResolvers<never>();
  const turn = {
    name: "held",
    description: "held",
    credentials: () => held.promise,
  };
  await using server = startServer({ turn });
  await using first = new RawPeer(server.url, "r", "same");
  await new Promise((resolve) => first.socket.onopen = resolve);
  await first[Symbol.asyncDispose]();
  await using second = new RawPeer(server.url, "r", "same");
  assertEquals((await second.next("welcome")).peers, []);
});

Deno.test("Session says lost when a socket breaks in the middle, and goodbye when it is closed", async () => {
  await using server = startServer();
  await using witness = await RawPeer.join(server.url, "r", "witness");
  const raw = await openByHand(server.url, "r", "raw");
  assertEquals((await witness.next("join")).peer.id, "raw");
  raw.close();
  assertEquals(await witness.next("leave"), {
    type: "leave",
    id: "raw",
    reason: "lost",
  });
});

Deno.test("Session drops a peer that does not read, and the others hear all", async () => {
  const records: LogRecord[] = [];
  await using server = startServer({
    limits: {
      unreadBytes: 64 * 1024,
      framesPerSecond: 100_000,
      frameBurst: 100_000,
    },
    log: (record) => records.push(record),
  });
  await using talker = await RawPeer.join(server.url, "r", "talker");
  await using reader = await RawPeer.join(server.url, "r", "reader");
  const deaf = await openByHand(server.url, "r", "deaf");
  await talker.next("join");
  await talker.next("join");
  const dropped = talker.next("leave");
  let gone = false;
  dropped.then(() => gone = true);
  for (let sent = 0; !gone; sent++) {
    // As much as the reader takes, so that only the deaf one falls behind.
    const presence = String(sent).padEnd(4000);
    talker.send({ type: "presence", presence });
    talker.send({ type: "signal", to: "reader", data: String(sent) });
    assertEquals((await reader.next("signal")).data, String(sent));
    assert(sent < 100_000, "the deaf peer was never dropped");
  }
  assertEquals(await dropped, { type: "leave", id: "deaf", reason: "dropped" });
  assertEquals(drops(records), [{
    level: "info",
    event: "peer-dropped",
    code: CLOSE.tooSlow,
    reason: "too much unread output",
  }]);
  deaf.close();
});

Deno.test("Session answers peer-busy, and the peer stays, when somebody floods one peer with signals", async () => {
  const records: LogRecord[] = [];
  await using server = startServer({
    limits: {
      unreadBytes: 64 * 1024,
      framesPerSecond: 100_000,
      frameBurst: 100_000,
    },
    log: (record) => records.push(record),
  });
  await using attacker = await RawPeer.join(server.url, "r", "attacker");
  using _slow = await openByHand(server.url, "r", "slow");
  await attacker.next("join");
  // More than the kernel takes for somebody who does not read.
  for (let sent = 0; sent < 1000; sent++) {
    attacker.send({ type: "signal", to: "slow", data: "x".repeat(20_000) });
  }
  const { code, to } = await attacker.next("error");
  assertEquals({ code, to }, { code: "peer-busy", to: "slow" });
  assertEquals(drops(records), []);
});
