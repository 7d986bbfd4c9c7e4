import { assertEquals } from "@std/assert";
import { parsePairSignal } from "../../client/pair_signal.ts";

const HEAD = { to: 1, from: 3, generation: 2 };
const CANDIDATE = {
  candidate: "candidate:1",
  sdpMid: "0",
  sdpMLineIndex: 0,
  usernameFragment: "u",
};

const GOOD: readonly unknown[] = [
  { ...HEAD, description: { type: "offer", sdp: "v=0" }, offer: 1 },
  { ...HEAD, description: { type: "answer", sdp: "" }, offer: 1 },
  {
    ...HEAD,
    candidates: [CANDIDATE, {
      ...CANDIDATE,
      sdpMid: null,
      sdpMLineIndex: null,
      usernameFragment: null,
    }],
  },
  { ...HEAD, candidates: [] },
  { ...HEAD, bye: true },
  { ...HEAD, dial: true },
  { ...HEAD, restart: true },
];

for (const signal of GOOD) {
  Deno.test(`parsePairSignal reads ${JSON.stringify(signal).slice(0, 70)}`, () => {
    assertEquals<unknown>(parsePairSignal(JSON.stringify(signal)), signal);
  });
}

const BAD: readonly unknown[] = [
  null,
  [],
  "bye",
  {},
  { bye: true },
  { ...HEAD },
  { ...HEAD, to: "1", bye: true },
  { ...HEAD, generation: 1.5, bye: true },
  { ...HEAD, generation: 1e300, bye: true },
  { ...HEAD, bye: 1 },
  { ...HEAD, dial: "yes" },
  { restart: true },
  { ...HEAD, restart: false },
  { ...HEAD, restart: 1 },
  { ...HEAD, restart: { restart: true } },
  { ...HEAD, generation: "2", restart: true },
  { ...HEAD, offer: 1, description: null },
  { ...HEAD, offer: 1, description: "v=0" },
  { ...HEAD, offer: 1, description: { type: "rollback", sdp: "" } },
  { ...HEAD, offer: 1, description: { type: "pranswer", sdp: "" } },
  { ...HEAD, offer: 1, description: { type: "offer" } },
  { ...HEAD, offer: 1, description: { type: "offer", sdp: 1 } },
  { ...HEAD, description: { type: "offer", sdp: "v=0" } },
  { ...HEAD, offer: "1", description: { type: "offer", sdp: "v=0" } },
  { ...HEAD, candidates: {} },
  { ...HEAD, candidates: [CANDIDATE, null] },
  { ...HEAD, candidates: [{ ...CANDIDATE, candidate: 1 }] },
];

for (const signal of BAD) {
  Deno.test(`parsePairSignal reads nothing when it gets ${JSON.stringify(signal)}`, () => {
    assertEquals(parsePairSignal(JSON.stringify(signal)), undefined);
  });
}

for (const data of ["", "{", "[".repeat(60_000)]) {
  Deno.test(`parsePairSignal reads nothing when it gets ${data.length} characters that are no JSON`, () => {
    assertEquals(parsePairSignal(data), undefined);
  });
}

Deno.test("parsePairSignal leaves out fields it does not know", () => {
  const candidates = [{ ...CANDIDATE, evil: 1 }];
  const data = JSON.stringify({ ...HEAD, candidates, description: 1, more: 1 });
  assertEquals<unknown>(parsePairSignal(data), {
    ...HEAD,
    candidates: [CANDIDATE],
  });
});
