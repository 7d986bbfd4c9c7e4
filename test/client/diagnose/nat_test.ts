import { assertEquals } from "@std/assert";
import { readCandidate } from "../../../client/diagnose/candidate.ts";
import type { IceServerReport } from "../../../client/diagnose/ice_server_report.ts";
import {
  type Mapping,
  readMapping,
  readUdp,
  type Udp,
} from "../../../client/diagnose/nat.ts";
import { iceServerReport as server } from "../../support/ice_server_report.ts";

/** What Chromium 156 gathered, with two STUN servers, as long as a page has no permission to see addresses. */
const CHROMIUM_HOST =
  "candidate:1738983859 1 udp 2113937151 6696af74-eeb0-424f-88dc-846d4e090ae3.local 46011 typ host generation 0 ufrag Ie5E network-cost 999";
const CHROMIUM = [62198, 25202].map((port) =>
  `candidate:2591529783 1 udp 1677729535 198.18.7.1 ${port} typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag Ie5E network-cost 999`
);
/** The same of Firefox 153, which numbers its candidates. */
const FIREFOX_HOST =
  "candidate:0 1 UDP 2122252543 8459fa52-fde4-47f9-b554-e1d2c400a38a.local 33089 typ host";
const FIREFOX = [
  "candidate:1 1 UDP 1686052863 198.18.7.1 22212 typ srflx raddr 0.0.0.0 rport 0",
  "candidate:2 1 UDP 1686052607 198.18.7.1 41098 typ srflx raddr 0.0.0.0 rport 0",
];

function host(address: string, port = 4000): string {
  return `candidate:1 1 udp 2113937151 ${address} ${port} typ host`;
}

function srflx(mapped: string, port: number, base = "10.0.0.2 rport 4000") {
  return `candidate:2 1 udp 1677729535 ${mapped} ${port} typ srflx raddr ${base}`;
}

const TWO = ["192.0.2.1", "192.0.2.2"];
const ONE = ["192.0.2.1", "192.0.2.1"];

const CASES: readonly (readonly [
  when: string,
  lines: readonly string[],
  hosts: readonly string[],
  mapping: Mapping,
  failed?: "an error" | "no end",
])[] = [
  // deno-fmt-ignore
  ["Chromium has one candidate", [CHROMIUM_HOST, ...CHROMIUM.slice(1)], TWO, "endpoint-independent"],
  // deno-fmt-ignore
  ["Chromium has two", [CHROMIUM_HOST, ...CHROMIUM], TWO, "address-dependent"],
  // deno-fmt-ignore
  ["Firefox has one candidate", [FIREFOX_HOST, ...FIREFOX.slice(1)], TWO, "endpoint-independent"],
  // deno-fmt-ignore
  ["Firefox has two", [FIREFOX_HOST, ...FIREFOX], TWO, "address-dependent"],
  // deno-fmt-ignore
  ["two ports of one server see the same", [CHROMIUM_HOST, ...CHROMIUM.slice(1)], ONE, "unknown"],
  // deno-fmt-ignore
  ["two ports of one server see a difference", [CHROMIUM_HOST, ...CHROMIUM], ONE, "address-dependent"],
  // deno-fmt-ignore
  ["only one server was asked", [CHROMIUM_HOST, ...CHROMIUM.slice(1)], ["192.0.2.1"], "unknown"],
  // deno-fmt-ignore
  ["one of two fails", [CHROMIUM_HOST, ...CHROMIUM.slice(1)], TWO, "unknown", "an error"],
  // deno-fmt-ignore
  ["one of two is silent", [CHROMIUM_HOST, ...CHROMIUM.slice(1)], TWO, "unknown", "no end"],
  // deno-fmt-ignore
  ["one of three fails and two differ", [CHROMIUM_HOST, ...CHROMIUM], TWO, "address-dependent", "an error"],
  // deno-fmt-ignore
  ["the pool of a NAT gives two addresses", [srflx("203.0.113.1", 7), srflx("203.0.113.2", 7)], TWO, "address-dependent"],
  // deno-fmt-ignore
  ["two bases have a mapping each", [host("10.0.0.2"), host("10.1.0.2"), srflx("203.0.113.1", 7), srflx("203.0.113.1", 8, "10.1.0.2 rport 4000")], TWO, "endpoint-independent"],
  // deno-fmt-ignore
  ["two hidden interfaces have a mapping each", [FIREFOX_HOST, ...FIREFOX.slice(1), "candidate:5 1 UDP 1685987071 203.0.113.9 4 typ srflx raddr 0.0.0.0 rport 0"], TWO, "endpoint-independent"],
  // deno-fmt-ignore
  ["two hidden families have a mapping each", [CHROMIUM_HOST, ...CHROMIUM.slice(1), "candidate:5 1 udp 1677729535 2001:db8::1 4 typ srflx raddr :: rport 0"], TWO, "endpoint-independent"],
  // deno-fmt-ignore
  ["the address is the own one", [host("203.0.113.1"), srflx("203.0.113.1", 4000, "203.0.113.1 rport 4000")], ONE, "none"],
  // deno-fmt-ignore
  ["the own address is left out", [host("203.0.113.1")], ONE, "none"],
  // deno-fmt-ignore
  ["the own address is left out, and an answer is missing", [host("203.0.113.1")], ONE, "unknown", "no end"],
  // deno-fmt-ignore
  ["one network of two has a NAT", [host("203.0.113.1"), host("10.0.0.2"), srflx("203.0.113.7", 4000)], TWO, "endpoint-independent"],
  [
    "there are only TCP candidates",
    [
      "candidate:3 1 TCP 2105524479 203.0.113.1 9 typ host tcptype active",
      "candidate:4 1 TCP 2105524479 203.0.113.1 10 typ srflx raddr 0.0.0.0 rport 0",
      "candidate:4 1 TCP 2105524479 203.0.113.1 11 typ srflx raddr 0.0.0.0 rport 0",
    ],
    ONE,
    "unknown",
  ],
];

for (const [when, lines, hosts, mapping, failed] of CASES) {
  Deno.test(`readMapping says ${mapping} when ${when}`, () => {
    const read = readMapping({
      candidates: lines.flatMap((line) => readCandidate(line) ?? []),
      errors: failed === "an error" ? [{ code: 701, text: "" }] : [],
      complete: failed !== "no end",
      ms: 1,
    }, hosts);
    assertEquals(read.mapping, mapping);
    assertEquals(read.reason === null, mapping !== "unknown");
  });
}

const SILENT = server("turn:a", "no-answer");

const UDP_CASES: readonly (readonly [
  when: string,
  servers: readonly IceServerReport[],
  udp: Udp,
])[] = [
  ["there is no server", [], "unknown"],
  [
    "all are reached by TCP",
    [server("turn:a?transport=tcp", "works")],
    "unknown",
  ],
  ["one of two answers", [SILENT, server("turn:a", "works")], "open"],
  ["one says no", [SILENT, server("turn:a", "credential-rejected")], "open"],
  ["none answers", [SILENT, SILENT], "blocked"],
  [
    "only TCP answers",
    [SILENT, server("turn:a?transport=tcp", "works")],
    "blocked",
  ],
  ["no address is valid", [server("turn:a", "invalid")], "unknown"],
  [
    "no name is known",
    [server("turn:a", "no-answer", "STUN host lookup received error.")],
    "unknown",
  ],
];

for (const [when, servers, udp] of UDP_CASES) {
  Deno.test(`readUdp says ${udp} when ${when}`, () => {
    assertEquals(readUdp(servers), udp);
  });
}
