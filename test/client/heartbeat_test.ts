import {
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
} from "@std/assert";
import { Heartbeat } from "../../client/heartbeat.ts";
import { FakeTime } from "../support/fake_time.ts";

/** A heartbeat that writes down when it asked and when it gave the socket up. */
function setup() {
  const time = new FakeTime();
  const asked: number[] = [];
  const dead: number[] = [];
  const heartbeat = new Heartbeat({
    ping: () => asked.push(time.passed),
    onDead: () => dead.push(time.passed),
  });
  return {
    time,
    heartbeat,
    asked,
    dead,
    [Symbol.dispose]: () => time[Symbol.dispose](),
  };
}

Deno.test("Heartbeat does nothing when it was not started", () => {
  using test = setup();
  test.time.pass(100_000);
  assertEquals([test.asked, test.dead, test.time.timers], [[], [], 0]);
});

Deno.test("Heartbeat asks at once, then every eight seconds, when it is answered", () => {
  using test = setup();
  const { time, heartbeat, asked, dead } = test;
  heartbeat.start();
  assertEquals(asked, [0]);
  for (let beat = 0; beat < 4; beat++) {
    heartbeat.heard();
    time.pass(8_000);
  }
  assertEquals(asked, [0, 8_000, 16_000, 24_000, 32_000]);
  assertEquals(dead, []);
});

Deno.test("Heartbeat is as content when the answer comes before ping returns", () => {
  using time = new FakeTime();
  let dead = 0;
  const heartbeat: Heartbeat = new Heartbeat({
    ping: () => heartbeat.heard(),
    onDead: () => dead++,
  });
  heartbeat.start();
  time.pass(3_600_000);
  assertEquals(dead, 0);
});

for (
  const silentAt of [0, 1, 4_000, 7_999, 8_000, 8_001, 15_999, 16_000, 99_999]
) {
  Deno.test(`Heartbeat finds the socket dead within 16 seconds when the network swallows everything from ${silentAt} ms on`, () => {
    using time = new FakeTime();
    const dead: number[] = [];
    const heartbeat: Heartbeat = new Heartbeat({
      ping: () => {
        if (time.passed < silentAt) heartbeat.heard();
      },
      onDead: () => dead.push(time.passed),
    });
    heartbeat.start();
    time.pass(silentAt + 16_000);
    assertEquals(dead.length, 1);
    // It had its eight seconds to answer.
    for (const at of dead) assertGreaterOrEqual(at, silentAt + 8_000);
    assertEquals(time.timers, 0, "it goes on by itself");
    time.pass(100_000);
    assertEquals(dead.length, 1, "a socket dies once");
  });
}

for (const latencyMs of [0, 1, 4_000, 7_999]) {
  Deno.test(`Heartbeat never finds the socket dead when every answer takes ${latencyMs} ms`, () => {
    using test = setup();
    const { time, heartbeat, asked, dead } = test;
    heartbeat.start();
    for (let beat = 0; beat < 10; beat++) {
      time.pass(latencyMs);
      heartbeat.heard();
      time.pass(8_000 - latencyMs);
    }
    assertEquals(dead, []);
    assertEquals(asked.length, 11);
  });
}

Deno.test("Heartbeat finds the socket dead when the answer comes too late, though it had answered before", () => {
  using test = setup();
  const { time, heartbeat, dead } = test;
  heartbeat.start();
  heartbeat.heard();
  time.pass(16_000);
  heartbeat.heard();
  time.pass(100_000);
  assertEquals(dead, [16_000]);
});

Deno.test("Heartbeat asks again and gives two seconds when it is in a hurry", () => {
  using test = setup();
  const { time, heartbeat, asked, dead } = test;
  heartbeat.start();
  heartbeat.heard();
  time.pass(3_000);
  heartbeat.hurry();
  assertEquals(asked, [0, 3_000]);
  time.pass(1_999);
  assertEquals(dead, []);
  time.pass(1);
  assertEquals(dead, [5_000]);
  assertEquals(time.timers, 0);
});

Deno.test("Heartbeat goes back to eight seconds when it was answered in a hurry", () => {
  using test = setup();
  const { time, heartbeat, asked, dead } = test;
  heartbeat.hurry();
  time.pass(1_999);
  heartbeat.heard();
  time.pass(1);
  assertEquals(asked, [0, 2_000]);
  heartbeat.heard();
  time.pass(8_000);
  assertEquals(asked, [0, 2_000, 10_000]);
  assertEquals(dead, []);
});

Deno.test("Heartbeat does not take an old answer for a new one when it is in a hurry", () => {
  using test = setup();
  const { time, heartbeat, dead } = test;
  heartbeat.start();
  heartbeat.heard();
  heartbeat.hurry();
  time.pass(2_000);
  assertEquals(dead, [2_000]);
});

/** When it is hurried while its first question is open, when it has asked, and when that was in vain. */
const HURRIES: readonly (readonly [
  hurriedAt: readonly number[],
  askedAt: readonly number[],
  deadAt: number,
])[] = [
  [[0], [0, 0], 2_000],
  [[1_000], [0, 1_000], 3_000],
  [[5_999], [0, 5_999], 7_999],
  // The open question is due no later than another would be.
  [[6_000], [0], 8_000],
  [[6_001], [0], 8_000],
  [[7_999], [0], 8_000],
  // Whoever hurries it over and over postpones nothing.
  [[1_000, 1_000], [0, 1_000], 3_000],
  [[1_000, 2_000, 2_999], [0, 1_000], 3_000],
  [[3_000, 3_500, 4_000, 4_500, 4_999], [0, 3_000], 5_000],
];

for (const [hurriedAt, askedAt, deadAt] of HURRIES) {
  Deno.test(`Heartbeat finds a silent socket dead at ${deadAt} ms when it is in a hurry at ${hurriedAt.join(", ")} ms`, () => {
    using test = setup();
    const { time, heartbeat, asked, dead } = test;
    heartbeat.start();
    for (const at of hurriedAt) {
      time.pass(at - time.passed);
      heartbeat.hurry();
      assertEquals(time.timers, 1);
    }
    time.pass(deadAt - 1 - time.passed);
    assertEquals(dead, []);
    time.pass(1);
    assertEquals([asked, dead, time.timers], [askedAt, [deadAt], 0]);
  });
}

Deno.test("Heartbeat finds a silent socket dead after two seconds when it is hurried all the time", () => {
  using test = setup();
  const { time, heartbeat, asked, dead } = test;
  heartbeat.start();
  heartbeat.heard();
  time.pass(1_000);
  for (let index = 0; index < 100 && dead.length === 0; index++) {
    heartbeat.hurry();
    time.pass(50);
  }
  assertEquals([asked, dead], [[0, 1_000], [3_000]]);
});

Deno.test("Heartbeat asks at every hurry when it has been answered, though it is about to ask", () => {
  using test = setup();
  const { time, heartbeat, asked, dead } = test;
  heartbeat.start();
  heartbeat.heard();
  for (let index = 0; index < 3; index++) {
    time.pass(1_000);
    heartbeat.hurry();
    heartbeat.heard();
  }
  assertEquals(asked, [0, 1_000, 2_000, 3_000]);
  time.pass(1_999);
  heartbeat.hurry();
  assertEquals(asked.at(-1), 4_999);
  time.pass(2_000);
  assertEquals(dead, [6_999]);
});

Deno.test("Heartbeat finds the socket dead at once when it was not answered before a sleep", () => {
  using test = setup();
  const { time, heartbeat, dead } = test;
  heartbeat.start();
  time.turnClock(3_600_000);
  time.pass(8_000);
  assertEquals(dead, [8_000]);
});

Deno.test("Heartbeat asks in a hurry after a sleep, even when it had been answered", () => {
  using test = setup();
  const { time, heartbeat, asked, dead } = test;
  heartbeat.start();
  heartbeat.heard();
  time.turnClock(3_600_000);
  time.pass(10_000);
  assertEquals(asked, [0, 8_000]);
  assertEquals(dead, [10_000]);
});

Deno.test("Heartbeat lets a living socket live, and finds a dead one, when all its timers are late", () => {
  using time = new FakeTime();
  let alive = true;
  let asked = 0;
  let dead = 0;
  const heartbeat: Heartbeat = new Heartbeat({
    ping: () => {
      asked++;
      if (alive) heartbeat.heard();
    },
    onDead: () => dead++,
  });
  heartbeat.start();
  // A page in the background, whose timers run once a minute.
  for (let index = 0; index < 100; index++) {
    time.turnClock(60_000);
    time.pass(8_000);
  }
  assertEquals(dead, 0);
  assertGreaterOrEqual(asked, 100);
  alive = false;
  for (let index = 0; index < 3; index++) {
    time.turnClock(60_000);
    time.pass(8_000);
  }
  assertEquals([dead, time.timers], [1, 0]);
});

for (const answered of [true, false]) {
  Deno.test(`Heartbeat counts the socket as dead when it expires and was ${answered ? "" : "not "}answered`, () => {
    using test = setup();
    const { time, heartbeat, asked, dead } = test;
    heartbeat.start();
    if (answered) heartbeat.heard();
    time.pass(7_500);
    heartbeat.expire(1_000);
    assertEquals(time.timers, 1);
    time.pass(999);
    if (answered) heartbeat.heard();
    assertEquals(dead, []);
    time.pass(1);
    assertEquals([asked, dead, time.timers], [[0], [8_500], 0]);
  });
}

const ENDS:
  readonly (readonly [when: string, (heartbeat: Heartbeat) => void])[] = [
    ["it was started", (heartbeat) => heartbeat.start()],
    ["it was in a hurry", (heartbeat) => heartbeat.hurry()],
    ["it was about to expire", (heartbeat) => heartbeat.expire(1_000)],
    ["it was started twice", (heartbeat) => {
      heartbeat.start();
      heartbeat.start();
    }],
    ["it is stopped twice", (heartbeat) => {
      heartbeat.start();
      heartbeat.stop();
    }],
    ["something is heard afterwards", (heartbeat) => {
      heartbeat.start();
      heartbeat.stop();
      heartbeat.heard();
    }],
    ["it was never started", () => {}],
  ];

for (const [when, before] of ENDS) {
  Deno.test(`Heartbeat asks no more and finds nothing dead when it is stopped and ${when}`, () => {
    using test = setup();
    const { time, heartbeat, asked, dead } = test;
    before(heartbeat);
    const count = asked.length;
    heartbeat.stop();
    assertEquals(time.timers, 0);
    time.pass(100_000);
    assertEquals(asked.length, count);
    assertEquals(dead, []);
  });
}

Deno.test("Heartbeat beats once when it is started or hurried over and over", () => {
  using test = setup();
  const { time, heartbeat } = test;
  for (let index = 0; index < 9; index++) {
    heartbeat.start();
    heartbeat.hurry();
    assertLessOrEqual(time.timers, 1);
  }
});

Deno.test("Heartbeat can be started again when it was stopped, or found a socket dead", () => {
  using test = setup();
  const { time, heartbeat, asked, dead } = test;
  heartbeat.start();
  heartbeat.stop();
  time.pass(1_000);
  heartbeat.start();
  time.pass(8_000);
  assertEquals(dead, [9_000]);
  heartbeat.start();
  assertEquals(asked, [0, 1_000, 9_000]);
  heartbeat.heard();
  time.pass(8_000);
  assertEquals(dead, [9_000]);
  assertEquals(asked.at(-1), 17_000);
});

Deno.test("Heartbeat stays stopped when it is stopped by what it tells", () => {
  using time = new FakeTime();
  let dead = 0;
  const heartbeat: Heartbeat = new Heartbeat({
    ping: () => {},
    onDead: () => {
      dead++;
      heartbeat.stop();
    },
  });
  heartbeat.start();
  time.pass(100_000);
  assertEquals([dead, time.timers], [1, 0]);
});
