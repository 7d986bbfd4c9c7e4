import { assertEquals } from "@std/assert";
import { fingerprintsOf } from "../../client/fingerprint.ts";

for (
  const [when, sdp, expected] of [
    ["it is empty", "", []],
    ["there is none", "v=0\r\na=setup:active\r\n", []],
    ["there is one", "v=0\r\na=fingerprint:sha-256 AA:BB\r\nm=x\r\n", [
      "sha-256 AA:BB",
    ]],
    ["lines end otherwise", "a=fingerprint:sha-256 AA:BB\nm=x\n", [
      "sha-256 AA:BB",
    ]],
    ["it is the last line", "v=0\r\na=fingerprint:sha-256 AA:BB", [
      "sha-256 AA:BB",
    ]],
    ["letters are of another case", "A=FingerPrint:SHA-256 aa:Bb\r\n", [
      "sha-256 AA:BB",
    ]],
    ["spaces are more", "a=fingerprint:sha-256 \t AA:BB\r\n", [
      "sha-256 AA:BB",
    ]],
    [
      "each section has the same",
      "a=fingerprint:sha-256 AA\r\nm=x\r\na=fingerprint:SHA-256 aa\r\n",
      ["sha-256 AA"],
    ],
    [
      "sections have different ones",
      "a=fingerprint:sha-256 AA\r\nm=x\r\na=fingerprint:sha-256 BB\r\n",
      ["sha-256 AA", "sha-256 BB"],
    ],
    [
      "there are two algorithms",
      "a=fingerprint:sha-256 AA\r\na=fingerprint:sha-512 AA\r\n",
      ["sha-256 AA", "sha-512 AA"],
    ],
    // What Firefox takes as well.
    ["a space follows the equals sign", "a= fingerprint:sha-256 AA:BB\r\n", [
      "sha-256 AA:BB",
    ]],
    ["a space follows the colon", "a=fingerprint: sha-256 AA:BB\r\n", [
      "sha-256 AA:BB",
    ]],
    ["it stands behind a space", " a=fingerprint:sha-256 AA:BB\r\n", [
      "sha-256 AA:BB",
    ]],
    [
      "a second one is hidden by a space",
      "a=fingerprint:sha-256 AA\r\nm=x\r\na= fingerprint:sha-256 BB\r\n",
      ["sha-256 AA", "sha-256 BB"],
    ],
    // Whoever may take these for one.
    ["another line names one", "i=a=fingerprint:sha-256 AA\r\n", [
      "unreadable",
    ]],
    ["the line is cut", "a=fingerprint:sha-256\r\nm=x\r\n", ["unreadable"]],
    [
      "a second one cannot be read",
      "a=fingerprint:sha-256 AA\r\na=fingerprint sha-256 BB\r\n",
      ["sha-256 AA", "unreadable"],
    ],
  ] as const
) {
  Deno.test(`fingerprintsOf finds ${expected.length} when ${when}`, () => {
    assertEquals(fingerprintsOf(sdp), [...expected]);
  });
}
