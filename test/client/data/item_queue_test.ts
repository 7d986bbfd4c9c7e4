import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Assembler } from "../../../client/data/assembler.ts";
import { KIND } from "../../../client/data/item_frame.ts";
import {
  ItemQueue,
  type OutgoingItem,
} from "../../../client/data/item_queue.ts";
import { FRAME_BYTES } from "../../../client/data/lane_frame.ts";
import { Payload } from "../../../client/data/payload.ts";

/** A queue whose frames are asked for by hand, and what is told of its items. */
class AskedQueue {
  readonly lane = {
    wakes: 0,
    peerMaxMessageBytes: 2 ** 22 as number | undefined,
    wake: () => void this.lane.wakes++,
  };
  readonly queue = new ItemQueue(this.lane);
  /** What became of the items, by name. */
  readonly told: string[] = [];

  push(
    name: string,
    data: string | BufferSource | Blob,
    head?: Uint8Array,
  ): OutgoingItem {
    const payload = new Payload("send", data);
    const item: OutgoingItem = {
      kind: payload.text ? KIND.text : KIND.binary,
      payload,
      ...head && { head },
      onLeft: () => void this.told.push(`${name} left`),
      onFail: (error) => void this.told.push(`${name} failed: ${error}`),
    };
    this.queue.push(item);
    return item;
  }

  /** The frames that there are. */
  take(maxBytes = FRAME_BYTES): Uint8Array<ArrayBuffer>[] {
    const frames = [];
    for (
      let frame;
      (frame = this.queue.next(maxBytes));
    ) frames.push(frame);
    return frames;
  }
}

/** What arrives of some frames. */
function assembled(frames: readonly Uint8Array<ArrayBuffer>[]): Uint8Array[] {
  const assembler = new Assembler(2 ** 22);
  return frames.flatMap((frame) => {
    const item = assembler.accept(frame);
    if (item === undefined) throw new Error("No honest peer sends that");
    return item ? [item.bytes] : [];
  });
}

/** Bytes that differ from their neighbours. */
function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31) >> 3);
}

const SIZES = [
  0,
  1,
  ...Array.from({ length: 23 }, (_, index) => FRAME_BYTES - 11 + index),
  2 * FRAME_BYTES - 12,
  2 * FRAME_BYTES - 11,
  2 * FRAME_BYTES - 10,
  4 * FRAME_BYTES - 1,
  4 * FRAME_BYTES,
  4 * FRAME_BYTES + 1,
  2 ** 20,
];

for (const size of SIZES) {
  Deno.test(`ItemQueue cuts an item of ${size} bytes so that it arrives whole`, () => {
    const test = new AskedQueue();
    const data = bytesOf(size);
    test.push("x", data);
    const frames = test.take();
    assertEquals(
      frames.every(({ byteLength }) => byteLength <= FRAME_BYTES),
      true,
    );
    assertEquals(assembled(frames), [data]);
    assertEquals(test.told, ["x left"]);
    assertEquals([test.queue.length, test.queue.heldBytes], [0, 0]);
  });
}

for (const maxBytes of [1024, 1025, 16_384, FRAME_BYTES]) {
  for (const size of [maxBytes - 15, maxBytes - 14, maxBytes - 6, 100_000]) {
    Deno.test(`ItemQueue puts the head of an item of ${size} bytes in front when frames have ${maxBytes}`, () => {
      const test = new AskedQueue();
      const data = bytesOf(size);
      test.push("x", data, Uint8Array.of(1, 2, 3, 4));
      const frames = test.take(maxBytes);
      assertEquals(
        frames.every(({ byteLength }) => byteLength <= maxBytes),
        true,
      );
      assertEquals(assembled(frames), [Uint8Array.of(1, 2, 3, 4, ...data)]);
    });
  }
}

Deno.test("ItemQueue cuts an item further when frames become smaller in the middle", () => {
  const test = new AskedQueue();
  const data = bytesOf(200_000);
  test.push("x", data);
  const first = test.queue.next(FRAME_BYTES);
  assertInstanceOf(first, Uint8Array);
  assertEquals(assembled([first, ...test.take(1024)]), [data]);
});

Deno.test("ItemQueue gives items in order, and wakes the lane at each", () => {
  const test = new AskedQueue();
  for (const text of ["one", "", "three"]) test.push(text, text);
  assertEquals([test.lane.wakes, test.queue.length], [3, 3]);
  assertEquals(assembled(test.take()), [
    new TextEncoder().encode("one"),
    new Uint8Array(),
    new TextEncoder().encode("three"),
  ]);
  assertEquals(test.told, ["one left", " left", "three left"]);
});

Deno.test("ItemQueue tells that an item has left when its last frame is asked for", () => {
  const test = new AskedQueue();
  test.push("x", bytesOf(FRAME_BYTES + 100));
  test.queue.next(FRAME_BYTES);
  assertEquals([test.told, test.queue.length], [[], 1]);
  test.queue.next(FRAME_BYTES);
  assertEquals([test.told, test.queue.length], [["x left"], 0]);
});

// --- taking back

Deno.test("ItemQueue gives nothing of an item that was taken out before its turn", () => {
  const test = new AskedQueue();
  const [x] = ["x", "y"].map((name) => test.push(name, name));
  if (x) test.queue.remove(x);
  assertEquals(assembled(test.take()), [new TextEncoder().encode("y")]);
  assertEquals(test.told, ["y left"]);
  assertEquals(test.queue.heldBytes, 0);
});

Deno.test("ItemQueue makes an item void that is taken out in the middle, and the next one arrives", () => {
  const test = new AskedQueue();
  const x = test.push("x", bytesOf(200_000));
  test.push("y", "y");
  const first = test.queue.next(FRAME_BYTES);
  assertInstanceOf(first, Uint8Array);
  test.queue.remove(x);
  test.queue.remove(x);
  assertEquals(
    assembled([first, ...test.take()]),
    [new TextEncoder().encode("y")],
  );
  assertEquals([test.told, test.queue.heldBytes], [["y left"], 0]);
});

Deno.test("ItemQueue does not count an item that was taken out in the middle", () => {
  const test = new AskedQueue();
  const x = test.push("x", bytesOf(200_000));
  test.queue.next(FRAME_BYTES);
  test.queue.remove(x);
  assertEquals(test.queue.length, 0);
});

Deno.test("ItemQueue takes out nothing when an item has left", () => {
  const test = new AskedQueue();
  const x = test.push("x", "x");
  test.take();
  test.queue.remove(x);
  test.push("y", "y");
  assertEquals(test.take().length, 1);
  assertEquals(test.queue.heldBytes, 0);
});

Deno.test("ItemQueue tells all that have not left why they will not", () => {
  const test = new AskedQueue();
  const gone = test.push("gone", bytesOf(100));
  test.push("current", bytesOf(200_000));
  test.push("waiting", "w");
  test.queue.remove(gone);
  test.queue.next(FRAME_BYTES);
  test.queue.fail("over");
  assertEquals(test.told, ["current failed: over", "waiting failed: over"]);
  assertEquals([test.queue.length, test.queue.heldBytes], [0, 0]);
  assertEquals(test.take(), []);
});

Deno.test("ItemQueue tells nothing of an item that was taken out in the middle when all fail", () => {
  const test = new AskedQueue();
  const x = test.push("x", bytesOf(200_000));
  test.queue.next(FRAME_BYTES);
  test.queue.remove(x);
  test.queue.fail("over");
  assertEquals(test.told, []);
});

Deno.test("ItemQueue tells nothing of a Blob that cannot be read when it was taken out meanwhile", async () => {
  const test = new AskedQueue();
  const read = Promise.withResolvers<ArrayBuffer>();
  const blob = new Blob(["x"]);
  const piece = new Blob(["x"]);
  piece.arrayBuffer = () => read.promise;
  blob.slice = () => piece;
  const x = test.push("x", blob);
  assertEquals(test.take(), []);
  test.queue.remove(x);
  read.reject(new Error("Gone"));
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assertEquals([test.take(), test.told], [[], []]);
});

// --- what the peer takes

Deno.test("ItemQueue waits with a large item until it is known what the peer takes, and not with a small one", () => {
  const test = new AskedQueue();
  test.lane.peerMaxMessageBytes = undefined;
  test.push("small", bytesOf(FRAME_BYTES));
  test.push("large", bytesOf(FRAME_BYTES + 1));
  assertEquals([test.take().length, test.told], [2, ["small left"]]);
  test.lane.peerMaxMessageBytes = FRAME_BYTES + 1;
  assertEquals([test.take().length, test.told.at(-1)], [2, "large left"]);
});

Deno.test("ItemQueue fails an item that is too large for the peer, and gives the next one", () => {
  const test = new AskedQueue();
  test.lane.peerMaxMessageBytes = undefined;
  test.push("large", bytesOf(FRAME_BYTES + 1));
  test.push("next", "n");
  assertEquals(test.take(), []);
  test.lane.peerMaxMessageBytes = FRAME_BYTES;
  assertEquals(assembled(test.take()), [new TextEncoder().encode("n")]);
  assertEquals(test.told, [
    "large failed: RangeError: Cannot send: the peer takes at most 65536 bytes",
    "next left",
  ]);
  assertEquals(test.queue.heldBytes, 0);
});

Deno.test("ItemQueue gives up any number of items that are too large for the peer", () => {
  const test = new AskedQueue();
  test.lane.peerMaxMessageBytes = undefined;
  const blob = new Blob([new Uint8Array(FRAME_BYTES + 1)]);
  for (let index = 0; index < 20_000; index++) test.push("x", blob);
  test.lane.peerMaxMessageBytes = FRAME_BYTES;
  assertEquals(test.take(), []);
  assertEquals(test.told.length, 20_000);
});

// --- what is sent

Deno.test("Payload is refused when it cannot be sent", () => {
  const values: [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    [1, "number"],
    [{}, "object"],
    [["a"], "object"],
    [new SharedArrayBuffer(4), "object"],
    [() => {}, "function"],
    [1n, "bigint"],
  ];
  for (const [value, got] of values) {
    assertThrows(
      () => new Payload("send", value),
      TypeError,
      `Cannot send: "data" must be a string, an ArrayBuffer, a view of one or a Blob, got ${got}`,
    );
  }
});

const VIEWS: Readonly<Record<string, (buffer: ArrayBuffer) => BufferSource>> = {
  "an ArrayBuffer": (buffer) => buffer,
  "a view with an offset": (buffer) => new Uint8Array(buffer, 8, 16),
  "a DataView": (buffer) => new DataView(buffer, 3, 5),
  "an array of larger numbers": (buffer) => new Float64Array(buffer, 8, 2),
  "an empty view": (buffer) => new Uint8Array(buffer, 8, 0),
};

for (const [what, view] of Object.entries(VIEWS)) {
  Deno.test(`Payload is what ${what} was when it was kept`, () => {
    const test = new AskedQueue();
    const { buffer } = bytesOf(32);
    const data = view(buffer);
    const before = data instanceof ArrayBuffer
      ? new Uint8Array(data.slice())
      : new Uint8Array(
        buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
      );
    test.push("x", data).payload.keep();
    new Uint8Array(buffer).fill(0);
    assertEquals(assembled(test.take()), [before]);
  });
}

Deno.test("Payload is what it was when it was kept after it began to leave", () => {
  const test = new AskedQueue();
  const data = bytesOf(200_000);
  const before = data.slice();
  const { payload } = test.push("x", data);
  const first = test.queue.next(FRAME_BYTES);
  assertInstanceOf(first, Uint8Array);
  payload.keep();
  data.fill(0);
  assertEquals(assembled([first, ...test.take()]), [before]);
});

Deno.test("Payload is what it was when its buffer was transferred after it was kept", () => {
  const test = new AskedQueue();
  const data = bytesOf(100);
  const before = data.slice();
  test.push("x", data).payload.keep();
  structuredClone(data.buffer, { transfer: [data.buffer] });
  assertEquals(assembled(test.take()), [before]);
});
