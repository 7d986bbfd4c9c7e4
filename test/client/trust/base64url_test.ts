import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { fromBase64url, toBase64url } from "../../../client/trust/base64url.ts";
import { seededRandom } from "../../support/seeded_random.ts";

/** RFC 4648 §10, without padding, and what differs from its §4. */
const TEXTS: readonly (readonly [readonly number[], string])[] = [
  [[], ""],
  [[0x66], "Zg"],
  [[0x66, 0x6f], "Zm8"],
  [[0x66, 0x6f, 0x6f], "Zm9v"],
  [[0x66, 0x6f, 0x6f, 0x62], "Zm9vYg"],
  [[0xfb, 0xff, 0xbf], "-_-_"],
  [[0xff], "_w"],
  [[0, 0, 0], "AAAA"],
];

for (const [bytes, text] of TEXTS) {
  Deno.test(`toBase64url writes "${text}" when the bytes are [${bytes}]`, () => {
    assertEquals(toBase64url(Uint8Array.from(bytes)), text);
  });

  Deno.test(`fromBase64url reads [${bytes}] when the text is "${text}"`, () => {
    assertEquals(fromBase64url(text), Uint8Array.from(bytes));
  });
}

for (
  const text of [
    "Z",
    "Zm9vY",
    "Zg==",
    "Zm8=",
    "====",
    "+/+/",
    "Zm 9",
    "Zm9v\n",
    "\nZm9v",
    "Zm9\u{1d7ec}",
    "Zm9é",
    "Zm9\0",
    "Zm.v",
    // Bits to spare that are not zero.
    "Zh",
    "Zm9vYh",
    "Zm9",
    "__",
    "___",
  ]
) {
  Deno.test(`fromBase64url reads nothing when the text is ${JSON.stringify(text)}`, () => {
    assertEquals(fromBase64url(text), undefined);
  });
}

Deno.test("toBase64url and fromBase64url agree with Node when there are 0 to 200 bytes, or many", () => {
  const random = seededRandom(1);
  const lengths = Array.from({ length: 201 }, (_, length) => length);
  for (const length of [...lengths, 8191, 8192, 8193, 65_536, 2 ** 20]) {
    const bytes = Uint8Array.from({ length }, () => random() * 256);
    const text = Buffer.from(bytes).toString("base64url");
    assertEquals(toBase64url(bytes) === text, true, `${length} bytes`);
    assertEquals(fromBase64url(text)?.join() === bytes.join(), true);
  }
});

Deno.test("toBase64url writes what a view shows when its buffer is larger", () => {
  const bytes = Uint8Array.of(1, 0x66, 0x6f, 0x6f, 2).subarray(1, 4);
  assertEquals(toBase64url(bytes), "Zm9v");
});
