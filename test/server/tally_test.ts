import { assertEquals } from "@std/assert";
import { exposition } from "../../server/exposition.ts";
import { type Labelled, Tally } from "../../server/tally.ts";

const LABELLED: readonly Labelled[] = [
  "resumes",
  "signals",
  "bytes",
  "refusals",
  "faults",
  "drops",
  "turn_minted",
  "turn_failed",
  "turn_revoked",
  "turn_revoke_failed",
];

/** The lines of a tally that are no comments. */
function values(tally: Tally): string[] {
  return exposition(tally.metrics).trimEnd().split("\n")
    .filter((line) => !line.startsWith("#"));
}

for (const what of LABELLED) {
  Deno.test(`Tally counts ${what} by label and leaves the others alone`, () => {
    const tally = new Tally();
    for (const label of ["a", 4001, "a", "b", "a"]) tally.add(what, label);
    for (const other of LABELLED) {
      const counts = ["a", 4001, "b", "c"].map((label) =>
        tally.count(other, label)
      );
      assertEquals(counts, other === what ? [3, 1, 1, 0] : [0, 0, 0, 0]);
    }
  });
}

for (const what of ["joins", "engine_outages", "degraded_joins"] as const) {
  Deno.test(`Tally counts ${what} without a label`, () => {
    const tally = new Tally();
    tally.add(what);
    tally.add(what);
    assertEquals(tally.count(what), 2);
    assertEquals(values(tally).includes(`webrtc_${what}_total 2`), true);
  });
}

Deno.test("Tally counts by an amount", () => {
  const tally = new Tally();
  tally.add("bytes", "in", 1200);
  tally.add("bytes", "in", 34);
  tally.add("bytes", "out", 0);
  assertEquals(tally.count("bytes", "in"), 1234);
  assertEquals(tally.count("bytes", "out"), 0);
});

Deno.test("Tally counts a number and its digits as the same code", () => {
  const tally = new Tally();
  tally.add("drops", 4002);
  tally.add("drops", "4002");
  assertEquals(tally.count("drops", 4002), 2);
  assertEquals(tally.count("drops", "4002"), 2);
});

for (const code of ["__proto__", "constructor", "toString", ""]) {
  Deno.test(`Tally counts from 0 when the code is "${code}"`, () => {
    const tally = new Tally();
    assertEquals(tally.count("faults", code), 0);
    tally.add("faults", code);
    assertEquals(tally.count("faults", code), 1);
  });
}

Deno.test("Tally tells every family, and zeros of the kinds that are known, when nothing was counted", () => {
  assertEquals(
    exposition(new Tally().metrics),
    `\
# HELP webrtc_joins_total Sessions that were welcomed in a room for the first time.
# TYPE webrtc_joins_total counter
webrtc_joins_total 0
# HELP webrtc_resumes_total Sessions that went on with another socket, by what they went on with.
# TYPE webrtc_resumes_total counter
webrtc_resumes_total{code="resumed"} 0
webrtc_resumes_total{code="restored"} 0
# HELP webrtc_signals_total Signals that were handed on, within this process (local) or to another one (node).
# TYPE webrtc_signals_total counter
webrtc_signals_total{path="local"} 0
webrtc_signals_total{path="node"} 0
# HELP webrtc_bytes_total Size of the frames that came in and went out over sockets, in UTF-16 units: bytes, as long as they are ASCII.
# TYPE webrtc_bytes_total counter
webrtc_bytes_total{direction="in"} 0
webrtc_bytes_total{direction="out"} 0
# HELP webrtc_refusals_total Requests to join that were refused, by code.
# TYPE webrtc_refusals_total counter
# HELP webrtc_faults_total Frames that were answered with an error, by code.
# TYPE webrtc_faults_total counter
# HELP webrtc_drops_total Sockets that were closed for breaking a limit, by close code.
# TYPE webrtc_drops_total counter
# HELP webrtc_turn_minted_total TURN credentials that were given, by provider.
# TYPE webrtc_turn_minted_total counter
# HELP webrtc_turn_failed_total Requests for TURN credentials that failed, by provider.
# TYPE webrtc_turn_failed_total counter
# HELP webrtc_turn_revoked_total TURN credentials that were revoked, by provider.
# TYPE webrtc_turn_revoked_total counter
# HELP webrtc_turn_revoke_failed_total TURN credentials that could not be revoked, by provider.
# TYPE webrtc_turn_revoke_failed_total counter
# HELP webrtc_engine_outages_total Times that the engine which joins the nodes stopped answering.
# TYPE webrtc_engine_outages_total counter
webrtc_engine_outages_total 0
# HELP webrtc_degraded_joins_total Joins that were answered while the engine was down.
# TYPE webrtc_degraded_joins_total counter
webrtc_degraded_joins_total 0
# HELP webrtc_relay_seconds Time from the arrival of a signal until it was handed on.
# TYPE webrtc_relay_seconds histogram
`,
  );
});

/** In which bucket a value is the first to be counted; the last one has no end. */
const BUCKETS: readonly (readonly [seconds: number, le: string])[] = [
  [0, "0.0001"],
  [0.00002, "0.0001"],
  [0.0001, "0.0001"],
  [0.00010001, "0.00025"],
  [0.3, "0.5"],
  [1, "1"],
  [1.0001, "+Inf"],
  [Infinity, "+Inf"],
];

for (const [seconds, le] of BUCKETS) {
  Deno.test(`Tally puts ${seconds} s into the bucket of at most ${le}`, () => {
    const tally = new Tally();
    tally.observe("relay_seconds", seconds, "node");
    const buckets = values(tally).filter((line) =>
      line.startsWith("webrtc_relay_seconds_bucket")
    );
    assertEquals(buckets.length, 14);
    const first = buckets.findIndex((line) => line.endsWith(" 1"));
    assertEquals(
      buckets[first],
      `webrtc_relay_seconds_bucket{path="node",le="${le}"} 1`,
    );
    assertEquals(
      buckets.slice(first).every((line) => line.endsWith(" 1")),
      true,
    );
  });
}

Deno.test("Tally sums what it has observed, by label, and tells its observer each time", () => {
  const observed: unknown[] = [];
  const tally = new Tally((...args) => observed.push(args));
  tally.observe("relay_seconds", 0.25, "local");
  tally.observe("relay_seconds", 0.5, "local");
  tally.observe("relay_seconds", 2, "node");
  const lines = values(tally);
  for (
    const line of [
      'webrtc_relay_seconds_sum{path="local"} 0.75',
      'webrtc_relay_seconds_count{path="local"} 2',
      'webrtc_relay_seconds_sum{path="node"} 2',
      'webrtc_relay_seconds_count{path="node"} 1',
    ]
  ) assertEquals(lines.includes(line), true, line);
  assertEquals(observed, [
    ["relay_seconds", 0.25, "local"],
    ["relay_seconds", 0.5, "local"],
    ["relay_seconds", 2, "node"],
  ]);
});
