import { assertEquals } from "@std/assert";
import {
  encodeNodeFrame,
  type NodeFrame,
  parseNodeFrame,
} from "../../../server/cluster/node_message.ts";

const FRAMES: readonly NodeFrame[] = [
  {
    from: "n",
    mark: undefined,
    message: { type: "beat", hello: true, sent: [], got: [] },
    payload: "",
  },
  {
    from: "n",
    mark: { epoch: 3, seq: 7 },
    message: { type: "signal", room: "main\0r", to: "__proto__", joinedAt: 1 },
    payload: '{"type":"signal","from":"a","data":"x"}',
  },
  {
    // The data of a hostile peer need not be JSON.
    from: "n",
    mark: { epoch: 3, seq: 8 },
    message: { type: "signal", room: "main\0r", to: "\n", joinedAt: 1 },
    payload: '{"type":"signal","from":"a","data":"\n\n"}\n',
  },
];

for (const [index, frame] of FRAMES.entries()) {
  Deno.test(`parseNodeFrame reads what encodeNodeFrame has written (${index})`, () => {
    assertEquals(parseNodeFrame(encodeNodeFrame(frame)), frame);
  });
}

const WRONG = [
  "",
  "\n",
  "null",
  "[]",
  "{}",
  "{",
  '{"version":1}',
  '{"version":1,"from":"n"}',
  '{"version":1,"from":"n","message":null}',
  '{"version":1,"from":"n","message":{"type":1}}',
  '{"version":1,"from":1,"message":{"type":"beat"}}',
  '{"version":2,"from":"n","message":{"type":"beat"}}',
];

for (const frame of WRONG) {
  Deno.test(`parseNodeFrame reads nothing in ${JSON.stringify(frame)}`, () => {
    assertEquals(parseNodeFrame(frame), undefined);
  });
}
