import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Outbox } from "../../client/outbox.ts";
import { LIMITS } from "../../protocol.ts";
import { RateLimit } from "../../server/rate_limit.ts";

function outboxWith(frames: number, limits = LIMITS): Outbox {
  const outbox = new Outbox();
  outbox.reset(limits, 0);
  for (let index = 0; index < frames; index++) outbox.push(String(index));
  return outbox;
}

Deno.test("Outbox gives frames in order, half a burst at once, the rest at four fifths of the rate", () => {
  const outbox = outboxWith(150);
  const first = outbox.take(0);
  assertEquals(
    first.frames,
    Array.from({ length: 100 }, (_, index) => String(index)),
  );
  assertEquals(first.againInMs, 25);
  assertEquals(outbox.take(25), { frames: ["100"], againInMs: 25 });
  assertEquals(outbox.take(1025).frames.length, 40);
});

Deno.test("Outbox says nothing of a next time when nothing waits", () => {
  assertEquals(outboxWith(1).take(0), { frames: ["0"], againInMs: undefined });
});

Deno.test("Outbox forgets what waited when it starts anew", () => {
  const outbox = outboxWith(5);
  outbox.reset(LIMITS, 0);
  assertEquals(outbox.take(0).frames, []);
});

Deno.test("Outbox drops the newest when too many wait", () => {
  const outbox = outboxWith(2048);
  assertEquals(outbox.push("one more"), false);
});

Deno.test("Outbox sends nothing before the first welcome", () => {
  const outbox = new Outbox();
  outbox.push("early");
  assertEquals(outbox.take(1e9).frames, []);
});

for (const heapMs of [1, 100, 1000, 3000]) {
  Deno.test(`Outbox stays below the limit of the server when what it sends arrives in heaps of ${heapMs} ms`, () => {
    const outbox = outboxWith(1000);
    const limit = new RateLimit(LIMITS.framesPerSecond, LIMITS.frameBurst, 0);
    let waiting = 0;
    let refused = 0;
    let sent = 0;
    for (let now = 0; sent < 1000; now++) {
      waiting += outbox.take(now).frames.length;
      if (now % heapMs !== 0) continue;
      sent += waiting;
      for (; waiting > 0; waiting--) if (!limit.take(now)) refused++;
      assertLessOrEqual(now, 60_000, "it came to a halt");
    }
    assertEquals(refused, 0);
  });
}
