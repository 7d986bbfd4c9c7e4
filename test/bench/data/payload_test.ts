import { assertEquals } from "@std/assert";
import { isPayload, makePayload } from "./payload.ts";

const BYTES = 5_000_000;

Deno.test("isPayload is true of the pieces of a payload, however it was cut", () => {
  const payload = makePayload(BYTES);
  for (const size of [1_000, 64_000, 65_536, BYTES]) {
    for (let at = 0; at < BYTES; at += size) {
      assertEquals(isPayload(payload.subarray(at, at + size), at), true);
    }
  }
});

Deno.test("isPayload is false when a piece was left out, came twice, or came too early", () => {
  const payload = makePayload(BYTES);
  for (const size of [16_300, 64_000, 65_536, 262_144]) {
    const piece = payload.subarray(2 * size, 3 * size);
    assertEquals(isPayload(piece, size), false);
    assertEquals(isPayload(piece, 3 * size), false);
  }
});

Deno.test("isPayload is false when the bytes are zero", () => {
  assertEquals(isPayload(new Uint8Array(64_000), 64_000), false);
});
