import { assert, assertEquals } from "@std/assert";
import { Assembler } from "../../../client/data/assembler.ts";
import {
  END,
  ITEM,
  KIND,
  SMALL_ITEM_BYTES,
  START,
} from "../../../client/data/item_frame.ts";
import { FRAME_BYTES, viewOf } from "../../../client/data/lane_frame.ts";

const MAX = 2 ** 20;

/** The first frame of an item that promises so many bytes, and has some of them. */
function start(kind: number, total: number, body = 1): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(10 + body).fill(7);
  frame[0] = ITEM | START;
  frame[1] = kind;
  viewOf(frame).setFloat64(2, total);
  return frame;
}

/** Another frame of an item. */
function more(body: number, flags = 0): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(1 + body).fill(8);
  frame[0] = ITEM | flags;
  return frame;
}

function whole(kind: number, body: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(2 + body).fill(9);
  frame[0] = ITEM | START | END;
  frame[1] = kind;
  return frame;
}

const ABORT = Uint8Array.of(ITEM | START | END);

Deno.test("Assembler gives an item when it came in one frame", () => {
  const item = new Assembler(MAX).accept(whole(KIND.binary, 3));
  assertEquals(item, { kind: KIND.binary, bytes: Uint8Array.of(9, 9, 9) });
  assertEquals(item?.bytes.buffer.byteLength, 3);
});

Deno.test("Assembler gives an item without bytes", () => {
  const item = new Assembler(MAX).accept(whole(KIND.text, 0));
  assertEquals(item, { kind: KIND.text, bytes: new Uint8Array() });
});

Deno.test("Assembler gives an item of three frames when the last has come, in a buffer of its size", () => {
  const assembler = new Assembler(MAX);
  assertEquals(assembler.accept(start(KIND.text, 4)), null);
  assertEquals(assembler.accept(more(2)), null);
  const item = assembler.accept(more(1, END));
  assertEquals(item, { kind: KIND.text, bytes: Uint8Array.of(7, 8, 8, 8) });
  assertEquals(item?.bytes.buffer.byteLength, 4);
  // It is the turn of the next one.
  assertEquals(assembler.accept(start(KIND.text, 4)), null);
});

for (const total of [256 * 1024, 256 * 1024 + 1, 600_000, MAX]) {
  Deno.test(`Assembler gives an item of ${total} bytes in a buffer of its size`, () => {
    const assembler = new Assembler(MAX);
    let left = total - 1;
    assembler.accept(start(KIND.binary, total));
    while (left > FRAME_BYTES) {
      assertEquals(assembler.accept(more(50_000)), null);
      left -= 50_000;
    }
    const item = assembler.accept(more(left, END));
    assertEquals(item?.bytes.byteLength, total);
    assertEquals(item?.bytes.buffer.byteLength, total);
    assertEquals(item?.bytes.at(-1), 8);
  });
}

Deno.test("Assembler forgets an item that is aborted, and takes the next one", () => {
  const assembler = new Assembler(MAX);
  assembler.accept(start(KIND.text, 4));
  assertEquals(assembler.accept(ABORT), null);
  assertEquals(assembler.accept(start(KIND.text, 2)), null);
  assertEquals(assembler.accept(more(1, END))?.bytes.byteLength, 2);
});

Deno.test("Assembler forgets what has not come whole when it is reset", () => {
  const assembler = new Assembler(MAX);
  assembler.accept(start(KIND.text, 4));
  assembler.reset();
  assertEquals(assembler.accept(start(KIND.text, 2)), null);
});

const HOSTILE: Readonly<
  Record<string, readonly Uint8Array<ArrayBuffer>[]>
> = {
  "an unknown type": [Uint8Array.of(24 | START | END, 0, 1)],
  "the last type": [Uint8Array.of(252 | START | END, 0, 1)],
  "an unknown kind": [Uint8Array.of(16 | START | END, 11, 1)],
  "a middle without a start": [more(1)],
  "an end without a start": [more(1, END)],
  "an abort without a start": [ABORT],
  "a start without a kind": [Uint8Array.of(16 | START)],
  "a start without a length": [start(KIND.text, 4).slice(0, 9)],
  "a start without bytes": [start(KIND.text, 4, 0)],
  "two starts": [start(KIND.text, 4), start(KIND.text, 4)],
  "a whole item in the middle of another": [
    start(KIND.text, 4),
    whole(KIND.text, 1),
  ],
  "a middle without bytes": [start(KIND.text, 4), more(0)],
  "an end without bytes": [start(KIND.text, 4), more(0, END)],
  "more bytes than promised": [start(KIND.text, 2), more(2, END)],
  "more bytes than promised in the first frame": [start(KIND.text, 2, 3)],
  "more bytes than promised in the middle": [start(KIND.text, 2), more(2)],
  "fewer bytes than promised": [start(KIND.text, 4), more(2, END)],
  "all bytes and no end": [start(KIND.text, 4), more(3)],
  "bytes after the last one": [start(KIND.text, 1), more(1, END)],
  "a length of 0": [start(KIND.text, 0, 0)],
  "a length of 0 and a byte": [start(KIND.text, 0)],
  "a negative length": [start(KIND.text, -1)],
  "a fraction of a byte": [start(KIND.text, 1.5)],
  "a length that is NaN": [start(KIND.text, NaN)],
  "an infinite length": [start(KIND.text, Infinity)],
  "a length of 2^53": [start(KIND.text, 2 ** 53)],
  "a length above the largest": [start(KIND.text, MAX + 5)],
  "a failure that is too large": [start(KIND.failure, SMALL_ITEM_BYTES + 1)],
  "a whole failure that is too large": [
    whole(KIND.failure, SMALL_ITEM_BYTES + 1),
  ],
  "a cancel that is too large": [whole(KIND.cancel, SMALL_ITEM_BYTES + 1)],
  "a channel that is too large": [whole(KIND.channel, SMALL_ITEM_BYTES + 1)],
};

for (const [what, frames] of Object.entries(HOSTILE)) {
  Deno.test(`Assembler refuses ${what}`, () => {
    const assembler = new Assembler(MAX);
    const results = frames.map((frame) => assembler.accept(frame));
    assertEquals(results.pop(), undefined);
    for (const result of results) assertEquals(result, null);
  });
}

Deno.test("Assembler refuses a whole message that is larger than the largest", () => {
  const assembler = new Assembler(100);
  // Requests have a number in front, so four more are let through.
  assert(assembler.accept(whole(KIND.binary, 104)));
  assertEquals(assembler.accept(whole(KIND.binary, 105)), undefined);
});

for (const kind of [KIND.text, KIND.binaryRequest, KIND.textAnswer]) {
  Deno.test(`Assembler takes an item of kind ${kind} of the largest size and its number`, () => {
    const assembler = new Assembler(MAX);
    assertEquals(assembler.accept(start(kind, MAX + 4)), null);
  });
}

Deno.test("Assembler makes room for no more than has come when more was promised", () => {
  const made: number[] = [];
  const { Uint8Array: Real } = globalThis;
  const frames = [
    start(KIND.binary, 2 ** 40),
    ...Array.from({ length: 40 }, () => more(FRAME_BYTES - 1)),
  ];
  const assembler = new Assembler(2 ** 41);
  let received = 0;
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args) {
      if (typeof args[0] === "number") made.push(args[0]);
      return Reflect.construct(target, args);
    },
  });
  try {
    for (const frame of frames) {
      received += frame.byteLength;
      assembler.accept(frame);
      const largest = Math.max(...made);
      assert(largest <= Math.max(received, FRAME_BYTES), `${largest}`);
    }
  } finally {
    globalThis.Uint8Array = Real;
  }
});
