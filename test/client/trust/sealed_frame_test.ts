import { assertEquals, assertNotEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { toBase64url } from "../../../client/trust/base64url.ts";
import { joinBytes } from "../../../client/trust/bytes.ts";
import {
  FRAME,
  frameChars,
  frameContext,
  type FrameHead,
  type FramePlace,
  HEAD_BYTES,
  readBody,
  readFrame,
  writeFrame,
  writeHead,
} from "../../../client/trust/sealed_frame.ts";

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length })
    .map((array) => new Uint8Array(array));

/** Any head that there can be. */
const heads = fc.record({
  kind: fc.constantFrom(...Object.values(FRAME)),
  protection: fc.oneof(
    fc.record({ keyId: bytes(8), signed: fc.boolean() }),
    fc.constant({ keyId: undefined, signed: true }),
  ),
  sender: bytes(16),
  receiver: bytes(16),
  generation: fc.maxSafeNat(),
  counter: fc.maxSafeNat(),
}).map(({ protection, ...rest }): FrameHead => ({ ...rest, ...protection }));

/** The bytes of a head, as they are documented. */
function headBytes(wish: {
  version?: number;
  kind?: number;
  flags?: number;
  generation?: bigint;
  counter?: bigint;
} = {}): Buffer {
  const { version = 1, kind = 3, flags = 1, generation = 5n, counter = 6n } =
    wish;
  const head = Buffer.alloc(59, 0xee);
  head.set([version, kind, flags]);
  head.fill(0xaa, 3, 11);
  head.fill(0xbb, 11, 27);
  head.fill(0xcc, 27, 43);
  head.writeBigUInt64BE(generation, 43);
  head.writeBigUInt64BE(counter, 51);
  return head;
}

function frame(
  prefix: string,
  head: Uint8Array,
  body: Uint8Array = Buffer.from("body"),
): string {
  return prefix + Buffer.concat([head, body]).toString("base64url");
}

/** A frame that is read whole; `undefined` if any of it is malformed. */
function readAll(text: string) {
  const frame = readFrame(text);
  const body = frame && readBody(frame);
  if (!frame || !body) return;
  const { encoded: _, ...head } = frame;
  return { ...head, body };
}

Deno.test("readFrame reads all that stands in a head", () => {
  const text = frame("sealed.", headBytes({ flags: 3 }));
  assertEquals(readAll(text), {
    kind: 3,
    keyId: new Uint8Array(8).fill(0xaa),
    signed: true,
    sender: new Uint8Array(16).fill(0xbb),
    receiver: new Uint8Array(16).fill(0xcc),
    generation: 5,
    counter: 6,
    head: new Uint8Array(headBytes({ flags: 3 })),
    body: new Uint8Array(Buffer.from("body")),
  });
});

Deno.test("writeHead and writeFrame write what is documented", () => {
  const head = writeHead({
    kind: FRAME.signal,
    keyId: new Uint8Array(8).fill(0xaa),
    signed: false,
    sender: new Uint8Array(16).fill(0xbb),
    receiver: new Uint8Array(16).fill(0xcc),
    generation: 5,
    counter: 6,
  });
  assertEquals(head, new Uint8Array(headBytes()));
  const body = new Uint8Array(Buffer.from("body"));
  assertEquals(writeFrame(head, body), frame("sealed.", headBytes()));
});

Deno.test("readFrame reads what writeFrame wrote, whatever it is", () => {
  fc.assert(fc.property(heads, fc.uint8Array(), (head, content) => {
    const written = writeHead(head);
    const body = new Uint8Array(content);
    const text = writeFrame(written, body);
    assertEquals(readAll(text), { ...head, head: written, body });
    assertEquals(text.startsWith(head.keyId ? "sealed." : "signed."), true);
  }));
});

Deno.test("frameChars is the length that writeFrame makes, whatever the text is", () => {
  fc.assert(fc.property(heads, fc.nat(300), (head, textBytes) => {
    const around = (head.keyId ? 12 + 16 : 0) + (head.signed ? 64 : 0);
    const body = new Uint8Array(around + textBytes);
    assertEquals(
      frameChars(textBytes, head),
      writeFrame(writeHead(head), body).length,
    );
  }));
});

Deno.test("readFrame reads nothing and never throws when the text is anything", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.base64String(),
    fc.json(),
  );
  fc.assert(fc.property(
    fc.constantFrom("", "sealed.", "signed.", "sealed", "plain."),
    texts,
    (prefix, text) => {
      // None is long enough that its first bytes were right by chance.
      assertEquals(readAll(prefix + text.slice(0, 78)), undefined);
    },
  ));
});

Deno.test("readFrame reads a frame only as the one text that writes it", () => {
  const noise = fc.record({ at: fc.nat(), char: fc.string({ maxLength: 1 }) });
  fc.assert(
    fc.property(heads, fc.uint8Array({ maxLength: 9 }), noise, (
      head,
      content,
      { at, char },
    ) => {
      const text = writeFrame(writeHead(head), new Uint8Array(content));
      const cut = at % text.length;
      const other = text.slice(0, cut) + char + text.slice(cut + 1);
      const read = readAll(other);
      if (read) assertEquals(writeFrame(read.head, read.body), other);
    }),
    { numRuns: 500 },
  );
});

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Texts that are no frames. */
const MALFORMED: readonly (readonly [string, string])[] = [
  ["it is empty", ""],
  ["there is no prefix", frame("", headBytes())],
  ["there is a prefix alone", "sealed."],
  ["the other prefix stands alone", "signed."],
  ["the prefix has no dot", frame("sealed", headBytes())],
  ["the prefix is in capitals", frame("SEALED.", headBytes())],
  ["the prefix is another", frame("plain.", headBytes())],
  ["the prefix is inherited", frame("__proto__.", headBytes())],
  ["the prefix stands twice", frame("sealed.sealed.", headBytes())],
  ["something stands before", frame(" sealed.", headBytes())],
  ["a line stands before", frame("\nsealed.", headBytes())],
  ["a line follows", `${frame("sealed.", headBytes())}\n`],
  ["it is sealed and says it is signed", frame("signed.", headBytes())],
  [
    "it is both and says it is signed",
    frame("signed.", headBytes({ flags: 3 })),
  ],
  [
    "it is signed and says it is sealed",
    frame("sealed.", headBytes({ flags: 2 })),
  ],
  ["it is neither", frame("sealed.", headBytes({ flags: 0 }))],
  ["it is neither, and signed", frame("signed.", headBytes({ flags: 0 }))],
  ["a flag is not known", frame("sealed.", headBytes({ flags: 5 }))],
  ["all flags are set", frame("sealed.", headBytes({ flags: 255 }))],
  ["the version is 0", frame("sealed.", headBytes({ version: 0 }))],
  ["the version is 2", frame("sealed.", headBytes({ version: 2 }))],
  ["the kind is 0", frame("sealed.", headBytes({ kind: 0 }))],
  ["the kind is 4", frame("sealed.", headBytes({ kind: 4 }))],
  ["the kind is 255", frame("sealed.", headBytes({ kind: 255 }))],
  [
    "the generation is not safe",
    frame("sealed.", headBytes({ generation: SAFE + 1n })),
  ],
  [
    "the generation is the largest",
    frame("sealed.", headBytes({ generation: 2n ** 64n - 1n })),
  ],
  [
    "the counter is not safe",
    frame("sealed.", headBytes({ counter: SAFE + 1n })),
  ],
  [
    "the counter is the largest",
    frame("sealed.", headBytes({ counter: 2n ** 64n - 1n })),
  ],
  [
    "the head is a byte short",
    frame("sealed.", headBytes().subarray(0, 58), new Uint8Array()),
  ],
  ["the base64 is padded", `${frame("sealed.", headBytes())}=`],
  [
    "the base64 is the other one",
    `sealed.${
      Buffer.concat([headBytes(), Buffer.alloc(3, 255)]).toString("base64")
    }`,
  ],
  ["the base64 has a space", frame("sealed. ", headBytes())],
  [
    "the base64 has bits to spare",
    // Of 59 bytes the last character holds two bits that are not used.
    `${frame("sealed.", headBytes(), new Uint8Array()).slice(0, -1)}B`,
  ],
  ["the base64 is no base64", `sealed.${"é".repeat(100)}`],
  ["the text is inherited", "sealed.__proto__"],
  [
    "it is longer than any server lets pass",
    frame("sealed.", headBytes(), Buffer.alloc(2 ** 18 * 3 / 4)),
  ],
];

for (const [when, text] of MALFORMED) {
  Deno.test(`readFrame reads nothing when ${when}`, () => {
    assertEquals(readAll(text), undefined);
  });
}

Deno.test("readFrame reads what is at the bounds", () => {
  const largest = headBytes({ generation: SAFE, counter: SAFE });
  const empty = readAll(frame("sealed.", largest, new Uint8Array()));
  assertEquals(empty?.generation, Number.MAX_SAFE_INTEGER);
  assertEquals(empty?.counter, Number.MAX_SAFE_INTEGER);
  assertEquals([empty?.head.length, empty?.body.length], [HEAD_BYTES, 0]);
  // What is not sealed has no key, whatever stands there; its signature covers that.
  const signed = readAll(frame("signed.", headBytes({ flags: 2 })));
  assertEquals([signed?.keyId, signed?.signed], [undefined, true]);
  // Up to a length that is a multiple of four, after the prefix.
  const longest = Buffer.alloc((2 ** 18 - 8) * 3 / 4 - 59);
  const long = readAll(frame("sealed.", headBytes(), longest));
  assertEquals(long?.body.length, longest.length);
  // The case above that differs in one character.
  const exact = frame("sealed.", headBytes(), new Uint8Array());
  assertEquals(readAll(exact)?.counter, 6);
});

const PLACE: FramePlace = {
  party: "main",
  room: "r",
  from: "a",
  to: "b",
  fingerprints: ["sha-256 AA", "sha-256 BB"],
};

Deno.test("frameContext holds what is documented", () => {
  const head = new Uint8Array(headBytes());
  const text = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const expected = Buffer.concat([
    Buffer.from("webrtc frame v1"),
    headBytes(),
    ...["main", "rü", "a", "", "sha-256 AA", "sha-256 BB"].map(text),
  ]);
  const place = { ...PLACE, room: "rü", to: "" };
  assertEquals(frameContext(head, place), new Uint8Array(expected));
});

Deno.test("frameContext differs when anything in it does, also by where a name ends", () => {
  const names = fc.string({ maxLength: 4 });
  const places = fc.record({
    party: names,
    room: names,
    from: names,
    to: names,
    fingerprints: fc.tuple(names, names),
  });
  const head = new Uint8Array(headBytes());
  fc.assert(fc.property(places, places, (one, other) => {
    const same = JSON.stringify(one) === JSON.stringify(other);
    const [first, second] = [one, other].map((place) =>
      toBase64url(frameContext(head, place))
    );
    assertEquals(first === second, same);
  }));
  const shifted = { ...PLACE, from: "ab", to: "" };
  assertNotEquals(frameContext(head, PLACE), frameContext(head, shifted));
  const otherHead = joinBytes(head);
  otherHead[58] = 7;
  assertNotEquals(frameContext(head, PLACE), frameContext(otherHead, PLACE));
});
