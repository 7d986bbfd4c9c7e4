import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { toBase64url } from "../../../client/trust/base64url.ts";
import {
  type Introduction,
  readIntroduction,
  writeIntroduction,
} from "../../../client/trust/card.ts";
import { createIdentity } from "../../../client/trust/identity.ts";

const introductions = fc.record({
  fingerprint: fc.string(),
  identity: fc.option(
    fc.record({
      algorithm: fc.constantFrom("Ed25519" as const, "ECDSA" as const),
      publicKey: fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    }),
    { nil: undefined },
  ),
  presence: fc.option(fc.option(fc.string()), { nil: undefined }),
  ask: fc.boolean(),
}).map(({ fingerprint, identity, presence, ask }): Introduction => ({
  card: { fingerprint, ...identity && { identity } },
  ...presence === undefined ? {} : { presence },
  ask,
}));

Deno.test("readIntroduction reads what writeIntroduction wrote, whatever it is", () => {
  fc.assert(fc.property(introductions, (introduction) => {
    const text = writeIntroduction(introduction);
    assertEquals(readIntroduction(text), introduction);
  }));
});

Deno.test("writeIntroduction tells the public half alone when it is given all of an identity", async () => {
  const identity = await createIdentity();
  const card = { fingerprint: "sha-256 AA", identity };
  assertEquals(
    JSON.parse(writeIntroduction({ card, presence: "1", ask: true })),
    {
      fingerprint: "sha-256 AA",
      algorithm: "Ed25519",
      key: toBase64url(identity.publicKey),
      presence: "1",
      ask: true,
    },
  );
});

const NOTHING = { card: { fingerprint: "F" }, ask: false };

/** Texts, and what is read of them. */
const TEXTS: readonly (readonly [string, unknown])[] = [
  ["", undefined],
  ["null", undefined],
  ["1", undefined],
  ["[]", undefined],
  ['"F"', undefined],
  ["{}", undefined],
  ['{"fingerprint":null}', undefined],
  ['{"fingerprint":["F"]}', undefined],
  ['{"__proto__":{"fingerprint":"F"}}', undefined],
  ['{"fingerprint":"F"', undefined],
  ['{"fingerprint":"F"}', NOTHING],
  ['{"fingerprint":"F","ask":"true","presence":{}}', NOTHING],
  ['{"fingerprint":"F","presence":null}', { ...NOTHING, presence: null }],
  // A key without an algorithm that is known is none.
  ['{"fingerprint":"F","key":"AQID"}', NOTHING],
  ['{"fingerprint":"F","key":"AQID","algorithm":"RSA"}', NOTHING],
  ['{"fingerprint":"F","key":"AQID","algorithm":"constructor"}', NOTHING],
  ['{"fingerprint":"F","key":"AQID","algorithm":["ECDSA"]}', NOTHING],
  ['{"fingerprint":"F","algorithm":"Ed25519"}', NOTHING],
  ['{"fingerprint":"F","key":"AQI=","algorithm":"Ed25519"}', NOTHING],
  ['{"fingerprint":"F","key":[1],"algorithm":"Ed25519"}', NOTHING],
];

for (const [text, expected] of TEXTS) {
  Deno.test(`readIntroduction reads ${expected ? "what it can" : "nothing"} when the text is ${text || "empty"}`, () => {
    assertEquals<unknown>(readIntroduction(text), expected);
  });
}
