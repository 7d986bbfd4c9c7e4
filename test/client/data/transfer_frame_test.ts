import { assert, assertEquals } from "@std/assert";
import {
  endFrame,
  grantFrame,
  jsonFrame,
  NAME_CHARS,
  readEnding,
  readGrant,
  readOffer,
  readRefusal,
  shortReason,
  TRANSFER,
  TRANSFER_HEAD_BYTES,
  transferFrame,
} from "../../../client/data/transfer_frame.ts";
import { FRAME_BYTES } from "../../../client/data/lane_frame.ts";

const encoder = new TextEncoder();

/** What stands behind the head of a frame. */
function bodyOf(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return frame.subarray(TRANSFER_HEAD_BYTES);
}

/** Bytes of something as JSON. */
function json(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(value));
}

// --- what is written is read

Deno.test("transferFrame puts type and number before the bytes", () => {
  assertEquals(
    transferFrame(TRANSFER.data, 0x01020304, Uint8Array.of(9, 8)),
    Uint8Array.of(17, 1, 2, 3, 4, 9, 8),
  );
  assertEquals(
    transferFrame(TRANSFER.done, 0xffff_ffff),
    Uint8Array.of(21, 255, 255, 255, 255),
  );
});

const LONG = "😀".repeat(NAME_CHARS / 2) + "x";

for (
  const offer of [
    { name: "", type: "", size: null },
    { name: "a.txt", type: "text/plain", size: 0 },
    { name: '../ü\0"\n', type: "no type", size: 2 ** 53 - 1 },
    { name: LONG, type: LONG, size: 1 },
    { name: "\ud83d", type: "", size: 1 },
    { name: "__proto__", type: "constructor", size: 1 },
  ]
) {
  Deno.test(`readOffer gives ${JSON.stringify(offer).slice(0, 60)} as it was written`, () => {
    const frame = jsonFrame(TRANSFER.offer, 1, offer);
    assertEquals(readOffer(bodyOf(frame)), offer);
  });
}

Deno.test("readOffer gives nothing but what belongs to an offer", () => {
  const offer = { name: "a", type: "b", size: 3 };
  assertEquals(readOffer(json({ ...offer, extra: 4 })), offer);
});

Deno.test("readRefusal gives code and reason as they were written", () => {
  const refusal = { code: "rejected", reason: "no 😀" };
  const frame = jsonFrame(TRANSFER.refuse, 1, refusal);
  assertEquals(readRefusal(bodyOf(frame)), refusal);
});

Deno.test("readRefusal takes as much of a reason as shortReason leaves", () => {
  for (const reason of ["x".repeat(5000), "\u0001".repeat(5000)]) {
    const refusal = { code: "rejected", reason: shortReason(reason) };
    const frame = jsonFrame(TRANSFER.refuse, 1, refusal);
    assert(frame.byteLength < FRAME_BYTES);
    assertEquals(readRefusal(bodyOf(frame)), refusal);
  }
});

Deno.test("readGrant gives counts up to 2^53 - 1 as they were written", () => {
  for (const granted of [0, 1, 2 ** 32, 2 ** 53 - 1]) {
    const grant = { granted, confirmed: granted };
    assertEquals(readGrant(bodyOf(grantFrame(1, grant))), grant);
  }
});

Deno.test("readEnding gives length and digest as they were written", () => {
  const digest = Uint8Array.from({ length: 32 }, (_, index) => index);
  for (const byteLength of [0, 2 ** 53 - 1]) {
    const frame = endFrame(1, { byteLength, digest });
    assertEquals(readEnding(bodyOf(frame)), { byteLength, digest });
  }
});

// --- what is not

const NO_JSON: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["nothing", new Uint8Array()],
  ["half of an object", encoder.encode('{"name":"a"')],
  ["bytes that are no text", Uint8Array.of(0xff, 0xfe)],
  ["a byte order mark before it", encoder.encode('\ufeff{"name":""}')],
  ["null", json(null)],
  ["a number", json(7)],
  ["a string", json("name")],
  ["a list", json([])],
  ["nothing inside", json({})],
  ["a nest of brackets", encoder.encode("[".repeat(60_000))],
];

const OFFER = { name: "", type: "", size: 0 };
const TOO_LONG = "x".repeat(NAME_CHARS + 1);

const NO_OFFER: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ...NO_JSON,
  ["no name", json({ type: "", size: 0 })],
  ["no type", json({ name: "", size: 0 })],
  ["no size", json({ name: "", type: "" })],
  ["a name that is a number", json({ ...OFFER, name: 1 })],
  ["a name that is null", json({ ...OFFER, name: null })],
  ["a name that is too long", json({ ...OFFER, name: TOO_LONG })],
  ["a type that is a list", json({ ...OFFER, type: [] })],
  ["a type that is too long", json({ ...OFFER, type: TOO_LONG })],
  ["a size that is a string", json({ ...OFFER, size: "1" })],
  ["a size that is true", json({ ...OFFER, size: true })],
  ...[-1, 0.5, 2 ** 53, 1e300].map((size) =>
    [`a size of ${size}`, json({ ...OFFER, size })] as const
  ),
  ["a size of 1e999", encoder.encode('{"name":"","type":"","size":1e999}')],
  [
    "a prototype that has all of it",
    encoder.encode(`{"__proto__":${JSON.stringify(OFFER)}}`),
  ],
];

for (const [what, body] of NO_OFFER) {
  Deno.test(`readOffer reads no offer when it has ${what}`, () => {
    assertEquals(readOffer(body), undefined);
  });
}

const REFUSAL = { code: "busy", reason: "" };

const NO_REFUSAL: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ...NO_JSON,
  ["no code", json({ reason: "" })],
  ["no reason", json({ code: "busy" })],
  ["a code that is a number", json({ ...REFUSAL, code: 1 })],
  ["a code that is too long", json({ ...REFUSAL, code: TOO_LONG })],
  ["a reason that is null", json({ ...REFUSAL, reason: null })],
  ["a reason that is too long", json({ ...REFUSAL, reason: "x".repeat(1025) })],
];

for (const [what, body] of NO_REFUSAL) {
  Deno.test(`readRefusal reads no refusal when it has ${what}`, () => {
    assertEquals(readRefusal(body), undefined);
  });
}

const NO_COUNTS = [-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53];

for (const count of NO_COUNTS) {
  Deno.test(`readGrant and readEnding read nothing when they have a count of ${count}`, () => {
    for (
      const grant of [
        { granted: count, confirmed: 0 },
        { granted: 0, confirmed: count },
      ]
    ) assertEquals(readGrant(bodyOf(grantFrame(1, grant))), undefined);
    const ending = { byteLength: count, digest: new Uint8Array(32) };
    assertEquals(readEnding(bodyOf(endFrame(1, ending))), undefined);
  });
}

Deno.test("readGrant reads no grant of another length", () => {
  for (const length of [0, 8, 15, 17, 24]) {
    assertEquals(readGrant(new Uint8Array(length)), undefined);
  }
});

Deno.test("readEnding reads no end of another length", () => {
  for (const length of [0, 8, 39, 41, 72]) {
    assertEquals(readEnding(new Uint8Array(length)), undefined);
  }
});
