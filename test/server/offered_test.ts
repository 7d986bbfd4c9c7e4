import { assertEquals } from "@std/assert";
import { SUBPROTOCOL } from "../../protocol.ts";
import {
  bearerToken,
  type Offered,
  readOffered,
} from "../../server/offered.ts";

/** A request with these headers; `undefined` leaves one out. */
function requestWith(
  protocols: string | undefined,
  authorization?: string,
): Request {
  return new Request("http://localhost/parties/main/room", {
    headers: {
      ...(protocols !== undefined && { "sec-websocket-protocol": protocols }),
      ...(authorization !== undefined && { authorization }),
    },
  });
}

const NOTHING: Offered = {
  version: undefined,
  resume: undefined,
  seen: 0,
  bearer: undefined,
};

const OFFERS: readonly (readonly [string | undefined, Partial<Offered>])[] = [
  [undefined, {}],
  ["", {}],
  [" ", {}],
  [",", {}],
  [", ,,", {}],
  ["webrtc.v1", { version: true }],
  ["  webrtc.v1  ", { version: true }],
  [",webrtc.v1,", { version: true }],
  ["webrtc.v2, webrtc.v1", { version: true }],
  ["webrtc.v1,webrtc.v2", { version: true }],
  ["webrtc.v2", { version: false }],
  ["WebRTC.v1", { version: false }],
  ["webrtc.v10", { version: false }],
  ["webrtc.v1.", { version: false }],
  ["webrtc", { version: false }],
  ["__proto__", { version: false }],
  ["resume", { version: false }],
  // Secrets alone name no version.
  ["resume.t", { resume: "t" }],
  ["seen.3", { seen: 3 }],
  ["bearer.t", { bearer: "t" }],
  ["resume.t, seen.3, bearer.b", { resume: "t", seen: 3, bearer: "b" }],
  ["webrtc.v1, resume.1.2.boot.mac, seen.12, bearer.a.b.c", {
    version: true,
    resume: "1.2.boot.mac",
    seen: 12,
    bearer: "a.b.c",
  }],
  ["bearer.b,seen.1,resume.r,webrtc.v1", {
    version: true,
    resume: "r",
    seen: 1,
    bearer: "b",
  }],
  ["webrtc.v2, resume.t", { version: false, resume: "t" }],
  ["resume.a, resume.b", { resume: "a" }],
  ["seen.1, seen.2", { seen: 1 }],
  ["bearer.a, bearer.b", { bearer: "a" }],
  ["resume.", { resume: "" }],
  // An empty token is none.
  ["bearer.", {}],
  ["resume.bearer.seen.1", { resume: "bearer.seen.1" }],
  ["xresume.t", { version: false }],
  ["Resume.t", { version: false }],
  ["seen.", { seen: 0 }],
  ["seen.0", { seen: 0 }],
  ["seen.-1", { seen: 0 }],
  ["seen.1.5", { seen: 0 }],
  ["seen.1.0", { seen: 0 }],
  ["seen.007", { seen: 7 }],
  // What Number would read is no decimal digits.
  ["seen.+1", { seen: 0 }],
  ["seen.-0", { seen: 0 }],
  ["seen.1e3", { seen: 0 }],
  ["seen.0x10", { seen: 0 }],
  ["seen.0b11", { seen: 0 }],
  ["seen.1_000", { seen: 0 }],
  ["seen. 1", { seen: 0 }],
  ["seen.1 2", { seen: 0 }],
  ["seen.²", { seen: 0 }],
  ["seen.NaN", { seen: 0 }],
  ["seen.Infinity", { seen: 0 }],
  ["seen.1e999", { seen: 0 }],
  ["seen.x", { seen: 0 }],
  ["seen.9007199254740991", { seen: 9007199254740991 }],
  ["seen.9007199254740992", { seen: 0 }],
  [`seen.${"9".repeat(10_000)}`, { seen: 0 }],
  ["bearer.a%20b%2Cc", { bearer: "a b,c" }],
  ["bearer.%28%29", { bearer: "()" }],
  ["bearer.%F0%9F%98%80", { bearer: "😀" }],
  ["bearer.a+b", { bearer: "a+b" }],
  // Not percent-encoded: as good as none.
  ["bearer.%", { bearer: undefined }],
  ["bearer.%2", { bearer: undefined }],
  ["bearer.%zz", { bearer: undefined }],
  ["bearer.%ff", { bearer: undefined }],
  ["bearer.%ED%A0%80", { bearer: undefined }],
  ["resume.%41", { resume: "%41" }],
  [`resume.${"t".repeat(10_000)}`, { resume: "t".repeat(10_000) }],
  [`${"x,".repeat(10_000)}webrtc.v1`, { version: true }],
];

for (const [header, expected] of OFFERS) {
  Deno.test(`readOffered reads ${JSON.stringify(expected).slice(0, 60)} when the list is ${JSON.stringify(header)?.slice(0, 60)}`, () => {
    assertEquals(readOffered(requestWith(header)), { ...NOTHING, ...expected });
  });
}

Deno.test("readOffered reads one list when the header comes in several lines", () => {
  const request = requestWith(SUBPROTOCOL);
  request.headers.append("sec-websocket-protocol", "resume.t, seen.2");
  request.headers.append("sec-websocket-protocol", "bearer.b");
  assertEquals(readOffered(request), {
    version: true,
    resume: "t",
    seen: 2,
    bearer: "b",
  });
});

const BEARERS: readonly (readonly [
  protocols: string | undefined,
  authorization: string | undefined,
  token: string | undefined,
])[] = [
  [undefined, undefined, undefined],
  ["webrtc.v1", undefined, undefined],
  ["webrtc.v1, bearer.a.b.c", undefined, "a.b.c"],
  ["bearer.a%2Fb%3D", undefined, "a/b="],
  ["bearer.t", "Bearer u", "t"],
  ["webrtc.v1", "Bearer u", "u"],
  ["bearer.", undefined, undefined],
  ["bearer.", "Bearer u", "u"],
  ["bearer.%", "Bearer u", "u"],
  [undefined, "Bearer a.b.c", "a.b.c"],
  [undefined, "bearer a.b.c", "a.b.c"],
  [undefined, "BEARER a.b.c", "a.b.c"],
  [undefined, "Bearer   a.b.c  ", "a.b.c"],
  [undefined, "Bearer a%20b", "a%20b"],
  [undefined, "Bearer", undefined],
  [undefined, "Bearer ", undefined],
  [undefined, "Bearera", undefined],
  [undefined, "Bearer\ta", undefined],
  [undefined, "Bearer a b", undefined],
  [undefined, "Basic YTpi", undefined],
  [undefined, "x Bearer a", undefined],
  [undefined, "a.b.c", undefined],
  [undefined, `Bearer ${"t".repeat(100_000)}`, "t".repeat(100_000)],
  [undefined, `Bearer ${" ".repeat(100_000)}`, undefined],
  [undefined, `Bearer a${" ".repeat(100_000)}b`, undefined],
];

for (const [protocols, authorization, token] of BEARERS) {
  Deno.test(`bearerToken is ${token?.slice(0, 20)} when the list is ${protocols} and the header ${authorization?.slice(0, 20)} of ${authorization?.length}`, () => {
    assertEquals(bearerToken(requestWith(protocols, authorization)), token);
  });
}
