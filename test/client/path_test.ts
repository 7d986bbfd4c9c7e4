import { assertEquals } from "@std/assert";
import { type Path, type Reading, readRoute } from "../../client/path.ts";

type Stats = [string, unknown];

/** The statistics of a connection whose selected pair is of these candidates, as a browser gives them. */
function report(
  browser: "chromium" | "firefox",
  local: object,
  remote: object,
  more: object = {},
): Stats[] {
  const pair = {
    type: "candidate-pair",
    localCandidateId: "L",
    remoteCandidateId: "R",
    nominated: true,
    state: "succeeded",
    ...more,
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

/** A description with these candidates. */
function sdp(...candidates: readonly string[]): string {
  const lines = candidates.map((each, index) =>
    `a=candidate:${index} 1 udp ${2_000 - index} ${each} generation 0\r\n`
  );
  return ["v=0\r\na=ice-ufrag:u\r\n", ...lines].join("");
}

const HOST = "10.0.0.1 40000 typ host";
const HIDDEN = "7c3f3a52-0d4c-4d6e-9f7a-3f8d5d7c7a11.local 40000 typ host";
const MAPPED = "203.0.113.1 40000 typ srflx raddr 10.0.0.1 rport 40000";
const MAPPED_HIDDEN = "203.0.113.1 40000 typ srflx raddr 0.0.0.0 rport 0";
const MAPPED_V6 = "2001:db8::1 40000 typ srflx raddr fd00::1 rport 40000";
const OWN = "203.0.113.9 40000 typ srflx raddr 203.0.113.9 rport 40000";
const RELAY = "198.51.100.1 50000 typ relay raddr 203.0.113.1 rport 40000";

const of = (candidateType: string, relayProtocol?: string) => ({
  candidateType,
  relayProtocol,
});

type Candidate = ReturnType<typeof of>;

const CASES: readonly (readonly [Candidate, Candidate, Path])[] = [
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
  [of("relay", "tcp"), of("prflx"), "relay-tcp"],
  [of("relay"), of("host"), "relay-udp"],
  [of("relay", "sctp"), of("host"), "relay-udp"],
  [of("host"), of("relay"), "relay-udp"],
  [of("prflx"), of("relay"), "relay-udp"],
];

for (const browser of ["chromium", "firefox"] as const) {
  for (const [local, remote, path] of CASES) {
    Deno.test(`readRoute has the path ${path} when ${browser} selects ${JSON.stringify(local)} to ${remote.candidateType}`, () => {
      assertEquals(
        readRoute({
          report: report(browser, local, remote),
          local: sdp(HOST, MAPPED, RELAY),
          remote: sdp(HOST, MAPPED, RELAY),
        }),
        { path, relayed: local.candidateType === "relay", roundTripMs: null },
      );
    });
  }
}

/** Candidates of both sides, and what a remote `prflx` is then. */
const PEER_REFLEXIVE: readonly (readonly [
  local: readonly string[],
  remote: readonly string[],
  Path,
])[] = [
  // In one network nobody tells of a NAT, or both do.
  [[], [], "host"],
  [[HOST], [HOST], "host"],
  [[HIDDEN], [HIDDEN], "host"],
  [[HOST, MAPPED], [HOST, MAPPED], "host"],
  [[HIDDEN, MAPPED_HIDDEN], [HIDDEN, MAPPED_HIDDEN], "host"],
  // Without a NAT of our own, one of the other side tells.
  [[HOST], [HOST, MAPPED], "srflx"],
  [[HOST], [HIDDEN, MAPPED_HIDDEN], "srflx"],
  [[HOST], [HOST, MAPPED_V6], "srflx"],
  [[HOST], [HOST, MAPPED, RELAY], "srflx"],
  [[], [MAPPED], "srflx"],
  // Behind one, we are met as a host by our own network only.
  [[HOST, MAPPED], [HOST], "host"],
  [[HOST, MAPPED_V6], [HOST, MAPPED], "host"],
  // An address that is its own is behind no NAT.
  [[HOST], [HOST, OWN], "host"],
  [[HOST, OWN], [HOST, MAPPED], "srflx"],
  [[HOST], [HOST, OWN, MAPPED], "srflx"],
  // A relay is no NAT, whatever its server has seen.
  [[HOST], [HOST, RELAY], "host"],
  [[HOST, RELAY], [HOST, MAPPED], "srflx"],
];

for (const [local, remote, path] of PEER_REFLEXIVE) {
  Deno.test(`readRoute has the path ${path} when a prflx is selected of [${remote.join("; ")}], and ours are [${local.join("; ")}]`, () => {
    const stats = report("chromium", of("host"), of("prflx"));
    assertEquals(
      readRoute({ report: stats, local: sdp(...local), remote: sdp(...remote) })
        ?.path,
      path,
    );
  });
}

/** The address that is ours, the candidates of the other side, and what a remote `prflx` is then. */
const ADDRESSES: readonly (readonly [string, string, Path])[] = [
  // Chromium gathers no more once it is connected: a NAT may go untold.
  ["203.0.113.1", HOST, "srflx"],
  ["203.0.113.1", "192.168.1.2 40000 typ host", "srflx"],
  ["203.0.113.1", "172.16.0.1 40000 typ host", "srflx"],
  ["172.32.0.1", "172.31.0.1 40000 typ host", "srflx"],
  ["2001:db8::1", "fd00::1 40000 typ host", "srflx"],
  // In one network both are public, or both are not.
  ["203.0.113.1", "203.0.113.2 40000 typ host", "host"],
  ["10.0.0.2", HOST, "host"],
  ["172.20.0.2", "172.20.0.3 40000 typ host", "host"],
  ["fd00::2", "fd00::1 40000 typ host", "host"],
  // What is hidden tells nothing.
  ["203.0.113.1", HIDDEN, "host"],
  ["7c3f3a52-0d4c-4d6e-9f7a-3f8d5d7c7a11.local", HOST, "host"],
  ["", HOST, "host"],
];

for (const [address, other, path] of ADDRESSES) {
  Deno.test(`readRoute has the path ${path} when a prflx is selected from ${address || "a hidden address"} to somebody with ${other}`, () => {
    const local = { ...of("host"), address };
    const stats = report("chromium", local, of("prflx"));
    const reading = { report: stats, local: sdp(), remote: sdp(other) };
    assertEquals(readRoute(reading)?.path, path);
  });
}

const READING: Omit<Reading, "report"> = {
  local: undefined,
  remote: undefined,
};

Deno.test("readRoute takes a prflx for a host when there are no descriptions", () => {
  const stats = report("firefox", of("host"), of("prflx"));
  assertEquals(readRoute({ ...READING, report: stats })?.path, "host");
});

for (
  const [currentRoundTripTime, expected] of [
    [0.0625, 62.5],
    [0, 0],
    [undefined, null],
  ] as const
) {
  Deno.test(`readRoute has a round trip of ${expected} ms when the pair has ${currentRoundTripTime} s`, () => {
    const more = { currentRoundTripTime };
    const stats = report("chromium", of("host"), of("host"), more);
    assertEquals(
      readRoute({ ...READING, report: stats })?.roundTripMs,
      expected,
    );
  });
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
    ["a pair without the remote one", report("firefox", {}, {}).slice(0, 3)],
  ] as const
) {
  Deno.test(`readRoute is undefined when there is ${what}`, () => {
    assertEquals(
      readRoute({ ...READING, report: stats as Iterable<Stats> }),
      undefined,
    );
  });
}

Deno.test("readRoute takes the transport's word when more than one pair has succeeded", () => {
  const stats = report("chromium", of("srflx"), of("host"));
  const old = { ...stats[1]?.[1] as object, localCandidateId: "old" };
  stats.unshift(["old-pair", old], ["old", {
    type: "local-candidate",
    ...of("host"),
  }]);
  assertEquals(readRoute({ ...READING, report: stats })?.path, "srflx");
});
