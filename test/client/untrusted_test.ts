import { assertEquals } from "@std/assert";
import {
  isFinal,
  protectionOf,
  reasonOf,
  type UntrustedCode,
} from "../../client/untrusted.ts";

for (
  const [text, expected] of [
    [null, undefined],
    [undefined, undefined],
    ["", undefined],
    ["sealed", undefined],
    ["Sealed.AAAA", undefined],
    [" sealed.AAAA", undefined],
    ['"sealed."', undefined],
    ['"signed."', undefined],
    ['{"generation":1}', undefined],
    ["sealed.", "key-mismatch"],
    ["sealed.AAAA", "key-mismatch"],
    ["signed.", "identity-missing"],
    ["signed.AAAA", "identity-missing"],
  ] as const
) {
  Deno.test(`protectionOf tells ${expected} when the text is ${JSON.stringify(text)}`, () => {
    assertEquals(protectionOf(text), expected);
  });
}

/** Every code, its reason, and whether a pair is out of the question. */
const CODES: Readonly<Record<UntrustedCode, readonly [string, boolean]>> = {
  "key-mismatch": ["the peer has another room key", true],
  "identity-missing": ["only one side proves who it is", true],
  "identity-mismatch": ["the peer is not who its id says", true],
  "not-admitted": ["the peer was not admitted", true],
  forged: ["the peer is not trusted yet", false],
  replayed: ["the peer is not trusted yet", false],
  reflected: ["the peer is not trusted yet", false],
  stale: ["the peer is not trusted yet", false],
  missing: ["the peer is not trusted yet", false],
  "fingerprint-mismatch": ["the peer is not trusted yet", false],
};

for (const [code, [reason, final]] of Object.entries(CODES)) {
  Deno.test(`reasonOf says "${reason}" when the code is ${code}, which is ${final ? "" : "not "}final`, () => {
    const found = reasonOf(code as UntrustedCode);
    assertEquals<string>(found, reason);
    assertEquals(isFinal(found), final);
  });
}

Deno.test("isFinal is false when there is no reason", () => {
  assertEquals(isFinal(undefined), false);
});
