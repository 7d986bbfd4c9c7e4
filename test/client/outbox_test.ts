import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Outbox } from "../../client/outbox.ts";
import { LIMITS, type SessionOrigin } from "../../protocol.ts";
import { RateLimit } from "../../server/rate_limit.ts";

function outboxWith(frames: number, limits = LIMITS): Outbox {
  const outbox = new Outbox();
  outbox.begin({ session: "new", seen: 0, limits }, 0);
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

/** An outbox with ten signals, of which five were written and two of them acknowledged. */
function halfway(): Outbox {
  const outbox = outboxWith(5);
  outbox.take(0);
  for (let index = 5; index < 10; index++) outbox.push(String(index));
  outbox.acknowledge(2);
  return outbox;
}

const BEGINNINGS: readonly (readonly [SessionOrigin, number, string])[] = [
  ["new", 0, ""],
  ["resumed", 0, "23456789"],
  ["resumed", 2, "23456789"],
  ["resumed", 4, "456789"],
  ["resumed", 5, "56789"],
  // No honest server has seen what was not written yet.
  ["resumed", 9, "56789"],
  // What was written went to another server, and may have arrived.
  ["restored", 0, "56789"],
];

for (const [session, seen, expected] of BEGINNINGS) {
  Deno.test(`Outbox sends "${expected}" when the session is ${session} and the server has seen ${seen}`, () => {
    const outbox = halfway();
    outbox.begin({ session, seen, limits: LIMITS }, 0);
    assertEquals(outbox.take(0).frames.join(""), expected);
  });
}

Deno.test("Outbox counts from the beginning when a session was restored", () => {
  const outbox = halfway();
  outbox.begin({ session: "restored", seen: 0, limits: LIMITS }, 0);
  outbox.take(0);
  outbox.begin({ session: "resumed", seen: 3, limits: LIMITS }, 0);
  assertEquals(outbox.take(0).frames.join(""), "89");
});

Deno.test("Outbox sends the last presence alone, before signals, and once", () => {
  const outbox = outboxWith(2);
  outbox.publish("p1");
  outbox.publish("p2");
  assertEquals(outbox.take(0).frames, ["p2", "0", "1"]);
  outbox.begin({ session: "resumed", seen: 0, limits: LIMITS }, 0);
  assertEquals(outbox.take(0).frames, ["0", "1"]);
});

Deno.test("Outbox holds a presence back when the rate does not allow it", () => {
  const outbox = outboxWith(100);
  outbox.take(0);
  outbox.publish("p");
  assertEquals(outbox.take(0), { frames: [], againInMs: 25 });
  assertEquals(outbox.take(25).frames, ["p"]);
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
