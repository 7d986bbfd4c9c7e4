import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import {
  checkRoomKey,
  createRoomKey,
  roomKeyFromLink,
  roomLink,
} from "../../../client/trust/room_link.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 251);
const TEXT = Buffer.from(KEY).toString("base64url");

Deno.test("createRoomKey makes 32 bytes, other ones each time", () => {
  const one = createRoomKey();
  assertEquals(one.length, 32);
  assertNotEquals(createRoomKey(), one);
  // One of 2^256.
  assert(one.some((byte) => byte !== 0));
});

const LINKS: readonly (readonly [string, string])[] = [
  ["https://example.com", `https://example.com/#key=${TEXT}`],
  ["https://example.com/a?b=c", `https://example.com/a?b=c#key=${TEXT}`],
  ["https://example.com/#", `https://example.com/#key=${TEXT}`],
  ["https://example.com/#&&", `https://example.com/#key=${TEXT}`],
  ["https://example.com/#top", `https://example.com/#top&key=${TEXT}`],
  [
    "https://example.com/#a=1&b=%26%3D%20x",
    `https://example.com/#a=1&b=%26%3D%20x&key=${TEXT}`,
  ],
  ["https://example.com/#key=old", `https://example.com/#key=${TEXT}`],
  ["https://example.com/#key", `https://example.com/#key=${TEXT}`],
  [
    "https://example.com/#a=1&key=old&b=2&key%3Dolder&Key=oldest",
    `https://example.com/#a=1&b=2&key=${TEXT}`,
  ],
  [
    "https://example.com/#keyboard=x&monkey=y",
    `https://example.com/#keyboard=x&monkey=y&key=${TEXT}`,
  ],
  ["https://example.com/?key=q", `https://example.com/?key=q#key=${TEXT}`],
];

for (const [url, link] of LINKS) {
  Deno.test(`roomLink puts the key into the fragment when the URL is ${url}`, () => {
    assertEquals(roomLink(url, KEY), link);
    assertEquals(roomLink(new URL(url), KEY), link);
  });

  Deno.test(`roomKeyFromLink reads what roomLink wrote when the URL is ${url}`, () => {
    assertEquals(roomKeyFromLink(roomLink(url, KEY)), KEY);
    assertEquals(roomKeyFromLink(new URL(roomLink(url, KEY))), KEY);
  });
}

Deno.test("roomLink leaves a URL object as it is", () => {
  const url = new URL("https://example.com/#a");
  roomLink(url, KEY);
  assertEquals(url.href, "https://example.com/#a");
});

Deno.test("roomKeyFromLink reads any key that createRoomKey made", () => {
  for (let tries = 0; tries < 200; tries++) {
    const key = createRoomKey();
    assertEquals(roomKeyFromLink(roomLink("https://example.com", key)), key);
  }
});

Deno.test("roomKeyFromLink reads the key when its equals sign was encoded", () => {
  assertEquals(roomKeyFromLink(`https://example.com/#key%3D${TEXT}`), KEY);
  assertEquals(roomKeyFromLink(`https://example.com/#key%3d${TEXT}`), KEY);
});

for (
  const fragment of [
    "",
    "#",
    "#a=1",
    "#keyboard",
    "#monkey=1",
    `#a=key=${TEXT}`,
    `?key=${TEXT}`,
    `key=${TEXT}`,
  ]
) {
  Deno.test(`roomKeyFromLink is undefined when the link ends in "${fragment}"`, () => {
    assertEquals(roomKeyFromLink(`https://example.com/${fragment}`), undefined);
  });
}

for (
  const [what, fragment] of [
    ["no value", "key"],
    ["an empty value", "key="],
    ["an empty value among others", "a=1&key=&b=2"],
    ["a key cut off", `key=${TEXT.slice(0, 42)}`],
    ["a key of 31 bytes", `key=${Buffer.alloc(31).toString("base64url")}`],
    ["a key of 33 bytes", `key=${Buffer.alloc(33).toString("base64url")}`],
    ["a key with a full stop after it", `key=${TEXT}.`],
    ["a key with a space after it", `key=${TEXT}%20`],
    ["padding", `key=${TEXT}=`],
    ["characters of base64", `key=${TEXT.replace("_", "/")}`],
    ["bits to spare", `key=${TEXT.slice(0, 42)}B`],
    ["a name in capitals and nothing else", "KEY="],
    ["two keys", `key=${TEXT}&key=${TEXT}`],
    ["a second key that is damaged", `key=${TEXT}&key`],
  ] as const
) {
  Deno.test(`roomKeyFromLink throws when the fragment has ${what}`, () => {
    const { message } = assertThrows(
      () => roomKeyFromLink(`https://example.com/#${fragment}`),
      TypeError,
    );
    assertEquals(
      message,
      'Cannot read room key: "key" in the fragment must be 32 bytes, as 43 characters of base64url',
    );
  });
}

Deno.test("roomLink and roomKeyFromLink throw when the URL is relative", () => {
  assertThrows(() => roomLink("/lobby", KEY), TypeError);
  assertThrows(() => roomKeyFromLink("#key=x"), TypeError);
});

for (
  const [got, key] of [["string", TEXT], ["object", [...KEY]], [
    "undefined",
    undefined,
  ], ["object", KEY.buffer]] as const
) {
  Deno.test(`checkRoomKey throws a TypeError when the key is ${Deno.inspect(key).slice(0, 20)}`, () => {
    assertThrows(
      () => checkRoomKey("connect", "roomKey", key),
      TypeError,
      `Cannot connect: "roomKey" must be a Uint8Array, got ${got}`,
    );
  });
}

for (const length of [0, 16, 31, 33, 64]) {
  Deno.test(`checkRoomKey throws a RangeError when the key has ${length} bytes`, () => {
    assertThrows(
      () => checkRoomKey("connect", "roomKey", new Uint8Array(length)),
      RangeError,
      `Cannot connect: "roomKey" must be 32 bytes, got ${length}`,
    );
  });
}

Deno.test("roomLink throws when the key is none", () => {
  const { message } = assertThrows(
    () => roomLink("https://example.com", new Uint8Array(31)),
    RangeError,
  );
  assertStringIncludes(
    message,
    'Cannot make room link: "key" must be 32 bytes',
  );
});
