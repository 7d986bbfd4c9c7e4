import { assertEquals } from "@std/assert";
import {
  type Candidate,
  endpoint,
  readCandidate,
} from "../../../client/diagnose/candidate.ts";

const NAME = "57aaec8e-62f3-4d52-970d-cb9c162e550d.local";

/** As browsers wrote them. */
const CASES: readonly (readonly [
  what: string,
  line: string,
  Candidate | undefined,
])[] = [
  [
    "a hidden host of Chromium",
    `candidate:1496273129 1 udp 2113937151 ${NAME} 49174 typ host generation 0 ufrag UImf network-cost 999`,
    {
      type: "host",
      transport: "udp",
      priority: 2113937151,
      address: NAME,
      port: 49174,
      base: undefined,
    },
  ],
  [
    "a hidden base of Chromium",
    "candidate:2768110189 1 udp 1677729535 198.18.7.1 49174 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag UImf network-cost 999",
    {
      type: "srflx",
      transport: "udp",
      priority: 1677729535,
      address: "198.18.7.1",
      port: 49174,
      base: undefined,
    },
  ],
  [
    "a hidden base of Firefox",
    "candidate:2 1 UDP 1686052607 198.18.7.1 41098 typ srflx raddr 0.0.0.0 rport 0",
    {
      type: "srflx",
      transport: "udp",
      priority: 1686052607,
      address: "198.18.7.1",
      port: 41098,
      base: undefined,
    },
  ],
  [
    "an open base",
    "candidate:4114220484 1 udp 1677729535 198.18.7.1 57075 typ srflx raddr 192.168.77.2 rport 57075 generation 0 ufrag 9k2f",
    {
      type: "srflx",
      transport: "udp",
      priority: 1677729535,
      address: "198.18.7.1",
      port: 57075,
      base: "192.168.77.2:57075",
    },
  ],
  [
    "a hidden base of IPv6",
    "candidate:1 1 udp 1 2001:db8::1 7 typ srflx raddr :: rport 9",
    {
      type: "srflx",
      transport: "udp",
      priority: 1,
      address: "2001:db8::1",
      port: 7,
      base: undefined,
    },
  ],
  [
    "an open base of IPv6",
    "candidate:1 1 udp 1 2001:db8::1 7 typ srflx raddr fd00::2 rport 9",
    {
      type: "srflx",
      transport: "udp",
      priority: 1,
      address: "2001:db8::1",
      port: 7,
      base: "[fd00::2]:9",
    },
  ],
  [
    "TCP in capitals",
    `candidate:3 1 TCP 2105524479 ${NAME} 9 typ host tcptype active`,
    {
      type: "host",
      transport: "tcp",
      priority: 2105524479,
      address: NAME,
      port: 9,
      base: undefined,
    },
  ],
  ["the end of a generation", "", undefined],
  ["nonsense", "candidate:1 1 udp", undefined],
];

for (const [what, line, expected] of CASES) {
  Deno.test(`readCandidate reads ${what}`, () => {
    assertEquals(readCandidate(line), expected);
  });
}

Deno.test("endpoint puts IPv6 in brackets", () => {
  assertEquals(endpoint("192.0.2.1", 80), "192.0.2.1:80");
  assertEquals(endpoint("2001:db8::1", 80), "[2001:db8::1]:80");
});
