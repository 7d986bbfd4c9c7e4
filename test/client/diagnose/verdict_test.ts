import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { TurnStatus } from "../../../protocol.ts";
import type { IceServerReport } from "../../../client/diagnose/ice_server_report.ts";
import type { Mapping, Udp } from "../../../client/diagnose/nat.ts";
import type { SignalingReport } from "../../../client/diagnose/probe_signaling.ts";
import {
  type Findings,
  judge,
  type Verdict,
} from "../../../client/diagnose/verdict.ts";
import { iceServerReport as server } from "../../support/ice_server_report.ts";

const SIGNALING: SignalingReport = {
  address: "wss://example.com",
  http: "open",
  code: null,
  webSocket: "open",
  roundTripMs: 12,
  version: 1,
  reason: null,
};

const STUN = server("stun:a", "works");
const NO_STUN = server("stun:a", "no-answer");
const UDP = "turn:a";
const TCP = "turn:a?transport=tcp";
const TLS = "turns:a";

function findings(
  servers: readonly IceServerReport[],
  udp: Udp = "open",
  mapping: Mapping = "endpoint-independent",
  turn: TurnStatus | null = "ready",
): Findings {
  return {
    supported: true,
    signaling: SIGNALING,
    ice: { source: "server", turn, servers },
    nat: { udp, mapping, reason: null },
  };
}

const ICE_CASES: readonly (readonly [
  when: string,
  Findings,
  Verdict,
  says: string,
])[] = [
  [
    "TURN works over UDP",
    findings([STUN, server(UDP, "works")]),
    "works",
    "Connects everywhere: directly",
  ],
  [
    "TURN works over TCP alone though UDP is open",
    findings([STUN, server(UDP, "no-answer"), server(TCP, "works")]),
    "works",
    "Connects everywhere",
  ],
  [
    "TURN works for a symmetric NAT",
    findings([STUN, server(UDP, "works")], "open", "address-dependent"),
    "works",
    "symmetric NAT",
  ],
  [
    "TURN works, and one credential of two does not",
    findings([STUN, server(UDP, "works"), server(TCP, "credential-rejected")]),
    "works",
    "Connects everywhere",
  ],
  [
    "TURN works over TCP, and UDP is blocked",
    findings(
      [NO_STUN, server(UDP, "no-answer"), server(TCP, "works")],
      "blocked",
      "unknown",
    ),
    "relay-only",
    "Works, but only over TURN (TCP)",
  ],
  [
    "TURN works over TCP and TLS, and UDP is blocked",
    findings(
      [
        server(TCP, "works"),
        server("turn:b?transport=tcp", "works"),
        server(TLS, "works"),
        NO_STUN,
      ],
      "blocked",
      "unknown",
    ),
    "relay-only",
    "(TCP and TLS)",
  ],
  [
    "TURN works over TCP, and nobody was asked over UDP",
    findings([server(TCP, "works")], "unknown", "unknown"),
    "works",
    "Connects everywhere",
  ],
  [
    "TURN rejects the credential",
    findings([STUN, server(UDP, "credential-rejected")]),
    "turn-credential-rejected",
    "none behind a symmetric NAT",
  ],
  [
    "TURN over TCP rejects the credential, and UDP is blocked",
    findings(
      [
        NO_STUN,
        server(UDP, "no-answer"),
        server(TCP, "credential-rejected"),
      ],
      "blocked",
      "unknown",
    ),
    "turn-credential-rejected",
    "same network alone",
  ],
  [
    "the quota of TURN is used up",
    findings([STUN, server(UDP, "quota-reached")]),
    "turn-quota-reached",
    "quota",
  ],
  [
    "TURN does not answer",
    findings([STUN, server(UDP, "no-answer")]),
    "turn-unreachable",
    "No TURN server works",
  ],
  [
    "TURN is invalid",
    findings([STUN, server(UDP, "invalid")]),
    "turn-unreachable",
    "No TURN server works",
  ],
  [
    "TURN is only there over UDP, and that is blocked",
    findings([NO_STUN, server(UDP, "no-answer")], "blocked", "unknown"),
    "turn-unreachable",
    "same network alone",
  ],
  [
    "the server could get no TURN credential",
    findings([STUN], "open", "unknown", "failed"),
    "turn-failed",
    "could get no TURN credential",
  ],
  [
    "the server said nothing about ICE servers",
    {
      ...findings([]),
      ice: { source: "nowhere", turn: null, servers: [] },
    },
    "ice-servers-unknown",
    "did not say",
  ],
  [
    "there are no ICE servers",
    findings([], "unknown", "unknown", "none"),
    "no-stun",
    "same network alone",
  ],
  [
    "UDP is blocked and there is no TURN",
    findings([NO_STUN], "blocked", "unknown", "none"),
    "udp-blocked",
    "UDP is blocked and no TURN is configured",
  ],
  [
    "the NAT is symmetric and there is no TURN",
    findings([STUN], "open", "address-dependent", "none"),
    "symmetric-nat",
    "Symmetric NAT and no TURN",
  ],
  [
    "there is no TURN",
    findings([STUN], "open", "endpoint-independent", "none"),
    "no-turn",
    "most peers",
  ],
  [
    "there is no TURN and no NAT",
    findings([STUN], "open", "none", "none"),
    "no-turn",
    "most peers",
  ],
];

for (const [when, found, verdict, says] of ICE_CASES) {
  Deno.test(`judge says ${verdict} when ${when}`, () => {
    const judged = judge(found);
    assertEquals(judged.verdict, verdict);
    assertStringIncludes(judged.summary, says);
  });
}

const NOTHING = findings([]);

const SIGNALING_CASES: readonly (readonly [
  when: string,
  Partial<SignalingReport>,
  Verdict,
  says: string,
])[] = [
  [
    "another version is spoken",
    { version: 2, reason: "the server speaks version 2, not 1" },
    "unsupported",
    "version 2",
  ],
  [
    "there is no token",
    { http: "token-failed", webSocket: "untried", reason: "no such user" },
    "token-failed",
    "no such user",
  ],
  [
    "the origin is refused",
    {
      http: "refused",
      code: "bad-origin",
      webSocket: "untried",
      reason: "not this origin (bad-origin)",
    },
    "signaling-refused",
    "not this origin",
  ],
  [
    "the path is wrong",
    { http: "not-found", webSocket: "untried", reason: "no signaling server" },
    "signaling-not-found",
    "no signaling server",
  ],
  [
    "nothing answers",
    { http: "unreachable", webSocket: "failed", reason: "nothing answers" },
    "signaling-unreachable",
    "nothing answers",
  ],
  [
    "the answer is late",
    { http: "timeout", webSocket: "failed", reason: "no answer" },
    "signaling-unreachable",
    "no answer",
  ],
  [
    "no WebSocket gets through",
    { webSocket: "failed", reason: "no WebSocket gets through" },
    "websocket-blocked",
    "breaks WebSockets",
  ],
];

for (const [when, signaling, verdict, says] of SIGNALING_CASES) {
  Deno.test(`judge says ${verdict} when ${when}, whatever TURN does`, () => {
    const works = findings([STUN, server(UDP, "works")]);
    for (const found of [NOTHING, works]) {
      const judged = judge({
        ...found,
        signaling: { ...SIGNALING, ...signaling },
      });
      assertEquals(judged.verdict, verdict);
      assertStringIncludes(judged.summary, says);
      assert(judged.advice.length > 0);
    }
  });
}

Deno.test("judge looks at ICE when the socket was not tried, or opens though HTTP does not answer", () => {
  const works = findings([STUN, server(UDP, "works")]);
  for (
    const signaling of [
      { webSocket: "untried", reason: "the token is for another room" },
      { http: "unreachable", reason: "nothing answers" },
    ] as const
  ) {
    assertEquals(
      judge({ ...works, signaling: { ...SIGNALING, ...signaling } }).verdict,
      "works",
    );
  }
});

Deno.test("judge says unsupported first of all", () => {
  const judged = judge({
    ...NOTHING,
    supported: false,
    signaling: { ...SIGNALING, http: "unreachable", webSocket: "failed" },
  });
  assertEquals(judged.verdict, "unsupported");
});

Deno.test("judge advises on what does not work, once, and not when all does", () => {
  const stun = server("stun:b", "no-answer");
  const advice = (...servers: IceServerReport[]) =>
    judge(findings([STUN, server(UDP, "works"), ...servers])).advice.length;
  assertEquals(advice(), 0);
  assertEquals(advice(stun, server(TCP, "no-answer")), 1);
  assertEquals(advice(stun, server(TCP, "credential-rejected")), 2);
});

Deno.test("judge advises another port of TURN when only UDP is tried, and that is blocked", () => {
  const [advice = ""] = judge(
    findings([NO_STUN, server(UDP, "no-answer")], "blocked", "unknown"),
  ).advice;
  assertStringIncludes(advice, "443");
});
