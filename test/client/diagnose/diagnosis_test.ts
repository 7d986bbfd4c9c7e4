import { assertEquals } from "@std/assert";
import { Diagnosis } from "../../../client/diagnose/diagnosis.ts";
import type { Findings } from "../../../client/diagnose/verdict.ts";

const SERVER = {
  ms: null,
  address: null,
  errorCode: null,
  errorText: null,
} as const;

const FINDINGS: Findings = {
  supported: true,
  signaling: {
    address: "wss://example.com",
    http: "open",
    code: null,
    webSocket: "open",
    roundTripMs: 12,
    version: 1,
    reason: null,
  },
  ice: {
    source: "server",
    turn: "ready",
    servers: [
      {
        ...SERVER,
        url: "stun:example.com",
        kind: "stun",
        transport: "udp",
        outcome: "works",
        ms: 8,
        address: "203.0.113.7:5000",
      },
      {
        ...SERVER,
        url: "turn:example.com?transport=tcp",
        kind: "turn",
        transport: "tcp",
        outcome: "credential-rejected",
        errorCode: 401,
        errorText: "Unauthorized.",
      },
    ],
  },
  nat: {
    udp: "open",
    mapping: "unknown",
    reason: "only one STUN server answered",
  },
};

Deno.test("Diagnosis prints the verdict first, columns under each other, and what to do last", () => {
  assertEquals(
    String(new Diagnosis(FINDINGS)),
    `\
turn-credential-rejected: The TURN credential is rejected: pairs with most peers, but with none behind a symmetric NAT or where UDP is blocked.

signaling wss://example.com
  HTTP        open
  WebSocket   open
  round trip  12 ms

ICE servers from the signaling server, which says that TURN is ready
  STUN  UDP  works                8 ms  stun:example.com                sees us at 203.0.113.7:5000
  TURN  TCP  credential-rejected  -     turn:example.com?transport=tcp  401 Unauthorized.

network
  UDP          open
  NAT mapping  unknown (only one STUN server answered)

What to do
  - Check user name and password of TURN, and the clock of who makes them: what has expired is rejected too.`,
  );
});

Deno.test("Diagnosis prints why signaling fails", () => {
  const text = String(
    new Diagnosis({
      ...FINDINGS,
      signaling: {
        ...FINDINGS.signaling,
        http: "refused",
        code: "room-full",
        webSocket: "untried",
        roundTripMs: null,
        reason: "The room is full (room-full)",
      },
      ice: { source: "nowhere", turn: null, servers: [] },
    }),
  );
  assertEquals(
    text.slice(text.indexOf("signaling wss"), text.indexOf("\n\nnetwork")),
    `\
signaling wss://example.com
  HTTP        refused (room-full)
  WebSocket   untried
  round trip  -
  because     The room is full (room-full)

ICE servers unknown`,
  );
});

Deno.test("Diagnosis is plain data", () => {
  const diagnosis = new Diagnosis(FINDINGS);
  assertEquals(
    JSON.parse(JSON.stringify(diagnosis)),
    { ...structuredClone(diagnosis) },
  );
  assertEquals(Object.keys(diagnosis), [
    "verdict",
    "summary",
    "advice",
    "supported",
    "signaling",
    "ice",
    "nat",
  ]);
});
