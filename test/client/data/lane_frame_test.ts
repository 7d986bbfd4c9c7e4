import { assertEquals } from "@std/assert";
import {
  ackFrame,
  greetFrame,
  type Greeting,
  readAck,
  readGreeting,
} from "../../../client/data/lane_frame.ts";

const GREETING: Greeting = {
  mine: 2n ** 64n - 1n,
  yours: 0n,
  received: 2 ** 53 - 1,
  maxMessageBytes: 65_536,
  name: new Uint8Array(),
};

Deno.test("readGreeting reads what greetFrame wrote", () => {
  assertEquals(readGreeting(greetFrame(GREETING)), GREETING);
});

Deno.test("readGreeting reads a name", () => {
  const greeting = { ...GREETING, name: Uint8Array.of(1, 2, 3) };
  assertEquals(readGreeting(greetFrame(greeting)), greeting);
});

Deno.test("readGreeting reads a frame in the middle of a buffer", () => {
  const buffer = new Uint8Array(64);
  buffer.set(greetFrame(GREETING), 7);
  assertEquals(readGreeting(buffer.subarray(7, 40)), GREETING);
});

const WRONG: Readonly<Record<string, Partial<Greeting>>> = {
  "the token is 0": { mine: 0n },
  "the count is negative": { received: -1 },
  "the count is a fraction": { received: 0.5 },
  "the count is NaN": { received: NaN },
  "the count is infinite": { received: Infinity },
  "the count is past 2^53": { received: 2 ** 53 },
  "it takes less than a frame": { maxMessageBytes: 65_535 },
  "it takes NaN bytes": { maxMessageBytes: NaN },
  "it takes a negative number of bytes": { maxMessageBytes: -1 },
};

for (const [when, fields] of Object.entries(WRONG)) {
  Deno.test(`readGreeting reads nothing when ${when}`, () => {
    const frame = greetFrame({ ...GREETING, ...fields });
    assertEquals(readGreeting(frame), undefined);
  });
}

for (const size of [0, 1, 32]) {
  Deno.test(`readGreeting reads nothing when the frame has ${size} bytes`, () => {
    const frame = new Uint8Array(size);
    frame.set(greetFrame(GREETING).subarray(0, size));
    assertEquals(readGreeting(frame), undefined);
  });
}

for (const received of [0, 1, 2 ** 53 - 1]) {
  Deno.test(`readAck reads ${received} when ackFrame wrote that`, () => {
    assertEquals(readAck(ackFrame(received)), received);
  });
}

for (const received of [-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53]) {
  Deno.test(`readAck reads nothing when the count is ${received}`, () => {
    assertEquals(readAck(ackFrame(received)), undefined);
  });
}

for (const size of [0, 1, 8, 10]) {
  Deno.test(`readAck reads nothing when the frame has ${size} bytes`, () => {
    assertEquals(readAck(new Uint8Array(size)), undefined);
  });
}
