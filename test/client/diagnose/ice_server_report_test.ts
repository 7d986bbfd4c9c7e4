import { assertEquals } from "@std/assert";
import {
  type Candidate,
  readCandidate,
} from "../../../client/diagnose/candidate.ts";
import type { Gathered } from "../../../client/diagnose/gather.ts";
import {
  type IceServerOutcome,
  reportIceServer,
} from "../../../client/diagnose/ice_server_report.ts";

function candidates(...lines: string[]): Candidate[] {
  return lines.flatMap((line) => readCandidate(line) ?? []);
}

const HIDDEN_HOST = "candidate:1 1 udp 2113937151 a.local 4000 typ host";
const OPEN_HOST = "candidate:1 1 udp 2113937151 203.0.113.9 4000 typ host";
const TCP_HOST = "candidate:1 1 tcp 2113937151 203.0.113.9 9 typ host";
const SRFLX =
  "candidate:2 1 udp 1677729535 203.0.113.7 5000 typ srflx raddr 0.0.0.0 rport 0";
const RELAY =
  "candidate:3 1 udp 50339839 198.51.100.1 6000 typ relay raddr 0.0.0.0 rport 0";

const CASES: readonly (readonly [
  when: string,
  url: string,
  lines: readonly string[],
  codes: readonly number[],
  complete: boolean,
  outcome: IceServerOutcome,
  address: string | null,
  errorCode: number | null,
])[] = [
  // deno-fmt-ignore
  ["STUN tells an address", "stun:a", [HIDDEN_HOST, SRFLX], [], false, "works", "203.0.113.7:5000", null],
  // deno-fmt-ignore
  ["another family is out of reach", "stun:a", [SRFLX], [701], true, "works", "203.0.113.7:5000", null],
  // deno-fmt-ignore
  ["STUN tells what is known", "stun:a", [OPEN_HOST], [], true, "works", "203.0.113.9:4000", null],
  // deno-fmt-ignore
  ["the browser hides what is known", "stun:a", [HIDDEN_HOST], [], true, "no-answer", null, null],
  // deno-fmt-ignore
  ["only TCP is known", "stun:a", [TCP_HOST], [], true, "no-answer", null, null],
  // deno-fmt-ignore
  ["STUN does not answer in time", "stun:a", [OPEN_HOST], [], false, "no-answer", null, null],
  // deno-fmt-ignore
  ["STUN does not answer", "stun:a", [OPEN_HOST], [701], true, "no-answer", null, 701],
  // deno-fmt-ignore
  ["TURN relays", "turn:a", [RELAY], [], false, "works", "198.51.100.1:6000", null],
  // deno-fmt-ignore
  ["TURN is only good for STUN", "turn:a", [SRFLX, OPEN_HOST], [], true, "no-answer", null, null],
  // deno-fmt-ignore
  ["TURN says 401", "turn:a", [], [401], true, "credential-rejected", null, 401],
  // deno-fmt-ignore
  ["TURN says 403", "turn:a", [], [403], true, "credential-rejected", null, 403],
  // deno-fmt-ignore
  ["TURN says 438", "turn:a", [], [438], true, "credential-rejected", null, 438],
  // deno-fmt-ignore
  ["TURN says 441", "turn:a", [], [441], true, "credential-rejected", null, 441],
  // deno-fmt-ignore
  ["TURN says 486", "turn:a", [], [486], true, "quota-reached", null, 486],
  // deno-fmt-ignore
  ["TURN says 508", "turn:a", [], [508], true, "quota-reached", null, 508],
  // deno-fmt-ignore
  ["TURN says 500", "turn:a", [], [500], true, "refused", null, 500],
  // deno-fmt-ignore
  ["one family says no and one nothing", "turn:a", [], [701, 401], true, "credential-rejected", null, 401],
  // deno-fmt-ignore
  ["no error is told", "turn:a?transport=tcp", [], [], true, "no-answer", null, null],
];

for (const each of CASES) {
  const [when, url, lines, codes, complete, outcome, address, code] = each;
  Deno.test(`reportIceServer says ${outcome} when ${when}`, () => {
    const gathered: Gathered = {
      candidates: candidates(...lines),
      errors: codes.map((code) => ({ code, text: "" })),
      complete,
      ms: 12.4,
    };
    assertEquals(reportIceServer(url, gathered), {
      url,
      kind: url.startsWith("stun") ? "stun" : "turn",
      transport: url.endsWith("tcp") ? "tcp" : "udp",
      outcome,
      ms: outcome === "works" ? 12 : null,
      address,
      errorCode: code,
      errorText: null,
    });
  });
}

Deno.test("reportIceServer says what the browser says of a wrong address", () => {
  assertEquals(reportIceServer("http://a", new Error("no such scheme")), {
    url: "http://a",
    kind: "stun",
    transport: "udp",
    outcome: "invalid",
    ms: null,
    address: null,
    errorCode: null,
    errorText: "no such scheme",
  });
});

Deno.test("reportIceServer passes on what a server says", () => {
  const errors = [{ code: 401, text: "Unauthorized." }];
  const { errorText } = reportIceServer("turn:a", {
    candidates: [],
    errors,
    complete: true,
    ms: 1,
  });
  assertEquals(errorText, "Unauthorized.");
});
