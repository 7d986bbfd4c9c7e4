import type { ByteRange } from "./byte_range.ts";

const CHUNK_BYTES = 64 * 1024;

/** Streams a part of a file. The file is closed at the end of the part, on failure, and when the reader gives up. */
export async function readRange(
  path: string,
  { start, end }: ByteRange,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const file = await Deno.open(path);
  let left = end - start + 1;
  try {
    await file.seek(start, Deno.SeekMode.Start);
  } catch (error) {
    file.close();
    throw error;
  }
  return new ReadableStream({
    async pull(controller) {
      try {
        const chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
        const read = await file.read(chunk);
        if (read !== null) controller.enqueue(chunk.subarray(0, read));
        left -= read ?? left;
        if (left > 0) return;
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
      controller.close();
    },
    cancel() {
      file.close();
    },
  });
}
