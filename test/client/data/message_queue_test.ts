import { assertEquals, assertStrictEquals } from "@std/assert";
import { MessageQueue } from "../../../client/data/message_queue.ts";
import { KnownPeers } from "../../support/known_peers.ts";

const MIB = 2 ** 20;

/** The messages that a test may read, and what is done to them. */
function queueOf(test: KnownPeers, signal?: AbortSignal): MessageQueue {
  return new MessageQueue({ ...test.options, signal });
}

/** Reads some messages: sender and text, or size. */
async function read(queue: MessageQueue, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { done, value } = await queue.next();
    if (done) return [...texts, "done"];
    const { data, peer } = value;
    texts.push(`${peer}: ${typeof data === "string" ? data : data.byteLength}`);
  }
  return texts;
}

function say(test: KnownPeers, peer: string, ...texts: string[]): void {
  for (const data of texts) test.events.emit("message", { data, peer });
}

Deno.test("MessageQueue gives messages in order, those that came before they were asked for and those after", async () => {
  using test = new KnownPeers();
  const queue = queueOf(test);
  say(test, "x", "1", "2");
  assertEquals(await read(queue, 2), ["x: 1", "x: 2"]);
  const next = Promise.all([1, 2].map(() => read(queue, 1)));
  say(test, "y", "3", "4");
  assertEquals(await next, [["y: 3"], ["y: 4"]]);
});

Deno.test("MessageQueue gives every message to each of several readers of their own", async () => {
  using test = new KnownPeers();
  const queues = [1, 2].map(() => queueOf(test));
  say(test, "x", "1", "2");
  for (const queue of queues) {
    assertEquals(await read(queue, 2), ["x: 1", "x: 2"]);
  }
});

Deno.test("MessageQueue is read with for await, and stops when the loop is left", async () => {
  using test = new KnownPeers();
  const queue = queueOf(test);
  say(test, "x", "1", "2", "3");
  const texts = [];
  for await (const { data } of queue) {
    texts.push(data);
    if (data === "2") break;
  }
  say(test, "x", "4");
  assertEquals([texts, await read(queue, 1)], [["1", "2"], ["done"]]);
});

// --- who has to wait

Deno.test("MessageQueue lets a peer wait of which more than 1 MiB is not read, and go on when it is", async () => {
  using test = new KnownPeers();
  const { b } = test.meet("x");
  const queue = queueOf(test);
  for (let index = 0; index < 5; index++) await b.send("x".repeat(MIB / 2));
  test.pairs.get("x")?.flush();
  // The third one goes past it.
  assertEquals(test.pairs.get("x")?.a.heard.length, 2);
  assertEquals((await read(queue, 5)).length, 5);
  await b.send("after");
  assertEquals(await read(queue, 1), ["x: after"]);
});

Deno.test("MessageQueue lets a peer go on that said more on its raw channel while it had to wait", async () => {
  using test = new KnownPeers();
  const { a, b } = test.meet("x");
  const queue = queueOf(test);
  await b.send("x".repeat(2 * MIB));
  test.pairs.get("x")?.flush();
  say(test, "x", "raw", "raw");
  await b.send("next");
  await read(queue, 3);
  assertEquals(a.heard.length, 2);
});

Deno.test("MessageQueue lets no other peer wait", async () => {
  using test = new KnownPeers();
  const x = test.meet("x");
  const y = test.meet("y");
  const queue = queueOf(test);
  await x.b.send("x".repeat(2 * MIB));
  x.flush();
  await x.b.send("held");
  await y.b.send("free");
  for (const pair of [x, y]) pair.flush();
  assertEquals([x.a.heard.length, y.a.heard.length], [1, 1]);
  assertEquals(await read(queue, 2), [`x: ${"x".repeat(2 * MIB)}`, "y: free"]);
  assertEquals(await read(queue, 1), ["x: held"]);
});

Deno.test("MessageQueue counts what a message takes beside its data", async () => {
  using test = new KnownPeers();
  const { a, b } = test.meet("x");
  const queue = queueOf(test);
  const sent = Array.from({ length: 20_000 }, () => b.send(""));
  await Promise.all(sent);
  test.pairs.get("x")?.flush();
  assertEquals(a.heard.length, MIB / 64 + 1);
  assertEquals((await read(queue, 20_000)).length, 20_000);
});

Deno.test("MessageQueue lets a peer wait for the slowest of several readers", async () => {
  using test = new KnownPeers();
  const { a, b } = test.meet("x");
  const [fast, slow] = [queueOf(test), queueOf(test)];
  await b.send("x".repeat(2 * MIB));
  test.pairs.get("x")?.flush();
  await b.send("next");
  await read(fast, 1);
  assertEquals(a.heard.length, 1);
  await read(slow, 1);
  assertEquals(a.heard.length, 2);
  assertEquals([await read(fast, 1), await read(slow, 1)], [["x: next"], [
    "x: next",
  ]]);
});

Deno.test("MessageQueue gives large messages in order to a second reader, when the first one waits for them and they were held", async () => {
  using test = new KnownPeers();
  const pair = test.meet("x");
  pair.a.plane.hold();
  const [first, second] = [queueOf(test), queueOf(test)];
  const firsts = Promise.all([1, 2, 3].map(() => read(first, 1)));
  const seconds = Promise.all([1, 2, 3].map(() => read(second, 1)));
  const listener: string[] = [];
  test.events.on("message", ({ data }) => {
    listener.push(String(data).slice(0, 1));
  });
  for (const text of ["a", "b", "c"]) {
    await pair.b.send(text.repeat(MIB + MIB / 8));
  }
  pair.flush();
  pair.a.plane.release();
  for (const texts of [await firsts, await seconds]) {
    assertEquals(texts.map(([text]) => text?.slice(0, 4)), [
      "x: a",
      "x: b",
      "x: c",
    ]);
  }
  assertEquals(listener, ["a", "b", "c"]);
});

const ENDS: Readonly<
  Record<string, (queue: MessageQueue, controller: AbortController) => unknown>
> = {
  "is left": (queue) => queue.return(),
  "is aborted": (_, controller) => controller.abort("mine"),
};

for (const [what, end] of Object.entries(ENDS)) {
  Deno.test(`MessageQueue lets nobody wait any more when it ${what}`, async () => {
    using test = new KnownPeers();
    const { a, b } = test.meet("x");
    const controller = new AbortController();
    const queue = queueOf(test, controller.signal);
    await b.send("x".repeat(2 * MIB));
    test.pairs.get("x")?.flush();
    await b.send("next");
    assertEquals(a.heard.length, 1);
    end(queue, controller);
    assertEquals(a.heard.length, 2);
    await b.send("x".repeat(2 * MIB));
    await b.send("last");
    test.pairs.get("x")?.flush();
    assertEquals(a.heard.length, 4);
  });

  Deno.test(`MessageQueue lets nobody wait when it ${what} by a listener that hears of a message first`, async () => {
    using test = new KnownPeers();
    const { a, b } = test.meet("x");
    const controller = new AbortController();
    test.events.on("message", () => end(queue, controller));
    const queue = queueOf(test, controller.signal);
    await b.send("x".repeat(2 * MIB));
    await b.send("next");
    test.pairs.get("x")?.flush();
    assertEquals(a.heard.length, 2);
  });
}

Deno.test("MessageQueue gives what a peer said that left while it had to wait, and lets it wait when it is back", async () => {
  using test = new KnownPeers();
  const { b } = test.meet("x");
  const queue = queueOf(test);
  await b.send("x".repeat(2 * MIB));
  test.pairs.get("x")?.flush();
  test.part("x");
  const again = test.meet("x");
  await again.b.send("again");
  await again.b.send("held");
  again.flush();
  assertEquals(again.a.heard, ["again"]);
  assertEquals((await read(queue, 3)).slice(1), ["x: again", "x: held"]);
  await again.b.send("free");
  again.flush();
  assertEquals(again.a.heard, ["again", "held", "free"]);
});

// --- the end

Deno.test("MessageQueue ends when the connection is closed, after what came before", async () => {
  using test = new KnownPeers();
  const queue = queueOf(test);
  say(test, "x", "1");
  test.events.emit("state", { state: "away", reason: "" });
  test.events.emit("state", { state: "closed", reason: "" });
  say(test, "x", "late");
  assertEquals(await read(queue, 2), ["x: 1", "done"]);
  assertEquals(await read(queue, 1), ["done"]);
});

Deno.test("MessageQueue ends for all who wait when the connection is closed", async () => {
  using test = new KnownPeers();
  const queue = queueOf(test);
  const waiting = Promise.all([read(queue, 1), read(queue, 1)]);
  test.events.emit("state", { state: "closed", reason: "" });
  assertEquals(await waiting, [["done"], ["done"]]);
});

Deno.test("MessageQueue ends for all who wait, and forgets the rest, when it is left", async () => {
  using test = new KnownPeers();
  const queue = queueOf(test);
  const waiting = read(queue, 1);
  assertEquals(await queue.return(), { done: true, value: undefined });
  assertEquals(await waiting, ["done"]);
  test.events.emit("state", { state: "closed", reason: "" });
  assertEquals(await read(queue, 1), ["done"]);
});

Deno.test("MessageQueue forgets what is not read when it is left after the connection was closed", async () => {
  using test = new KnownPeers();
  const queue = queueOf(test);
  say(test, "x", "1");
  test.events.emit("state", { state: "closed", reason: "" });
  await queue.return();
  assertEquals(await read(queue, 1), ["done"]);
});

Deno.test("MessageQueue rejects with the reason of its signal, untouched, and drops what was not read", async () => {
  using test = new KnownPeers();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = queueOf(test, signal).next().catch((error) => error);
  const unread = queueOf(test, signal);
  say(test, "x", "1");
  say(test, "x", "2");
  assertEquals(await waiting, {
    done: false,
    value: { data: "1", peer: "x" },
  });
  const late = queueOf(test, signal).next().catch((error) => error);
  const reason = { mine: true };
  controller.abort(reason);
  for (const queue of [unread, queueOf(test, signal)]) {
    assertStrictEquals(await queue.next().catch((error) => error), reason);
  }
  assertStrictEquals(await late, reason);
});

Deno.test("MessageQueue leaves no listener at its signal when it ends", () => {
  using test = new KnownPeers();
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_: string, listener: unknown) =>
    void listeners.add(listener);
  signal.removeEventListener = (_: string, listener: unknown) =>
    void listeners.delete(listener);
  queueOf(test, signal);
  assertEquals(listeners.size, 1);
  test.events.emit("state", { state: "closed", reason: "" });
  assertEquals(listeners.size, 0);
});
