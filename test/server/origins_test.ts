import { assertEquals, assertThrows } from "@std/assert";
import { readOrigins } from "../../server/origins.ts";

const RULES: readonly (readonly [
  origins: readonly string[],
  allowed: readonly string[],
  refused: readonly string[],
])[] = [
  [[], [], ["https://example.com", "null", "", "*"]],
  [["*"], ["https://example.com", "http://[::1]:8000", "null", ""], []],
  [["https://example.com"], ["https://example.com"], [
    "http://example.com",
    "https://example.com:443",
    "https://example.com:8443",
    "https://example.com/",
    "https://example.com.evil.example",
    "https://example.com@evil.example",
    "https://evil.example/https://example.com",
    "https://www.example.com",
    "https://xample.com",
    "https://eexample.com",
    "https://example.co",
    "https://EXAMPLE.com",
    "HTTPS://example.com",
    " https://example.com",
    "https://example.com, https://example.com",
    "null",
    "*",
    "",
    "__proto__",
  ]],
  [["http://localhost:8000"], ["http://localhost:8000"], [
    "http://localhost",
    "http://localhost:80",
    "http://localhost:80001",
    "https://localhost:8000",
    "http://127.0.0.1:8000",
  ]],
  [["http://[::1]:8000", "http://127.0.0.1"], [
    "http://[::1]:8000",
    "http://127.0.0.1",
  ], ["http://[::1]", "http://127.0.0.2"]],
  [["https://xn--mnchen-3ya.de"], ["https://xn--mnchen-3ya.de"], [
    "https://münchen.de",
  ]],
  [["https://*.example.com"], [
    "https://a.example.com",
    "https://a.b.example.com",
    "https://a-b.example.com",
  ], [
    "https://example.com",
    "https://.example.com",
    "https://aexample.com",
    "https://*.example.org",
    "http://a.example.com",
    "https://a.example.com:8443",
    "https://a.example.com.evil.example",
    "https://a.example.comx",
    "https://evil.example",
    "https://",
    "https://.",
    ".example.com",
    "null",
    "",
  ]],
  [["http://*.localhost:8000"], ["http://a.localhost:8000"], [
    "http://a.localhost",
    "http://a.localhost:80",
    "http://localhost:8000",
    "https://a.localhost:8000",
  ]],
  [
    ["https://a.example", "https://*.b.example", "http://*.c.example"],
    ["https://a.example", "https://x.b.example", "http://x.c.example"],
    [
      "https://x.a.example",
      "https://b.example",
      "http://x.b.example",
      "https://x.c.example",
    ],
  ],
  [["https://a.example", "*"], ["https://a.example", "https://b.example"], []],
  [["https://a.example", "https://a.example"], ["https://a.example"], []],
];

for (const [origins, allowed, refused] of RULES) {
  const when = `the list is "${origins.join(",")}"`;
  for (const origin of allowed) {
    Deno.test(`readOrigins allows "${origin}" when ${when}`, () => {
      assertEquals(readOrigins(origins)(origin), true);
    });
  }
  for (const origin of refused) {
    Deno.test(`readOrigins refuses "${origin}" when ${when}`, () => {
      assertEquals(readOrigins(origins)(origin), false);
    });
  }
}

const NO_ORIGINS = [
  "",
  " ",
  "null",
  "example.com",
  "*.example.com",
  "//example.com",
  "https:",
  "https://",
  "https://*.",
  "https:example.com",
  "https:/example.com",
  "https://example.com/",
  "https://example.com/path",
  "https://example.com?query",
  "https://example.com#hash",
  "https://*.example.com/",
  "https://example.com:443",
  "http://example.com:80",
  "https://*.example.com:443",
  "https://example.com:65536",
  "https://example.com:x",
  "https://user@example.com",
  "https://Example.com",
  "HTTPS://example.com",
  "https://münchen.de",
  "https://exam ple.com",
  " https://example.com",
  "https://example.com\n",
  "https://127.1",
  "http://[::0:1]",
  "*://example.com",
  "*://*.example.com",
  "**",
  "*.*",
  "https://*",
  "https://*:8000",
  "https://*.*",
  "https://*.*.example.com",
  "https://a.*.example.com",
  "https://*.a.*.example.com",
  "https://*a.example.com",
  "https://a*.example.com",
  "https://*-a.example.com",
  "https://example.*",
  "https://example.com*",
  "https://*.example.com*",
  "https://example.com:*",
  "https://*.example.com:*",
  "https://*@example.com",
  "https://%2A.example.com",
  "http*://example.com",
  "file:///tmp",
  "data:text/html,x",
  "blob:https://example.com",
  "javascript:alert(1)",
];

for (const origin of NO_ORIGINS) {
  Deno.test(`readOrigins throws when the list holds ${JSON.stringify(origin)}`, () => {
    const message =
      `Cannot read origins: "${origin}" is none, such as https://example.com`;
    for (const origins of [[origin], ["*", origin], [origin, "*"]]) {
      assertThrows(() => readOrigins(origins), TypeError, message);
    }
  });
}
