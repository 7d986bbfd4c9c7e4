import { assertEquals, assertNotEquals } from "@std/assert";
import { ContentDigest } from "../../../client/data/content_digest.ts";
import { contentOf } from "../../support/joined_transfers.ts";

const MIB = 2 ** 20;

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The definition, word by word. */
async function expected(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const digests: number[] = [];
  for (let at = 0; at < bytes.byteLength; at += MIB) {
    digests.push(...await sha256(bytes.subarray(at, at + MIB)));
  }
  return await sha256(Uint8Array.from(digests));
}

async function digestOf(
  bytes: Uint8Array,
  chunkBytes: number,
): Promise<Uint8Array> {
  const digest = new ContentDigest();
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    digest.update(bytes.subarray(at, at + chunkBytes));
  }
  return await digest.end();
}

const SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 5];

for (const size of SIZES) {
  Deno.test(`ContentDigest digests the digests of the segments of ${size} bytes, however they are cut`, async () => {
    const bytes = contentOf(size);
    const digest = await expected(bytes);
    for (const chunkBytes of [65_531, MIB - 1, MIB, MIB + 1, 5 * MIB]) {
      assertEquals(await digestOf(bytes, chunkBytes), digest);
    }
  });
}

Deno.test("ContentDigest digests what it was given whatever is written to the buffer afterwards", async () => {
  const digest = new ContentDigest();
  for (const size of [MIB, 10]) {
    const bytes = contentOf(size);
    digest.update(bytes);
    bytes.fill(0);
  }
  const both = new Uint8Array(MIB + 10);
  both.set(contentOf(MIB));
  both.set(contentOf(10), MIB);
  assertEquals(await digest.end(), await expected(both));
});

Deno.test("ContentDigest tells contents apart when their segments change places", async () => {
  const bytes = contentOf(2 * MIB);
  const swapped = new Uint8Array(2 * MIB);
  swapped.set(bytes.subarray(MIB));
  swapped.set(bytes.subarray(0, MIB), MIB);
  assertNotEquals(await digestOf(bytes, MIB), await digestOf(swapped, MIB));
});
