import { assertEquals, assertRejects } from "@std/assert";
import { readChannelOptions } from "../../../client/data/channel_options.ts";
import { FRAME_BYTES } from "../../../client/data/lane_frame.ts";
import { Payload } from "../../../client/data/payload.ts";
import { Emitter } from "../../../client/emitter.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { HeardPlane, JoinedPlanes } from "../../support/joined_planes.ts";

const KIB = 1024;

/** Bytes that differ from their neighbours. */
function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31) >> 3);
}

/** Sends something, and resolves with what arrives. */
async function arrivalOf(
  data: string | BufferSource | Blob,
): Promise<string | ArrayBuffer> {
  using test = new JoinedPlanes();
  test.join({ flows: true });
  const arrived = test.b.next();
  await test.a.send(data);
  return await arrived;
}

const SIZES = [
  0,
  1,
  ...Array.from({ length: 23 }, (_, index) => FRAME_BYTES - 11 + index),
  256 * KIB - 1,
  256 * KIB,
  256 * KIB + 1,
  1024 * KIB,
];

for (const size of SIZES) {
  Deno.test(`DataPlane gives ${size} bytes as they were sent, from memory and from a Blob`, async () => {
    const data = bytesOf(size);
    assertEquals(await arrivalOf(data), data.buffer);
    assertEquals(await arrivalOf(new Blob([data])), data.buffer);
  });
}

/** Every border of a frame is in the middle of one of these characters. */
const TEXTS: Readonly<Record<string, string>> = {
  "an empty string": "",
  "a byte order mark": "\ufeff",
  "a string behind a byte order mark": "\ufeffabc\ufeff",
  "a NUL": "\0",
  "emoji over many frames": "x" + "😀".repeat(80_000),
  "emoji, shifted by one": "xx" + "😀".repeat(80_000),
  "emoji, shifted by two": "xxx" + "😀".repeat(80_000),
  "long umlauts": "ü".repeat(100_000),
  "a megabyte": "y".repeat(2 ** 20),
};

for (const [what, text] of Object.entries(TEXTS)) {
  Deno.test(`DataPlane gives ${what} as it was sent`, async () => {
    assertEquals(await arrivalOf(text), text);
  });
}

Deno.test("DataPlane gives a replacement character for half a surrogate pair, as a data channel does", async () => {
  assertEquals(await arrivalOf("a\ud83d b\ude00"), "a\ufffd b\ufffd");
});

Deno.test("DataPlane gives a replacement character when a peer sends text that is no UTF-8", () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  test.channel.send(Uint8Array.of(16 | 1 | 2, 0, 0x61, 0xff, 0x62));
  test.flush();
  assertEquals(test.b.heard, ["a\ufffdb"]);
});

Deno.test("DataPlane gives messages in order when Blobs of all sizes are between them", async () => {
  using test = new JoinedPlanes();
  test.join({ flows: true });
  const sent = [0, 3, 2 ** 20 + 1, 1, 200_000, 2 ** 21].map((size, index) => [
    test.a.send(new Blob([bytesOf(size)])),
    test.a.send(`after ${index}`),
  ]);
  await Promise.all(sent.flat());
  test.flush();
  assertEquals(
    test.b.heard.map((data) =>
      typeof data === "string" ? data : data.byteLength
    ),
    [0, 3, 2 ** 20 + 1, 1, 200_000, 2 ** 21].flatMap((size, index) => [
      size,
      `after ${index}`,
    ]),
  );
});

Deno.test("DataPlane gives what was sent whatever the app writes to its buffer afterwards", async () => {
  using test = new JoinedPlanes();
  const small = bytesOf(100);
  const large = bytesOf(300_000);
  test.a.send(small).catch(() => {});
  const left = test.a.send(large);
  small.fill(0);
  large.fill(0);
  test.join({ flows: true });
  await left;
  test.flush();
  assertEquals(test.b.heard, [bytesOf(100).buffer, bytesOf(300_000).buffer]);
});

Deno.test("DataPlane gives each message a buffer of its own", async () => {
  using test = new JoinedPlanes();
  test.join({ flows: true });
  await Promise.all([1, 2].map((value) => test.a.send(Uint8Array.of(value))));
  test.flush();
  const [one] = test.b.heard;
  if (one instanceof ArrayBuffer) new Uint8Array(one).fill(9);
  assertEquals(test.b.heard[1], Uint8Array.of(2).buffer);
});

/** A Blob that can be read up to a point. */
function blobThatFailsAt(bytes: number, size: number): Blob {
  const blob = new Blob([new Uint8Array(size)]);
  const { slice } = blob;
  blob.slice = (start = 0, ...rest) => {
    if (start >= bytes) throw new DOMException("Gone", "NotReadableError");
    return slice.call(blob, start, ...rest);
  };
  return blob;
}

for (const bytes of [0, 2 ** 20]) {
  Deno.test(`DataPlane forgets a Blob that fails at byte ${bytes}, and gives what comes next`, async () => {
    using test = new JoinedPlanes();
    test.join({ flows: true });
    const broken = test.a.send(blobThatFailsAt(bytes, 3 * 2 ** 20));
    const next = test.a.send("next");
    await assertRejects(() => broken, DOMException, "Gone");
    await next;
    test.flush();
    assertEquals(test.b.heard, ["next"]);
    assertEquals(test.b.events, []);
    assertEquals(test.a.plane.heldBytes, 0);
  });
}

// --- over several connections

Deno.test("DataPlane goes on with a message in the middle when the connection is made anew", async () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  const left = test.a.send(bytesOf(1_000_000));
  test.channel.leave(1);
  test.channel.arrive(1);
  test.cut();
  test.join({ flows: true });
  test.flush();
  await left;
  test.flush();
  assertEquals(test.b.heard, [bytesOf(1_000_000).buffer]);
  assertEquals(test.a.plane.heldBytes, 0);
});

Deno.test("DataPlane says how many messages nobody has confirmed when the pair ends", async () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  await test.a.send("left");
  const waiting = [
    test.a.send(new Uint8Array(2 ** 20)),
    test.a.send("waiting"),
  ];
  const failed = Promise.allSettled(waiting);
  test.a.plane.end();
  assertEquals(test.a.events, ["undelivered 3"]);
  for (const { status } of await failed) assertEquals(status, "rejected");
});

Deno.test("DataPlane says nothing of messages that were confirmed, or aborted, when the pair ends", async () => {
  using time = new FakeTime();
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  await test.a.send("confirmed");
  test.flush();
  time.pass(100);
  test.flush();
  test.b.plane.hold();
  const payload = new Payload("send", bytesOf(300 * KIB));
  const item = test.a.plane.push(payload, () => {}, () => {});
  test.a.plane.remove(item);
  // Without a connection, what has left of it cannot be made void.
  test.cut();
  test.a.plane.end();
  assertEquals(test.a.events, []);
});

Deno.test("DataPlane says nothing of a message that was made void in the middle when the pair ends", () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  const payload = new Payload("send", bytesOf(300 * KIB));
  const item = test.a.plane.push(payload, () => {}, () => {});
  test.a.plane.remove(item);
  test.channel.leave();
  test.a.plane.end();
  assertEquals(test.a.events, []);
});

Deno.test("DataPlane says how many messages nobody has confirmed when the peer breaks the rules", async () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  await test.a.send("one");
  await test.a.send("two");
  const { other } = test.channel;
  other.send("hello");
  other.leave();
  other.arrive();
  test.a.plane.end();
  assertEquals(test.a.events, ["violation", "undelivered 2"]);
});

Deno.test("DataPlane says once how many messages are lost when the other side begins anew, and goes on", async () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  await test.a.send("lost");
  const waiting = test.a.send(new Uint8Array(2 ** 20)).catch(() => "failed");
  test.cut();
  using anew = new JoinedPlanes({ a: test.a });
  anew.join({ flows: true });
  anew.flush();
  assertEquals(await waiting, "failed");
  await test.a.send("new");
  anew.flush();
  assertEquals([test.a.events, anew.b.heard], [["undelivered 2"], ["new"]]);
});

Deno.test("DataPlane forgets half a message when the other side begins anew", async () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  test.b.send(bytesOf(1_000_000)).catch(() => {});
  test.channel.other.leave(1);
  test.channel.other.arrive(1);
  test.cut();
  using anew = new JoinedPlanes({ a: test.a });
  anew.join({ flows: true });
  anew.flush();
  await anew.b.send(bytesOf(200_000));
  anew.flush();
  assertEquals(test.a.heard, [bytesOf(200_000).buffer]);
  assertEquals(test.a.events, []);
});

/** Asks for a channel that nobody else asks for. */
function askForChannel({ plane }: HeardPlane): void {
  plane.ask({
    name: "x",
    settings: readChannelOptions("x", {}),
    maxMessageBytes: 2 ** 20,
    events: new Emitter(),
    lines: new Map(),
    onClose() {},
  });
}

const CHANNELS = ["messages", "requests", "files"] as const;

for (const first of CHANNELS) {
  Deno.test(`DataPlane lets a listener of undelivered ask the side that has begun anew when the channel of ${first} tells of it`, async () => {
    using _time = new FakeTime();
    using test = new JoinedPlanes();
    test.join();
    test.flush();
    await test.a.send("lost");
    test.cut();
    const answers: Promise<unknown>[] = [];
    test.a.onUndelivered = () => {
      const payload = new Payload("request", "?");
      answers.push(test.a.plane.request(payload, { timeoutMs: 1000 }));
    };
    using anew = new JoinedPlanes({ a: test.a });
    anew.b.handler = () => "!";
    anew.join({ opens: false, flows: true });
    anew.ends[first].open();
    anew.ends[first].flush();
    assertEquals(answers.length, 1);
    for (const name of CHANNELS) if (name !== first) anew.ends[name].open();
    assertEquals(await Promise.all(answers), ["!"]);
    assertEquals([test.a.events, anew.b.events], [["undelivered 1"], []]);
  });
}

Deno.test("DataPlane keeps what it has exchanged with a side that began anew when a channel tells of it that knew the one before", async () => {
  using time = new FakeTime();
  using test = new JoinedPlanes();
  test.join({ opens: false });
  // The one of messages never opens.
  test.ends.requests.open();
  test.flush();
  test.cut();
  using anew = new JoinedPlanes({ a: test.a });
  anew.join({ opens: false });
  anew.ends.messages.open();
  anew.flush();
  await test.a.send("one");
  anew.flush();
  await test.a.send("two");
  anew.ends.requests.open();
  anew.flush();
  await test.a.send("three");
  anew.flush();
  time.pass(100);
  anew.flush();
  assertEquals(anew.b.heard, ["one", "two", "three"]);
  assertEquals([test.a.events, anew.b.events], [[], []]);
});

for (const when of ["messages are undelivered", "a file is lost"]) {
  Deno.test(`DataPlane may ask for a channel when ${when} as the other side begins anew`, async () => {
    using _time = new FakeTime();
    using test = new JoinedPlanes();
    const asked = Promise.withResolvers<void>();
    const listen = () => {
      askForChannel(test.a);
      asked.resolve();
    };
    test.join();
    test.flush();
    if (when === "a file is lost") {
      test.a.onFile = ({ signal }) => signal.addEventListener("abort", listen);
      const offer = { name: "", type: "", size: 3 };
      test.b.plane.sendFile({ source: new Blob(["abc"]), offer })
        .catch(() => {});
      test.flush();
    } else {
      test.a.onUndelivered = listen;
      await test.a.send("lost");
    }
    test.cut();
    using anew = new JoinedPlanes({ a: test.a });
    anew.b.handler = () => "!";
    anew.join({ flows: true });
    anew.flush();
    await asked.promise;
    const payload = new Payload("request", "?");
    const answer = test.a.plane.request(payload, { timeoutMs: 1000 });
    assertEquals(await answer, "!");
    assertEquals(anew.b.events, []);
  });
}

// --- who is heard

Deno.test("DataPlane gives no message before the app knows the peer, and then all of them", async () => {
  const b = new HeardPlane("a", { met: false });
  using test = new JoinedPlanes({ b });
  test.join();
  await test.a.send("one");
  await test.a.send("two");
  test.flush();
  assertEquals(b.heard, []);
  b.plane.start();
  assertEquals(b.heard, ["one", "two"]);
});

Deno.test("DataPlane gives no message until every hold was taken back", async () => {
  using test = new JoinedPlanes();
  test.join();
  test.b.plane.hold();
  test.b.plane.hold();
  await test.a.send("one");
  test.flush();
  test.b.plane.release();
  assertEquals(test.b.heard, []);
  test.b.plane.release();
  assertEquals(test.b.heard, ["one"]);
});

Deno.test("DataPlane gives the next message only when everybody has heard the one before, though a listener holds and releases", async () => {
  const b = new HeardPlane("a", { met: false });
  using test = new JoinedPlanes({ b });
  test.join();
  const done: unknown[] = [];
  b.onHeard = (data) => {
    b.plane.hold();
    b.plane.release();
    done.push(data);
  };
  for (const text of ["one", "two", "three"]) await test.a.send(text);
  test.flush();
  b.plane.start();
  assertEquals(done, ["one", "two", "three"]);
});

// --- what the peer takes

Deno.test("DataPlane fails a message that the peer turns out not to take, and sends the next one", async () => {
  const b = new HeardPlane("a", { maxMessageBytes: FRAME_BYTES });
  using test = new JoinedPlanes({ b });
  const large = test.a.send(new Uint8Array(FRAME_BYTES + 1));
  const next = test.a.send(new Uint8Array(FRAME_BYTES));
  assertEquals(test.a.plane.maxMessageBytes, 2 ** 22);
  const failure = assertRejects(() => large, RangeError, "at most 65536 bytes");
  test.join({ flows: true });
  await Promise.all([failure, next]);
  test.flush();
  assertEquals(b.heard.length, 1);
  assertEquals(test.a.plane.maxMessageBytes, FRAME_BYTES);
});

Deno.test("DataPlane ends when a peer sends more than it takes", () => {
  const b = new HeardPlane("a", { maxMessageBytes: FRAME_BYTES });
  using test = new JoinedPlanes({ b });
  test.join();
  test.flush();
  const start = new Uint8Array(11);
  start.set([16 | 1, 1]);
  new DataView(start.buffer).setFloat64(2, FRAME_BYTES + 5);
  test.channel.send(start);
  test.flush();
  assertEquals(b.events, ["violation"]);
});

Deno.test("DataPlane ends when a peer asks and asks, and takes no answer", () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  const frame = new Uint8Array(6);
  frame.set([16 + 4 | 1 | 2, 2]);
  // Some more than may wait have left already.
  for (let number = 0; number < 2 ** 16 + 4096; number++) {
    new DataView(frame.buffer).setUint32(2, number);
    test.channel.send(frame);
  }
  test.channel.leave();
  test.channel.arrive();
  assertEquals(test.b.events, ["violation"]);
});

Deno.test("DataPlane ends the pair when a peer sends a frame of no item", () => {
  using test = new JoinedPlanes();
  test.join();
  test.flush();
  test.channel.send(Uint8Array.of(24));
  test.flush();
  assertEquals([test.a.events, test.b.events], [[], ["violation"]]);
});
