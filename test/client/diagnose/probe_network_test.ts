import { assertEquals } from "@std/assert";
import type { IceServerReport } from "../../../client/diagnose/ice_server_report.ts";
import { comparable } from "../../../client/diagnose/probe_network.ts";
import { iceServerReport as server } from "../../support/ice_server_report.ts";

const CASES: readonly (readonly [
  what: string,
  reports: readonly IceServerReport[],
  urls: readonly string[],
])[] = [
  ["nothing of nothing", [], []],
  ["STUN before TURN", [server("turn:b:1"), server("stun:a")], [
    "stun:a",
    "stun:b:1",
  ]],
  ["each address once", [
    server("turn:a:1"),
    server("stun:a:1"),
    server("turn:a:1?transport=udp"),
  ], ["stun:a:1"]],
  ["other hosts before other ports", [
    server("stun:a:1"),
    server("stun:a:2"),
    server("stun:b:1"),
  ], ["stun:a:1", "stun:b:1", "stun:a:2"]],
  ["three at most", [
    server("stun:a"),
    server("stun:b"),
    server("stun:c"),
    server("stun:d"),
  ], ["stun:a", "stun:b", "stun:c"]],
  ["nothing that is reached otherwise", [
    server("turn:a?transport=tcp"),
    server("turns:a"),
    server("stuns:a"),
  ], []],
  ["TURN servers that say no", [
    server("turn:a", "credential-rejected"),
    server("turn:b", "quota-reached"),
    server("turn:c", "refused"),
  ], ["stun:a", "stun:b", "stun:c"]],
  ["nothing that does not answer", [
    server("stun:a", "no-answer"),
    server("turn:b", "no-answer"),
    server("turn:c", "invalid"),
    server("http://d", "invalid"),
  ], []],
];

for (const [what, reports, urls] of CASES) {
  Deno.test(`comparable takes ${what}`, () => {
    assertEquals(
      comparable(reports),
      urls.map((url) => ({ urls: url })),
    );
  });
}
