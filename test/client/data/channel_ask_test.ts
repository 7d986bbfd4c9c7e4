import { assertEquals } from "@std/assert";
import { readChannelAsk } from "../../../client/data/channel_ask.ts";

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

Deno.test("readChannelAsk gives known fields alone when it reads an asking", () => {
  const asked = readChannelAsk(
    bytesOf(
      '{"name":"__proto__","ask":7,"ordered":false,"maxRetransmits":2,"maxPacketLifeTime":null,"priority":"high","more":1,"__proto__":{"x":1}}',
    ),
  );
  assertEquals(asked, {
    name: "__proto__",
    ask: 7,
    settings: {
      ordered: false,
      maxRetransmits: 2,
      maxPacketLifeTime: null,
      priority: "high",
    },
  });
});

Deno.test("readChannelAsk reads the end of an asking when there is no more than name and number", () => {
  const { name, ask } = readChannelAsk(bytesOf('{"name":"x","ask":0}')) ?? {};
  assertEquals([name, ask], ["x", 0]);
});

for (
  const text of [
    "",
    "{",
    "null",
    "7",
    "[]",
    '{"ask":1}',
    '{"name":"x"}',
    '{"name":1,"ask":1}',
    '{"name":"","ask":1}',
    `{"name":"${"x".repeat(129)}","ask":1}`,
    '{"name":"x","ask":-1}',
    '{"name":"x","ask":1.5}',
    '{"name":"x","ask":1e300}',
    '{"name":"x","ask":"1"}',
    '{"name":"x","ask":1,"ordered":1}',
    '{"name":"x","ask":1,"maxRetransmits":65536}',
    '{"name":"x","ask":1,"maxRetransmits":1,"maxPacketLifeTime":1}',
    '{"name":"x","ask":1,"priority":{"toString":1}}',
    '{"name":"x","ask":1,"maxRetransmits":{"toString":1}}',
    "\u0000\uffff",
  ]
) {
  Deno.test(`readChannelAsk gives nothing when it reads ${JSON.stringify(text).slice(0, 60)}`, () => {
    assertEquals(readChannelAsk(bytesOf(text)), undefined);
  });
}
