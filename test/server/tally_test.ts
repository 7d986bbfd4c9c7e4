import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Counted, Tally } from "../../server/tally.ts";

const KINDS: readonly Counted[] = [
  "refusals",
  "faults",
  "drops",
  "resumes",
  "turn_minted",
  "turn_failed",
  "turn_revoked",
  "turn_revoke_failed",
];

const EMPTY = `\
# HELP webrtc_refusals_total Requests to join that were refused, by code.
# TYPE webrtc_refusals_total counter
# HELP webrtc_faults_total Frames that were answered with an error, by code.
# TYPE webrtc_faults_total counter
# HELP webrtc_drops_total Sockets that were closed for breaking a limit, by close code.
# TYPE webrtc_drops_total counter
# HELP webrtc_resumes_total Sessions that went on with another socket, by what they went on with.
# TYPE webrtc_resumes_total counter
# HELP webrtc_turn_minted_total TURN credentials that were given, by provider.
# TYPE webrtc_turn_minted_total counter
# HELP webrtc_turn_failed_total Requests for TURN credentials that failed, by provider.
# TYPE webrtc_turn_failed_total counter
# HELP webrtc_turn_revoked_total TURN credentials that were revoked, by provider.
# TYPE webrtc_turn_revoked_total counter
# HELP webrtc_turn_revoke_failed_total TURN credentials that could not be revoked, by provider.
# TYPE webrtc_turn_revoke_failed_total counter
`;

for (const kind of KINDS) {
  Deno.test(`Tally counts ${kind} by code and leaves the others alone`, () => {
    const tally = new Tally();
    for (const code of ["a", 4001, "a", "b", "a"]) tally.add(kind, code);
    for (const other of KINDS) {
      const counts = ["a", 4001, "b", "c"].map((code) =>
        tally.count(other, code)
      );
      assertEquals(counts, other === kind ? [3, 1, 1, 0] : [0, 0, 0, 0]);
    }
  });
}

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

Deno.test("Tally writes help and type of every counter when nothing was counted", () => {
  assertEquals(new Tally().text({}), EMPTY);
});

Deno.test("Tally writes gauges on top and counters in the order they came", () => {
  const tally = new Tally();
  tally.add("refusals", "room-full");
  tally.add("refusals", "custom");
  tally.add("refusals", "room-full");
  tally.add("faults", "bad-frame");
  tally.add("drops", 4001);
  tally.add("resumes", "resumed");
  tally.add("turn_minted", "coturn");
  assertEquals(
    tally.text({ rooms: 1, peers: 2, away: 0 }),
    `\
# TYPE webrtc_rooms gauge
webrtc_rooms 1
# TYPE webrtc_peers gauge
webrtc_peers 2
# TYPE webrtc_away gauge
webrtc_away 0
# HELP webrtc_refusals_total Requests to join that were refused, by code.
# TYPE webrtc_refusals_total counter
webrtc_refusals_total{code="room-full"} 2
webrtc_refusals_total{code="custom"} 1
# HELP webrtc_faults_total Frames that were answered with an error, by code.
# TYPE webrtc_faults_total counter
webrtc_faults_total{code="bad-frame"} 1
# HELP webrtc_drops_total Sockets that were closed for breaking a limit, by close code.
# TYPE webrtc_drops_total counter
webrtc_drops_total{code="4001"} 1
# HELP webrtc_resumes_total Sessions that went on with another socket, by what they went on with.
# TYPE webrtc_resumes_total counter
webrtc_resumes_total{code="resumed"} 1
# HELP webrtc_turn_minted_total TURN credentials that were given, by provider.
# TYPE webrtc_turn_minted_total counter
webrtc_turn_minted_total{provider="coturn"} 1
# HELP webrtc_turn_failed_total Requests for TURN credentials that failed, by provider.
# TYPE webrtc_turn_failed_total counter
# HELP webrtc_turn_revoked_total TURN credentials that were revoked, by provider.
# TYPE webrtc_turn_revoked_total counter
# HELP webrtc_turn_revoke_failed_total TURN credentials that could not be revoked, by provider.
# TYPE webrtc_turn_revoke_failed_total counter
`,
  );
});

Deno.test("Tally writes nothing but lines of Prometheus' text format, each name typed before it is used", () => {
  const tally = new Tally();
  for (const kind of KINDS) {
    for (let code = 0; code < 9; code++) tally.add(kind, code);
  }
  const typed = new Set<string>();
  for (
    const line of tally.text({ rooms: 1, peers: 0 }).split("\n").slice(0, -1)
  ) {
    assertMatch(
      line,
      /^(# HELP [a-z_]+ .+|# TYPE [a-z_]+ (gauge|counter)|[a-z_]+(\{(code|provider)="[^"\\]+"\})? \d+)$/,
    );
    const [, type] = /^# TYPE (\S+)/.exec(line) ?? [];
    if (type) typed.add(type);
    const [, name] = /^([a-z_]+)[{ ]/.exec(line) ?? [];
    if (name) assertEquals(typed.has(name), true, line);
  }
  assertEquals(typed.size, KINDS.length + 2);
});

Deno.test("Tally escapes the name of a provider, which anybody may have written", () => {
  const tally = new Tally();
  tally.add("turn_failed", 'a "b" \\ c\nd');
  assertStringIncludes(
    tally.text({}),
    'webrtc_turn_failed_total{provider="a \\"b\\" \\\\ c\\nd"} 1\n',
  );
});
