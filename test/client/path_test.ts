import { assertEquals } from "@std/assert";
import { readPath } from "../../client/path.ts";

type Stats = [string, unknown];

/** The statistics of a connection whose selected pair is of these candidates, as a browser gives them. */
function report(
  browser: "chromium" | "firefox",
  local: object,
  remote: object,
): Stats[] {
  const pair = {
    type: "candidate-pair",
    localCandidateId: "L",
    remoteCandidateId: "R",
    nominated: true,
    state: "succeeded",
  };
  return [
    ["other", { ...pair, localCandidateId: "?", nominated: false }],
    ["P", browser === "firefox" ? { ...pair, selected: true } : pair],
    ["L", { type: "local-candidate", ...local }],
    ["R", { type: "remote-candidate", ...remote }],
    ["T", {
      type: "transport",
      ...(browser === "chromium" && { selectedCandidatePairId: "P" }),
    }],
  ];
}

const of = (candidateType: string, relayProtocol?: string) => ({
  candidateType,
  relayProtocol,
});

const CASES = [
  [of("host"), of("host"), "host"],
  [of("host"), of("prflx"), "host"],
  [of("host"), of("srflx"), "srflx"],
  [of("srflx"), of("host"), "srflx"],
  [of("prflx"), of("host"), "srflx"],
  [of("prflx"), of("prflx"), "srflx"],
  [of("srflx"), of("srflx"), "srflx"],
  [of("relay", "udp"), of("srflx"), "relay-udp"],
  [of("relay", "tcp"), of("host"), "relay-tcp"],
  [of("relay", "tls"), of("relay"), "relay-tls"],
  [of("relay"), of("host"), "relay-udp"],
  [of("host"), of("relay"), "relay-udp"],
  [of("prflx"), of("relay"), "relay-udp"],
] as const;

for (const browser of ["chromium", "firefox"] as const) {
  for (const [local, remote, expected] of CASES) {
    Deno.test(`readPath is ${expected} when ${browser} selects ${JSON.stringify(local)} to ${remote.candidateType}`, () => {
      assertEquals(readPath(report(browser, local, remote)), expected);
    });
  }
}

for (
  const [what, stats] of [
    ["nothing", []],
    ["no pair yet", [["T", { type: "transport" }]]],
    ["a pair that is only tried", [["P", {
      type: "candidate-pair",
      state: "in-progress",
      nominated: true,
    }]]],
    ["a pair without its candidates", report("firefox", {}, {}).slice(0, 2)],
  ] as const
) {
  Deno.test(`readPath is undefined when there is ${what}`, () => {
    assertEquals(readPath(stats as Iterable<Stats>), undefined);
  });
}
