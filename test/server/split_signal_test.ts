import { assert, assertEquals } from "@std/assert";
import { parseClientMessage } from "../../protocol.ts";
import { splitSignal } from "../../server/split_signal.ts";

const DATA = [
  "",
  "x",
  '"',
  "\\",
  '\\"',
  '\\\\"',
  '"}',
  '","from":"somebody else',
  '{"type":"offer","sdp":"v=0\\r\\n"}',
  "\n\t\u0000\u2028😀\ud800",
  '"'.repeat(100),
  "\\".repeat(101),
];

for (const data of DATA) {
  Deno.test(`splitSignal gives back the literal when the data is ${JSON.stringify(data).slice(0, 40)}`, () => {
    const frame = JSON.stringify({ type: "signal", to: "b", data });
    assertEquals(splitSignal(frame), {
      to: "b",
      literal: JSON.stringify(data),
    });
  });
}

const LEFT_ALONE = [
  "",
  "{}",
  '{"type":"signal","to":"b"}',
  '{"type":"signal","to":"b","data":null}',
  '{"type":"signal","to":"b","data":1}',
  '{"type":"signal","to":"b","data":{"a":"x"}',
  '{"type":"signal","to":"b","data":"}',
  '{"type":"signal","to":"b","data":""',
  '{"type":"signal","to":"b","data":"x","more":"y"}',
  '{"type":"signal","to":"b","data":"x","from":"c"}',
  '{"type":"signal","to":"b","data":"x\\"}',
  '{"type":"signal","to":"b","data":"x\\\\\\"}',
  '{"type":"signal","to":"b","data":["x"}',
  '{"type":"signal","to":"b", "data":"x"}',
  '{"type":"signal","data":"x","to":"b"}',
  '{"to":"b","type":"signal","data":"x"}',
  '{"type":"signal","to":"\\u0062","data":"x"}',
  '{"type":"signal","to":"b\\","data":"x"}',
  '{"type":"signal","to":1,"data":"x"}',
  ' {"type":"signal","to":"b","data":"x"}',
  '{"type":"signal","to":"b","data":"x"} ',
  '{"type":"presence","presence":"x"}',
  '{"type":"signal","to":"',
  '{"type":"signal","to":"b","data":',
];

for (const frame of LEFT_ALONE) {
  Deno.test(`splitSignal leaves ${frame.slice(0, 60)} of ${frame.length} to the full parser`, () => {
    assertEquals(splitSignal(frame), undefined);
  });
}

Deno.test("splitSignal never lets through what would add a field, for a hundred thousand random frames", () => {
  // Fragments that mean something to JSON, put together by chance; seeded, so that a failure comes again.
  const fragments = [
    '"',
    "\\",
    '"}',
    '","data":"',
    '{"type":"signal","to":"',
    "b",
    "x",
    ",",
    ":",
    '"from":"c"',
    "\\u0022",
    "}",
  ];
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed % below;
  };
  let split = 0;
  for (let count = 0; count < 100_000; count++) {
    let data = "";
    for (let length = random(6); length > 0; length--) {
      data += fragments[random(fragments.length)];
    }
    const frame = `{"type":"signal","to":"b","data":"${data}"}`;
    const signal = splitSignal(frame);
    if (!signal) continue;
    split++;
    const relayed = `{"type":"signal","from":"a","data":${signal.literal}}`;
    let read: unknown;
    try {
      read = JSON.parse(relayed);
    } catch {
      // A bad escape: the receiver drops it.
      continue;
    }
    const parsed = parseClientMessage(frame);
    assert(parsed.ok && parsed.message.type === "signal", frame);
    assertEquals(read, {
      type: "signal",
      from: "a",
      data: parsed.message.data,
    });
  }
  assert(split > 1000, "most of it must get through to prove anything");
});
