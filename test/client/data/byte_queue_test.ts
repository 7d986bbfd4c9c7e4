import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { ByteQueue } from "../../../client/data/byte_queue.ts";

const PIECE_BYTES = 65_536;

/** Differs from one byte to the next. */
const CONTENT = Uint8Array.from({ length: 2 ** 22 }, (_, at) => at * 31 >> 3);

/** All that waits, in pieces. */
function drain(queue: ByteQueue): Uint8Array<ArrayBuffer>[] {
  const pieces = [];
  for (let piece; (piece = queue.shift());) pieces.push(piece);
  return pieces;
}

Deno.test("ByteQueue gives all bytes in order, whatever is done to it", () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 10 }),
    fc.constantFrom(4095, 4096, 4097, 61_440, PIECE_BYTES, PIECE_BYTES + 1),
  );
  const deed = fc.oneof(
    { weight: 6, arbitrary: size },
    { weight: 3, arbitrary: fc.constant("shift" as const) },
    { weight: 1, arbitrary: fc.constant("clear" as const) },
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
      const queue = new ByteQueue();
      let pushed = 0;
      let taken = 0;
      const take = () => {
        const piece = queue.shift();
        assertEquals(piece === undefined, pushed === taken);
        if (!piece) return false;
        assert(piece.byteLength > 0);
        assert(piece.every((byte) => byte === CONTENT[taken++]));
        return true;
      };
      for (const deed of deeds) {
        if (deed === "shift") take();
        else if (deed === "clear") {
          queue.clear();
          taken = pushed;
        } else queue.push(CONTENT.slice(pushed, pushed += deed));
        assertEquals(queue.empty, pushed === taken);
      }
      while (take());
      assertEquals([taken, queue.empty], [pushed, true]);
    }),
    { numRuns: 50 },
  );
});

Deno.test("ByteQueue makes pieces of 64 KiB when bytes come one by one", () => {
  const queue = new ByteQueue();
  for (let count = 0; count < 2 * PIECE_BYTES + 1; count++) {
    queue.push(Uint8Array.of(count));
  }
  const sizes = drain(queue).map(({ byteLength }) => byteLength);
  assertEquals(sizes, [PIECE_BYTES, PIECE_BYTES, 1]);
});

Deno.test("ByteQueue keeps no more than the bytes of a small piece when a large one follows", () => {
  const queue = new ByteQueue();
  for (let count = 0; count < 100; count++) {
    queue.push(Uint8Array.of(count));
    queue.push(new Uint8Array(4096));
  }
  const bytes = drain(queue).reduce(
    (sum, { buffer }) => sum + buffer.byteLength,
    0,
  );
  assertEquals(bytes, 100 * 4097);
});

Deno.test("ByteQueue gives a large piece as it is", () => {
  const queue = new ByteQueue();
  const large = new Uint8Array(4096);
  queue.push(Uint8Array.of(1));
  queue.push(large);
  queue.push(Uint8Array.of(2));
  const pieces = drain(queue);
  assertEquals(pieces.map(({ byteLength }) => byteLength), [1, 4096, 1]);
  assertStrictEquals(pieces[1], large);
});

Deno.test("ByteQueue leaves what it gave as it was when more is put in", () => {
  const queue = new ByteQueue();
  queue.push(Uint8Array.of(1, 2));
  const piece = queue.shift();
  queue.push(Uint8Array.of(3, 4));
  assertEquals(piece, Uint8Array.of(1, 2));
  assertEquals(queue.shift(), Uint8Array.of(3, 4));
});
