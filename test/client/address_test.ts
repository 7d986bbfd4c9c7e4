import { assertEquals, assertThrows } from "@std/assert";
import { readAddress } from "../../client/address.ts";

const PAGE = { protocol: "http:", host: "box.lan:8000" };
const SECURE_PAGE = { protocol: "https:", host: "box.lan:8000" };

const CASES: readonly (readonly [
  host: string,
  page: typeof PAGE | undefined,
  url: string,
])[] = [
  ["example.com", undefined, "wss://example.com"],
  ["example.com:8443", undefined, "wss://example.com:8443"],
  ["example.com/webrtc/", undefined, "wss://example.com/webrtc"],
  ["localhost", undefined, "ws://localhost"],
  ["localhost:8000", undefined, "ws://localhost:8000"],
  ["127.0.0.1:8000", undefined, "ws://127.0.0.1:8000"],
  ["127.9.9.9", undefined, "ws://127.9.9.9"],
  ["[::1]:8000", undefined, "ws://[::1]:8000"],
  ["10.1.2.3", undefined, "ws://10.1.2.3"],
  ["192.168.0.1:80", undefined, "ws://192.168.0.1:80"],
  ["172.16.0.1", undefined, "ws://172.16.0.1"],
  ["172.31.0.1", undefined, "ws://172.31.0.1"],
  ["172.32.0.1", undefined, "wss://172.32.0.1"],
  ["10.example.com", undefined, "wss://10.example.com"],
  ["localhost.example.com", undefined, "wss://localhost.example.com"],
  ["http://example.com", undefined, "ws://example.com"],
  ["ws://example.com/", undefined, "ws://example.com"],
  ["https://localhost:8000", undefined, "wss://localhost:8000"],
  ["wss://10.0.0.1", undefined, "wss://10.0.0.1"],
  ["box.lan:8000", PAGE, "ws://box.lan:8000"],
  ["box.lan:8000", SECURE_PAGE, "wss://box.lan:8000"],
  ["10.0.0.1", { protocol: "https:", host: "10.0.0.1" }, "wss://10.0.0.1"],
  ["10.0.0.1", { protocol: "http:", host: "10.0.0.1" }, "ws://10.0.0.1"],
  ["localhost:8000", { protocol: "file:", host: "" }, "ws://localhost:8000"],
  ["box.lan:9000", PAGE, "wss://box.lan:9000"],
];

for (const [host, page, url] of CASES) {
  Deno.test(`readAddress reads ${url} when the host is ${host} on ${page?.protocol ?? "no"} page`, () => {
    assertEquals(readAddress(host, page), url);
  });
}

for (
  const host of ["", "/", "http://", "ftp://example.com", "javascript://x"]
) {
  Deno.test(`readAddress throws when the host is "${host}"`, () => {
    assertThrows(() => readAddress(host), TypeError, '"host" must');
  });
}
