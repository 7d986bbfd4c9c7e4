import { assertEquals, assertInstanceOf } from "@std/assert";
import { ReadAheadSource } from "../../../client/data/source.ts";

const MIB = 2 ** 20;

/** A source that is read as a lane would, a piece whenever it is ready. */
function readAll(
  open: (
    options: { onReady(): void; onError(error: unknown): void },
  ) => ReadAheadSource,
  maxBytes: number,
  total: number,
): Promise<{ bytes: Uint8Array; pieces: number[]; waits: number }> {
  return new Promise((resolve, reject) => {
    const bytes = new Uint8Array(total);
    const pieces: number[] = [];
    let offset = 0;
    let waits = 0;
    const take = () => {
      while (offset < total) {
        const piece = source.take(maxBytes);
        if (!piece) return void waits++;
        bytes.set(piece, offset);
        offset += piece.byteLength;
        pieces.push(piece.byteLength);
      }
      resolve({ bytes, pieces, waits });
    };
    const source = open({ onReady: take, onError: reject });
    take();
  });
}

for (const size of [1, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB + 7]) {
  for (const maxBytes of [999, 65_535, MIB]) {
    if (size / maxBytes > 2000) continue;
    Deno.test(`ReadAheadSource gives all ${size} bytes of a Blob, ${maxBytes} at most, and none that are empty`, async () => {
      const data = Uint8Array.from({ length: size }, (_, index) => index * 7);
      const { bytes, pieces } = await readAll(
        (options) => ReadAheadSource.ofBlob(new Blob([data]), options),
        maxBytes,
        size,
      );
      assertEquals(bytes, data);
      assertEquals(pieces.every((each) => each > 0 && each <= maxBytes), true);
    });
  }
}

Deno.test("ReadAheadSource has nothing and reads nothing before it is asked", () => {
  let slices = 0;
  const blob = new Blob(["abc"]);
  const { slice } = blob;
  blob.slice = (...range) => {
    slices++;
    return slice.apply(blob, range);
  };
  const source = ReadAheadSource.ofBlob(blob, {
    onReady() {},
    onError() {},
  });
  assertEquals(slices, 0);
  source.cancel("over");
  assertEquals(source.take(10), undefined);
  assertEquals(slices, 0);
});

Deno.test("ReadAheadSource tells of a Blob that cannot be read, once, after what could", async () => {
  const blob = new Blob([new Uint8Array(2 * MIB)]);
  const { slice } = blob;
  blob.slice = (start, end) => {
    if (start) throw new DOMException("Gone", "NotReadableError");
    return slice.call(blob, start, end);
  };
  const errors: unknown[] = [];
  let taken = 0;
  await new Promise<void>((resolve) => {
    const take = () => {
      for (let piece; (piece = source.take(65_536));) {
        taken += piece.byteLength;
      }
    };
    const source = ReadAheadSource.ofBlob(blob, {
      onReady: take,
      onError: (error) => {
        errors.push(error);
        resolve();
      },
    });
    take();
  });
  assertEquals(errors.length, 1);
  assertInstanceOf(errors[0], DOMException);
  assertEquals(taken <= MIB, true);
});

Deno.test("ReadAheadSource tells nobody when it is cancelled while it reads", async () => {
  const told: string[] = [];
  const read = Promise.withResolvers<ArrayBuffer>();
  const blob = new Blob(["abc"]);
  const piece = new Blob(["abc"]);
  piece.arrayBuffer = () => read.promise;
  blob.slice = () => piece;
  const source = ReadAheadSource.ofBlob(blob, {
    onReady: () => told.push("ready"),
    onError: () => told.push("error"),
  });
  source.take(1);
  source.cancel("over");
  read.resolve(new ArrayBuffer(3));
  await read.promise;
  await Promise.resolve();
  assertEquals([told, source.take(1), source.ended], [[], undefined, true]);
});
