import { assertEquals } from "@std/assert";
import { clientAddress } from "../../server/client_address.ts";

const PROXY = "10.0.0.1";

/** Addresses as they may come, and the client that each counts as. */
const ADDRESSES: readonly (readonly [address: string, client: string])[] = [
  ["203.0.113.7", "203.0.113.7"],
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
  ["2001:DB8:1:2::A", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002:0000:0000:0000:0001", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:1::1", "2001:db8:0:0::/64"],
  ["2001:db8::1:0:0:0:1", "2001:db8:0:1::/64"],
  ["1:2:3:4:5:6:7::", "1:2:3:4::/64"],
  ["::2:3:4:5:6:7:8", "0:2:3:4::/64"],
  ["1::", "1:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["64:ff9b::203.0.113.7", "64:ff9b:0:0::/64"],
  ["1:2:3:4:5:6:203.0.113.7", "1:2:3:4::/64"],
  ["1:2:3::203.0.113.7", "1:2:3:0::/64"],
  ["::203.0.113.7", "0:0:0:0::/64"],
  ["::3:4:5:6:203.0.113.7", "0:0:3:4::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["fe80:2::5:6:7:8%eth0.1", "fe80:2:0:0::/64"],
  ["fe80::2%25eth0", "fe80:0:0:0::/64"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["::FFFF:203.0.113.7", "203.0.113.7"],
  // The same address in the forms of RFC 4291 §2.2: who has IPv4 is no part of one network.
  ["::ffff:cb00:7107", "203.0.113.7"],
  ["::FFFF:CB00:7107", "203.0.113.7"],
  ["0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7"],
  ["0:0:0:0:0:ffff:cb00:7107", "203.0.113.7"],
  ["0000:0000:0000:0000:0000:ffff:cb00:7107", "203.0.113.7"],
  ["0::ffff:203.0.113.7", "203.0.113.7"],
  ["::0:ffff:203.0.113.7", "203.0.113.7"],
  ["0:0::0:0:ffff:cb00:7107", "203.0.113.7"],
  ["::ffff:203.0.113.7%eth0", "203.0.113.7"],
  ["::ffff:cb00:7107%1", "203.0.113.7"],
  ["0:0:0:0:0:FFFF:203.0.113.7%eth0", "203.0.113.7"],
  ["::ffff:0:0", "0.0.0.0"],
  ["::ffff:0:1", "0.0.0.1"],
  ["::ffff:7f00:1", "127.0.0.1"],
  ["::ffff:ffff:ffff", "255.255.255.255"],
  // These only look like it.
  ["::ffff:1", "0:0:0:0::/64"],
  ["::fffe:203.0.113.7", "0:0:0:0::/64"],
  ["::ffff:0:203.0.113.7", "0:0:0:0::/64"],
  ["1::ffff:203.0.113.7", "1:0:0:0::/64"],
  ["::1:ffff:203.0.113.7", "0:0:0:0::/64"],
  // Their zone is no part of the network.
  ["2001:DB8:0001:2::1%eth0", "2001:db8:1:2::/64"],
  ["::1%lo", "0:0:0:0::/64"],
];

for (const [address, client] of ADDRESSES) {
  Deno.test(`clientAddress is ${client} when the other end is ${address}`, () => {
    assertEquals(clientAddress(address, null, 0), client);
  });

  for (const [how, entry] of forms(address)) {
    Deno.test(`clientAddress is ${client} when the proxy saw ${address}, ${how}`, () => {
      assertEquals(clientAddress(PROXY, entry, 1), client);
    });
  }
}

/** How proxies write an address. */
function forms(address: string): (readonly [how: string, entry: string])[] {
  const bracketed = `[${address}]`;
  return [
    ["as it is", address],
    ["with spaces around", ` \t${address} `],
    ["in brackets", bracketed],
    ["in brackets with a port", `${bracketed}:443`],
    ...(address.includes(":") ? [] : [
      ["with a port", `${address}:1`],
      ["with the largest port", `${address}:65535`],
    ] as const),
  ];
}

/** Entries that are no address: the proxy itself counts then. */
const GARBAGE = [
  "",
  " ",
  "unknown",
  "_hidden",
  "localhost",
  "client.example",
  "-",
  "null",
  "undefined",
  "203.0.113",
  "203.0.113.7.1",
  "203.0.113.256",
  "203.0.113.07",
  "203.0.113.7:",
  "203.0.113.7:x",
  "203.0.113.7:80:80",
  "203.0.113.7 203.0.113.8",
  "203.0.113.7/24",
  "3405803783",
  "0xcb007107",
  '"203.0.113.7"',
  "for=203.0.113.7",
  "[203.0.113.7",
  "203.0.113.7]",
  "[]",
  "[]:80",
  "[unknown]:80",
  "[[::1]]",
  "[::1]80",
  "[::1]:",
  "[::1]x",
  "x[::1]",
  "::1]:80",
  ":::1",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "g::1",
  "12345::1",
  "%eth0",
  "<script>",
  "203.0.113.7\0",
  "1".repeat(100_000),
  ":".repeat(100_000),
  "[".repeat(100_000),
];

for (const entry of GARBAGE) {
  Deno.test(`clientAddress is the proxy when it wrote ${JSON.stringify(entry.slice(0, 30))} of ${entry.length}`, () => {
    assertEquals(clientAddress(PROXY, entry, 1), PROXY);
    assertEquals(clientAddress(undefined, entry, 1), undefined);
    assertEquals(clientAddress(PROXY, `203.0.113.7, ${entry}`, 1), PROXY);
  });
}

const [A, B, C, D] = ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"] as const;

const HOPS: readonly (readonly [
  when: string,
  forwardedFor: string | null,
  hops: number,
  client: string,
])[] = [
  ["nobody wrote the header and no proxy is trusted", null, 0, PROXY],
  ["no proxy is trusted", `${A}, ${B}`, 0, PROXY],
  ["the header is empty and no proxy is trusted", "", 0, PROXY],
  ["one is trusted and wrote nothing", null, 1, PROXY],
  ["one is trusted and wrote an empty header", "", 1, PROXY],
  ["one is trusted", A, 1, A],
  ["one is trusted and the client made an entry up", `${A}, ${B}`, 1, B],
  [
    "one is trusted and the client made many up",
    `${`${A}, `.repeat(9_999)}${B}`,
    1,
    B,
  ],
  ["one is trusted and the client wrote garbage", `unknown,,[,${B}`, 1, B],
  [
    "one is trusted and an entry is missing at the end",
    `${A}, ${B},`,
    1,
    PROXY,
  ],
  ["two are trusted", `${A}, ${B}`, 2, A],
  ["two are trusted and there are no spaces", `${A},${B}`, 2, A],
  ["two are trusted and the client made an entry up", `${A}, ${B}, ${C}`, 2, B],
  ["two are trusted and one of them wrote", A, 2, A],
  [
    "two are trusted and the outer one saw no address",
    `${A}, unknown, ${C}`,
    2,
    PROXY,
  ],
  ["two are trusted and the outer entry is empty", `${A}, , ${C}`, 2, PROXY],
  ["two are trusted and none wrote", null, 2, PROXY],
  ["three are trusted", `${A}, ${B}, ${C}`, 3, A],
  [
    "three are trusted and the client made an entry up",
    `${A}, ${B}, ${C}, ${D}`,
    3,
    B,
  ],
  ["three are trusted and two of them wrote", `${A}, ${B}`, 3, A],
  ["three are trusted and one of them wrote", A, 3, A],
  [
    "the outermost saw IPv6",
    `${A}, [2001:db8::1]:80, ${C}`,
    2,
    "2001:db8:0:0::/64",
  ],
  ["the outermost saw a mapped address", `::ffff:${B}, ${C}`, 2, B],
];

for (const [when, forwardedFor, hops, client] of HOPS) {
  Deno.test(`clientAddress is ${client} when ${when}`, () => {
    assertEquals(clientAddress(PROXY, forwardedFor, hops), client);
  });
}

for (
  const [hops, forwardedFor, client] of [
    [0, null, undefined],
    [0, A, undefined],
    [1, null, undefined],
    [1, A, A],
    [3, `${A}, ${B}`, A],
  ] as const
) {
  Deno.test(`clientAddress is ${client} when the other end has no address, ${hops} are trusted and wrote ${forwardedFor}`, () => {
    assertEquals(clientAddress(undefined, forwardedFor, hops), client);
  });
}

Deno.test("clientAddress is what the other end is called when that is no address", () => {
  assertEquals(clientAddress("localhost", null, 0), "localhost");
});
