import { assertEquals } from "@std/assert";
import { type IceUrl, readIceUrl } from "../../../client/diagnose/ice_url.ts";

const CASES: readonly (readonly [
  url: string,
  expected:
    | readonly [IceUrl["kind"], IceUrl["transport"], host: string, string]
    | undefined,
])[] = [
  ["stun:example.com", ["stun", "udp", "example.com", "example.com"]],
  ["stun:192.0.2.1:53", ["stun", "udp", "192.0.2.1", "192.0.2.1:53"]],
  ["STUN:a:1", ["stun", "udp", "a", "a:1"]],
  ["stuns:a:5349", ["stun", "tls", "a", "a:5349"]],
  ["turn:a", ["turn", "udp", "a", "a"]],
  ["turn:a:3478?transport=udp", ["turn", "udp", "a", "a:3478"]],
  ["turn:a:3478?transport=TCP", ["turn", "tcp", "a", "a:3478"]],
  ["turns:a:443?transport=tcp", ["turn", "tls", "a", "a:443"]],
  ["turns:a", ["turn", "tls", "a", "a"]],
  ["turn:[2001:db8::1]:3478", [
    "turn",
    "udp",
    "[2001:db8::1]",
    "[2001:db8::1]:3478",
  ]],
  ["stun://a", undefined],
  ["turn:a?transport=sctp", undefined],
  ["turn:", undefined],
  ["http://a", undefined],
  ["", undefined],
];

for (const [url, expected] of CASES) {
  Deno.test(`readIceUrl reads ${expected ? "" : "nothing of "}"${url}"`, () => {
    const read = readIceUrl(url);
    assertEquals(
      read && [read.kind, read.transport, read.host, read.authority],
      expected && [...expected],
    );
  });
}
