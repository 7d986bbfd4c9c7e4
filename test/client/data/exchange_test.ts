import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { FRAME_BYTES } from "../../../client/data/lane_frame.ts";
import { RequestError } from "../../../client/data/request_error.ts";
import { SendError } from "../../../client/data/send_error.ts";
import type { Undelivered } from "../../../client/events.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { KnownPeers } from "../../support/known_peers.ts";
import { UnhandledRejections } from "../../support/unhandled_rejections.ts";

const MIB = 2 ** 20;

/** What each peer heard. */
function heard(test: KnownPeers): Record<string, unknown[]> {
  for (const pair of test.pairs.values()) pair.flush();
  return Object.fromEntries(
    [...test.pairs].map(([peer, { b }]) => [peer, b.heard]),
  );
}

// --- to whom

const TO: readonly (readonly [
  string,
  string | readonly string[] | undefined,
  string[],
])[] = [
  ["everybody met when nobody is named", undefined, ["x", "y", "z"]],
  ["one peer by its id", "y", ["y"]],
  ["some peers by their ids", ["z", "x"], ["x", "z"]],
  ["a peer once when it is named twice", ["x", "x"], ["x"]],
  ["nobody when the list is empty", [], []],
];

for (const [what, to, expected] of TO) {
  Deno.test(`Exchange.send sends to ${what}`, async () => {
    using test = new KnownPeers();
    for (const peer of ["x", "y", "z"]) test.meet(peer);
    assertEquals(await test.exchange.send("hi", { to }), expected.length);
    assertEquals(
      heard(test),
      Object.fromEntries(
        ["x", "y", "z"].map((
          peer,
        ) => [peer, expected.includes(peer) ? ["hi"] : []]),
      ),
    );
  });
}

Deno.test("Exchange.send resolves with 0 when nobody was met", async () => {
  using test = new KnownPeers();
  assertEquals(await test.exchange.send("hi", {}), 0);
});

Deno.test("Exchange.send sends each peer a Blob, and what was there when it was called", async () => {
  using test = new KnownPeers();
  for (const peer of ["x", "y"]) test.meet(peer);
  const data = new Uint8Array(300_000).fill(1);
  const blob = new Blob([data]);
  const sent = [test.exchange.send(blob, {}), test.exchange.send(data, {})];
  data.fill(0);
  assertEquals(await Promise.all(sent), [2, 2]);
  const { buffer } = new Uint8Array(300_000).fill(1);
  assertEquals(heard(test), { x: [buffer, buffer], y: [buffer, buffer] });
});

// --- when it resolves

Deno.test("Exchange.send resolves only when all of it was handed to the network for each", async () => {
  using test = new KnownPeers();
  test.meet("x");
  const y = test.meet("y", { joined: false });
  let left = false;
  const sent = test.exchange.send("hi", {}).then((count) => {
    left = true;
    return count;
  });
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assertEquals(left, false);
  y.join();
  assertEquals(await sent, 2);
});

Deno.test("Exchange.send resolves when all but 128 KiB and a frame have left the browser", async () => {
  using test = new KnownPeers();
  const x = test.meet("x", { joined: false });
  x.join();
  x.flush();
  let left = false;
  const sent = test.exchange.send(new Uint8Array(MIB), {}).then(() => {
    left = true;
  });
  while (!left) {
    x.channel.leave(1);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
  await sent;
  assertEquals(x.channel.bufferedAmount <= 3 * FRAME_BYTES, true);
  assertEquals(x.channel.bufferedAmount > 0, true);
});

// --- what is refused

const REFUSED: readonly (readonly [
  string,
  (test: KnownPeers) => Promise<unknown>,
  string,
  string,
])[] = [
  [
    "what cannot be sent",
    ({ exchange }) => exchange.send({}, {}),
    "TypeError",
    'Cannot send: "data" must be a string, an ArrayBuffer, a view of one or a Blob, got object',
  ],
  [
    "what is larger than we send",
    ({ exchange }) => exchange.send(new Uint8Array(4 * MIB + 1), {}),
    "RangeError",
    'Cannot send: "data" must have at most 4194304 bytes, got 4194305',
  ],
  [
    "a text whose bytes are more than we send, though its characters are not",
    ({ exchange }) => exchange.send("ü".repeat(2 * MIB + 1), {}),
    "RangeError",
    'Cannot send: "data" must have at most 4194304 bytes, got 4194306',
  ],
  [
    "what is larger than one peer that is named takes",
    ({ exchange }) =>
      exchange.send(new Blob([new Uint8Array(MIB + 1)]), {
        to: ["x", "small"],
      }),
    "RangeError",
    'Cannot send: peer "small" takes at most 1048576 bytes, got 1048577',
  ],
  [
    "a message to a stranger",
    ({ exchange }) => exchange.send("hi", { to: ["x", "stranger"] }),
    "InvalidStateError",
    'Cannot send: peer "stranger" is not connected',
  ],
  [
    "a request to a stranger",
    ({ exchange }) => exchange.request("hi", { to: "stranger" }),
    "InvalidStateError",
    'Cannot request: peer "stranger" is not connected',
  ],
  [
    "a request that is larger than the peer takes",
    ({ exchange }) =>
      exchange.request(new Uint8Array(MIB + 1), { to: "small" }),
    "RangeError",
    'Cannot request: peer "small" takes at most 1048576 bytes, got 1048577',
  ],
  [
    "a request that cannot be sent",
    ({ exchange }) => exchange.request(null, { to: "x" }),
    "TypeError",
    'Cannot request: "data" must be a string, an ArrayBuffer, a view of one or a Blob, got null',
  ],
  ...[0, -1, NaN].map((timeoutMs) =>
    [
      `a request that may take ${timeoutMs} ms`,
      ({ exchange }: KnownPeers) =>
        exchange.request("hi", { to: "x", timeoutMs }),
      "RangeError",
      `Cannot request: "timeoutMs" must be positive, got ${timeoutMs}`,
    ] as const
  ),
];

for (const [what, act, name, message] of REFUSED) {
  Deno.test(`Exchange refuses ${what}, and sends it to nobody`, async () => {
    using test = new KnownPeers();
    test.meet("x");
    test.meet("small", { maxMessageBytes: MIB });
    const error = await act(test).catch((error) => error);
    assertInstanceOf(error, Error);
    assertEquals([error.name, error.message], [name, message]);
    assertEquals(heard(test), { x: [], small: [] });
  });
}

Deno.test("Exchange.send takes a message of exactly the largest size", async () => {
  using test = new KnownPeers({ maxMessageBytes: MIB });
  const { b } = test.meet("x", { maxMessageBytes: MIB });
  assertEquals(await test.exchange.send(new Uint8Array(MIB), {}), 1);
  assertEquals(heard(test), { x: [new ArrayBuffer(MIB)] });
  assertEquals(b.events, []);
});

// --- quota

Deno.test("Exchange.send refuses more than the largest message in all for a peer, until that has left", async () => {
  using test = new KnownPeers({ maxMessageBytes: MIB });
  const x = test.meet("x", { joined: false });
  const y = test.meet("y");
  const first = test.exchange.send(new Uint8Array(MIB - 1000), { to: "x" });
  await assertRejects(
    () => test.exchange.send(new Uint8Array(1001), { to: ["x", "y"] }),
    DOMException,
    'bytes wait to leave for peer "x" already',
  );
  assertEquals(y.b.heard, []);
  x.join({ flows: true });
  x.flush();
  await first;
  assertEquals(await test.exchange.send(new Uint8Array(MIB), {}), 2);
});

Deno.test("Exchange.send takes a message of the largest size when nothing waits, and then no other", async () => {
  using test = new KnownPeers({ maxMessageBytes: MIB });
  test.meet("x", { joined: false });
  test.exchange.send(new Uint8Array(MIB), {}).catch(() => {});
  const error = await test.exchange.send("x", {}).catch((error) => error);
  assertEquals(error.name, "QuotaExceededError");
});

for (const [what, data] of [["empty messages", ""], ["Blobs", new Blob([])]]) {
  Deno.test(`Exchange.send refuses ${what} when many wait`, async () => {
    using test = new KnownPeers({ maxMessageBytes: FRAME_BYTES });
    test.meet("x", { joined: false });
    const names = new Set<string>();
    for (let count = 0; count < 300; count++) {
      test.exchange.send(data, {}).catch(({ name }) => names.add(name));
    }
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    assertEquals([...names], ["QuotaExceededError"]);
  });
}

/** Peers of which one cannot have what is sent to all, and why; half of what may wait was sent before. */
const UNABLE: readonly (readonly [
  string,
  meet: (test: KnownPeers) => unknown,
  cause: string,
])[] = [
  [
    "takes less",
    (test) => test.meet("x", { maxMessageBytes: MIB / 2 }),
    "RangeError",
  ],
  [
    "takes nothing for now",
    (test) => test.meet("x", { joined: false }),
    "QuotaExceededError",
  ],
];

for (const [what, meet, cause] of UNABLE) {
  Deno.test(`Exchange.send keeps nothing from the others when a peer ${what}, and tells of it`, async () => {
    using _time = new FakeTime();
    using test = new KnownPeers({ maxMessageBytes: MIB });
    meet(test);
    for (const peer of ["y", "z"]) test.meet(peer);
    const told: Undelivered[] = [];
    test.events.on("undelivered", (undelivered) => told.push(undelivered));
    void test.exchange.send(new Uint8Array(MIB / 2), {});
    heard(test);
    const data = new Uint8Array(MIB / 2 + 1);
    const error = await assertRejects(
      () => test.exchange.send(data, {}),
      SendError,
    );
    assertEquals(error.lost, ["x"]);
    assertInstanceOf(error.cause, Error);
    assertEquals(error.cause.name, cause);
    assertEquals(told, [{ peer: "x", messages: 1 }]);
    const { y, z } = heard(test);
    assertEquals([y?.length, z?.length], [2, 2]);
  });

  Deno.test(`Exchange.send sends nothing when a peer that is named ${what}`, async () => {
    using _time = new FakeTime();
    using test = new KnownPeers({ maxMessageBytes: MIB });
    meet(test);
    test.meet("y");
    const told: Undelivered[] = [];
    test.events.on("undelivered", (undelivered) => told.push(undelivered));
    void test.exchange.send(new Uint8Array(MIB / 2), { to: "x" });
    const data = new Uint8Array(MIB / 2 + 1);
    const sent = test.exchange.send(data, { to: ["y", "x"] });
    assertEquals((await sent.catch((error) => error)).name, cause);
    assertEquals(heard(test).y, []);
    assertEquals(told, []);
  });
}

// --- abort

Deno.test("Exchange.send sends nothing when its signal is aborted already", async () => {
  using test = new KnownPeers();
  test.meet("x");
  const reason = { mine: true };
  const signal = AbortSignal.abort(reason);
  const error = await test.exchange.send("hi", { signal }).catch((e) => e);
  assertStrictEquals(error, reason);
  assertEquals(heard(test), { x: [] });
});

Deno.test("Exchange.send takes back what has not left when it is aborted, and the next message arrives whole", async () => {
  using test = new KnownPeers();
  const x = test.meet("x", { joined: false });
  const y = test.meet("y", { joined: false });
  x.join();
  x.flush();
  const controller = new AbortController();
  const { signal } = controller;
  const reason = { mine: true };
  const sent = test.exchange.send(new Uint8Array(2 * MIB), { signal });
  x.channel.leave(1);
  x.channel.arrive(1);
  controller.abort(reason);
  assertStrictEquals(await sent.catch((error) => error), reason);
  const next = test.exchange.send("next", {});
  y.join();
  x.flush();
  y.flush();
  assertEquals(await next, 2);
  assertEquals(heard(test), { x: ["next"], y: ["next"] });
  assertEquals([x.a.plane.heldBytes, y.a.plane.heldBytes], [0, 0]);
});

Deno.test("Exchange.send leaves no listener at its signal when it has left", async () => {
  using test = new KnownPeers();
  test.meet("x", { joined: false });
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_: string, listener: unknown) =>
    void listeners.add(listener);
  signal.removeEventListener = (_: string, listener: unknown) =>
    void listeners.delete(listener);
  const sent = test.exchange.send("hi", { signal });
  assertEquals(listeners.size, 1);
  test.pairs.get("x")?.join();
  await sent;
  assertEquals(listeners.size, 0);
});

// --- what gets lost

Deno.test("Exchange.send rejects with the peers for which it is lost when their pairs end, and the others have it", async () => {
  using test = new KnownPeers();
  test.meet("x");
  const y = test.meet("y", { joined: false });
  const z = test.meet("z", { joined: false });
  const sent = test.exchange.send("hi", {});
  test.part("y");
  z.join({ flows: true });
  const error = await assertRejects(() => sent, SendError);
  assertEquals([error.name, error.lost], ["SendError", ["y"]]);
  assertInstanceOf(error.cause, DOMException);
  assertEquals(error.cause.name, "NetworkError");
  assertEquals(heard(test), { x: ["hi"], z: ["hi"] });
  assertEquals(y.a.events, ["undelivered 1"]);
});

Deno.test("Exchange.send rejects with all peers when a Blob cannot be read", async () => {
  using test = new KnownPeers();
  for (const peer of ["x", "y"]) test.meet(peer);
  const blob = new Blob(["x"]);
  const gone = new DOMException("Gone", "NotReadableError");
  blob.slice = () => {
    throw gone;
  };
  const error = await assertRejects(
    () => test.exchange.send(blob, {}),
    SendError,
  );
  assertEquals(error.lost.toSorted(), ["x", "y"]);
  assertStrictEquals(error.cause, gone);
  assertEquals(await test.exchange.send("next", {}), 2);
  assertEquals(heard(test), { x: ["next"], y: ["next"] });
});

Deno.test("Exchange.send leaves no rejection unhandled when nobody looks", async () => {
  using test = new KnownPeers();
  test.meet("x", { joined: false });
  const rejected = Promise.withResolvers<void>();
  void test.exchange.send("hi", {});
  test.exchange.send("hi", {}).catch(() => rejected.resolve());
  test.part("x");
  await rejected.promise;
});

Deno.test("Exchange.send tells `undelivered` of a Blob that cannot be read, and leaves no rejection unhandled, when nobody looks", async () => {
  using rejections = new UnhandledRejections();
  using test = new KnownPeers();
  for (const peer of ["x", "y"]) test.meet(peer);
  const blob = new Blob(["x"]);
  blob.slice = () => {
    throw new DOMException("Gone", "NotReadableError");
  };
  const both = Promise.withResolvers<void>();
  const told: Undelivered[] = [];
  test.events.on("undelivered", (undelivered) => {
    if (told.push(undelivered) === 2) both.resolve();
  });
  void test.exchange.send(blob, {});
  await both.promise;
  assertEquals(told.toSorted((a, b) => a.peer < b.peer ? -1 : 1), [
    { peer: "x", messages: 1 },
    { peer: "y", messages: 1 },
  ]);
  assertEquals(await rejections.all(), []);
});

// --- requests

Deno.test("Exchange.request resolves with the answer of the one peer that is asked", async () => {
  using test = new KnownPeers();
  for (const peer of ["x", "y"]) {
    test.meet(peer).b.handler = ({ data, peer: asker }) =>
      `${peer} answers ${asker}: ${data}`;
  }
  assertEquals(
    await test.exchange.request("?", { to: "y" }),
    "y answers me: ?",
  );
});

Deno.test("Exchange.request may ask from another handler, which has its own time limit", async () => {
  using test = new KnownPeers();
  test.meet("x").b.handler = () => {
    throw new RequestError("busy-now");
  };
  const error = await assertRejects(
    () => test.exchange.request("?", { to: "x", timeoutMs: Infinity }),
    RequestError,
  );
  assertEquals([error.code, error.message], ["busy-now", "busy-now"]);
});

Deno.test("Exchange.onRequest takes one handler at a time, until its function is called", () => {
  using test = new KnownPeers();
  const { exchange } = test;
  const handler = () => "!";
  const off = exchange.onRequest(handler);
  assertThrows(() => exchange.onRequest(handler), DOMException, "already");
  off();
  assertEquals(exchange.handler, undefined);
  const off2 = exchange.onRequest(handler);
  // It was for the one before.
  off();
  assertEquals(typeof exchange.handler, "function");
  off2();
  off2();
  assertEquals(exchange.handler, undefined);
});

Deno.test("Exchange.messages gives the messages from now on", async () => {
  using test = new KnownPeers();
  test.events.emit("message", { data: "before", peer: "x" });
  const messages = test.exchange.messages(undefined);
  test.events.emit("message", { data: "after", peer: "x" });
  assertEquals((await messages.next()).value, { data: "after", peer: "x" });
});

Deno.test("Exchange.send leaves no rejection unhandled when the only peer takes less and nobody looks", async () => {
  using rejections = new UnhandledRejections();
  using _time = new FakeTime();
  using test = new KnownPeers();
  test.meet("x", { maxMessageBytes: 65_536 });
  const told: unknown[] = [];
  test.events.on("undelivered", (each) => told.push(each));
  void test.exchange.send(new Uint8Array(65_537), {});
  assertEquals([await rejections.all(), told], [[], [{
    peer: "x",
    messages: 1,
  }]]);
});

Deno.test("Exchange.send gives messages in order when a listener of undelivered sends one", async () => {
  using _time = new FakeTime();
  using test = new KnownPeers();
  test.meet("x", { maxMessageBytes: 65_536 });
  const { b } = test.meet("y");
  test.events.on("undelivered", () => void test.exchange.send("behind", {}));
  await test.exchange.send("a".repeat(65_537), {}).catch(() => {});
  for (const pair of test.pairs.values()) pair.flush();
  assertEquals(b.heard.map((data) => String(data).slice(0, 6)), [
    "aaaaaa",
    "behind",
  ]);
  await Promise.resolve();
});

Deno.test("Exchange.send does not recurse when a listener of undelivered sends again", async () => {
  using rejections = new UnhandledRejections();
  using _time = new FakeTime();
  using test = new KnownPeers();
  test.meet("x", { maxMessageBytes: 65_536 });
  test.meet("y");
  let depth = 0, deepest = 0, left = 50;
  const done = Promise.withResolvers<void>();
  test.events.on("undelivered", () => {
    deepest = Math.max(deepest, ++depth);
    if (left-- > 0) void test.exchange.send("a".repeat(65_537), {});
    else done.resolve();
    depth--;
  });
  void test.exchange.send("a".repeat(65_537), {});
  await done.promise;
  await rejections.all();
  assertEquals(deepest, 1);
});
