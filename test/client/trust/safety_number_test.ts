import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  compareBytes,
  encodeSide,
  safetyNumber,
  type SafetySide,
} from "../../../client/trust/safety_number.ts";

const { subtle } = crypto;

const A: SafetySide = { fingerprint: "sha-256 AA:BB:CC" };
const B: SafetySide = {
  fingerprint: "sha-256 01:02:03",
  id: "b",
  publicKey: Uint8Array.of(1, 2, 3),
};

/** The number as the comment says it is made, with other means. */
function expected(one: SafetySide, other: SafetySide): string {
  const prefixed = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const encoded = ({ fingerprint, id, publicKey }: SafetySide) =>
    Buffer.concat([
      prefixed(Buffer.from(fingerprint.toLowerCase())),
      prefixed(Buffer.from(id ?? "")),
      prefixed(Buffer.from(publicKey ?? [])),
    ]);
  const hash = createHash("sha512")
    .update(prefixed(Buffer.from("webrtc safety number v1")));
  const sides = [encoded(one), encoded(other)].sort(Buffer.compare);
  for (const side of sides) hash.update(prefixed(side));
  const digest = hash.digest();
  const groups = [];
  for (let at = 0; at < 60; at += 5) {
    groups.push(String(digest.readUIntBE(at, 5) % 100_000).padStart(5, "0"));
  }
  return groups.join(" ");
}

Deno.test("safetyNumber is sixty digits that were computed elsewhere", async () => {
  const number = await safetyNumber(subtle, A, B);
  assertMatch(number, /^\d{5}( \d{5}){11}$/);
  assertEquals(
    number,
    "58760 98674 40693 61426 26142 32607 95254 79616 15738 28643 33573 12589",
  );
});

Deno.test("safetyNumber is the one that Node computes when there are many sides", async () => {
  // Some groups begin with zeros, and every byte of the order matters.
  let zeros = 0;
  for (let index = 0; index < 200; index++) {
    const side = { ...B, fingerprint: `sha-256 ${index}`, id: `peer ${index}` };
    const number = await safetyNumber(subtle, A, side);
    assertEquals(number, expected(A, side));
    if (/\b0/.test(number)) zeros++;
  }
  assert(zeros > 0);
});

Deno.test("safetyNumber is the same one when the sides change places", async () => {
  const fingerprints = [
    "sha-256 AA",
    "sha-256 AB",
    "sha-256 AA:00",
    "sha-1 FF",
  ];
  for (const one of fingerprints) {
    for (const other of fingerprints) {
      const sides = [{ fingerprint: one }, {
        ...B,
        fingerprint: other,
      }] as const;
      const [first, second] = sides;
      assertEquals(
        await safetyNumber(subtle, first, second),
        await safetyNumber(subtle, second, first),
      );
    }
  }
});

Deno.test("safetyNumber is the same one when only the case of a fingerprint differs", async () => {
  const lower = { fingerprint: " SHA-256 aa:bb:cc\r" };
  assertEquals(
    await safetyNumber(subtle, lower, B),
    await safetyNumber(subtle, A, B),
  );
});

const DIFFERENT: readonly (readonly [string, SafetySide])[] = [
  ["the fingerprint", { ...B, fingerprint: "sha-256 01:02:04" }],
  ["the hash function", { ...B, fingerprint: "sha-384 01:02:03" }],
  ["the id", { ...B, id: "c" }],
  ["the case of the id", { ...B, id: "B" }],
  ["that there is no id", {
    fingerprint: B.fingerprint,
    publicKey: Uint8Array.of(1, 2, 3),
  }],
  ["the public key", { ...B, publicKey: Uint8Array.of(1, 2, 4) }],
  ["that there is no public key", { fingerprint: B.fingerprint, id: "b" }],
  ["where one field ends and the next begins", {
    ...B,
    fingerprint: `${B.fingerprint}b`,
    id: "",
  }],
];

for (const [what, side] of DIFFERENT) {
  Deno.test(`safetyNumber is another one when ${what} differs`, async () => {
    assertNotEquals(
      await safetyNumber(subtle, A, side),
      await safetyNumber(subtle, A, B),
    );
  });
}

Deno.test("compareBytes orders as Node does", () => {
  const all = [[], [0], [0, 0], [0, 1], [1], [1, 0], [255], [255, 255]]
    .map((bytes) => Uint8Array.from(bytes));
  for (const one of all) {
    for (const other of all) {
      assertEquals(
        Math.sign(compareBytes(one, other)),
        Buffer.compare(one, other),
      );
    }
  }
});

Deno.test("encodeSide prefixes each field with its length", () => {
  assertEquals(
    encodeSide({ fingerprint: "X Y", id: "é", publicKey: Uint8Array.of(9) }),
    // deno-fmt-ignore
    Uint8Array.of(0, 0, 0, 3, 120, 32, 121, 0, 0, 0, 2, 195, 169, 0, 0, 0, 1, 9),
  );
});
