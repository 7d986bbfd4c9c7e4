import { assertEquals } from "@std/assert";
import { freeFrame, takeFrame } from "../../../client/data/frame_pool.ts";
import { FRAME_BYTES, WINDOW_BYTES } from "../../../client/data/lane_frame.ts";

Deno.test("takeFrame gives the buffer of a full frame again when it was freed, and to one only", () => {
  const first = takeFrame(FRAME_BYTES);
  const second = takeFrame(FRAME_BYTES);
  assertEquals(first.buffer === second.buffer, false);
  freeFrame(first);
  const third = takeFrame(FRAME_BYTES);
  assertEquals(third.buffer === first.buffer, true);
  assertEquals(takeFrame(FRAME_BYTES).buffer === first.buffer, false);
});

Deno.test("takeFrame makes a frame of its own when it is not full", () => {
  const frame = takeFrame(FRAME_BYTES - 1);
  freeFrame(frame);
  const other = takeFrame(FRAME_BYTES - 1);
  assertEquals(other.byteLength, FRAME_BYTES - 1);
  assertEquals(other.buffer === frame.buffer, false);
});

Deno.test("freeFrame keeps no more than a window when more is freed", () => {
  const frames = Array.from(
    { length: WINDOW_BYTES / FRAME_BYTES + 1 },
    () => takeFrame(FRAME_BYTES),
  );
  for (const frame of frames) freeFrame(frame);
  const before = new Set(frames.map(({ buffer }) => buffer));
  const after = frames.map(() => takeFrame(FRAME_BYTES));
  const again = after.filter(({ buffer }) => before.has(buffer));
  assertEquals(again.length, WINDOW_BYTES / FRAME_BYTES);
});
