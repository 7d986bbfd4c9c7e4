import { assertEquals, assertStrictEquals } from "@std/assert";
import { sdpOf } from "../support/fake_peer_connection.ts";
import { offerOf, route, SERVERS, testBoth } from "../support/pair_tests.ts";
import { SupervisedPair } from "../support/supervised_pair.ts";

// --- packets stop

testBoth(
  (restart) => `${restart} when packets do not come back within 2 s`,
  async (test) => {
    await test.connect();
    test.fakes.last.become("disconnected");
    assertEquals(test.now, "disrupted: packets stopped");
    await test.time.flow(1_999);
    assertEquals(test.said, []);
    await test.time.flow(1);
    assertEquals(test.said, [`1 ${test.restart}`]);
    assertEquals(test.now, "restarting: packets did not come back");
  },
);

testBoth(
  (restart) => `${restart} at once when ICE fails`,
  async (test) => {
    await test.connect();
    test.fakes.last.become("failed");
    await test.time.flow(0);
    assertEquals(test.said, [`1 ${test.restart}`]);
    assertEquals(test.changes, ["restarting: ICE failed"]);
  },
);

testBoth(
  (restart) => `${restart} at once when packets stop and ICE fails`,
  async (test) => {
    await test.connect();
    test.fakes.last.become("disconnected");
    await test.time.flow(500);
    test.fakes.last.become("failed");
    await test.time.flow(0);
    assertEquals(test.said, [`1 ${test.restart}`]);
    await test.oblige();
    test.fakes.last.become("connected");
    test.forget();
    await test.time.flow(60_000);
    assertEquals([test.said, test.now], [[], "connected: packets flow"]);
  },
);

testBoth(
  () => "restarts nothing when packets come back in time",
  async (test) => {
    await test.connect();
    for (let index = 0; index < 5; index++) {
      test.fakes.last.become("disconnected");
      await test.time.flow(1_999);
      test.fakes.last.become("connected");
      await test.time.flow(1);
    }
    await test.time.flow(60_000);
    assertEquals([test.said, test.now], [[], "connected: packets flow"]);
  },
);

testBoth(
  () => "keeps connection, generation and channel when an ICE restart helps",
  async (test) => {
    await test.restarting();
    const { pc, channel } = test.pair;
    await test.oblige();
    test.fakes.last.become("connecting");
    assertEquals(test.changes, []);
    test.fakes.last.become("connected");
    assertEquals(test.changes, ["connected: packets flow"]);
    assertStrictEquals(test.pair.pc, pc);
    assertStrictEquals(test.pair.channel, channel);
    await test.time.flow(60_000);
    assertEquals([test.opened, test.closed, test.pair.generation], [[], [], 1]);
  },
);

// --- one restart is enough for both

testBoth(
  () =>
    "restarts nothing of its own when it hears a restart while packets have stopped",
  async (test) => {
    await test.connect();
    test.fakes.last.become("disconnected");
    await test.time.flow(1_000);
    if (test.restart === "restart") await test.offer();
    else await test.hear({ restart: true });
    assertEquals(test.now, "restarting: the other side restarted ICE");
    await test.time.flow(14_999);
    assertEquals(test.said, [
      test.restart === "restart" ? "1 answer" : "1 offer",
    ]);
  },
);

Deno.test("Pair offers one restart when it is asked for another before the answer", async () => {
  await using test = new SupervisedPair("impolite");
  await test.restarting();
  test.forget();
  await test.hear({ restart: true });
  await test.answer();
  await test.time.flow(1_000);
  assertEquals(test.said, []);
});

Deno.test("Pair offers one restart when it is asked for it more than once", async () => {
  await using test = new SupervisedPair("impolite");
  await test.connect();
  for (let index = 0; index < 3; index++) await test.hear({ restart: true });
  await test.answer();
  await test.time.flow(1_000);
  assertEquals(test.said, ["1 offer"]);
});

Deno.test("Pair offers a restart when the polite side asks, though it sees packets itself", async () => {
  await using test = new SupervisedPair("impolite");
  await test.connect();
  await test.hear({ restart: true });
  assertEquals([test.said, test.changes], [["1 offer"], []]);
});

// --- what a restart leads to

testBoth(
  (_, next) =>
    `${next} when an ICE restart was answered and brings nothing for 15 s`,
  async (test) => {
    await test.restarting();
    await test.oblige();
    test.forget();
    await test.time.flow(14_999);
    assertEquals([test.said, test.changes], [[], []]);
    await test.time.flow(1);
    assertEquals(test.said, [`2 ${test.next}`]);
    assertEquals(test.now, "connecting: the ICE restart brought nothing");
  },
);

testBoth(
  (_, next) =>
    `${next} when the other side's ICE restart brings nothing for 15 s`,
  async (test) => {
    await test.connect();
    test.fakes.last.become("disconnected");
    if (test.restart === "restart") await test.offer();
    else {
      await test.hear({ restart: true });
      await test.answer();
    }
    test.forget();
    await test.time.flow(14_999);
    assertEquals(test.said, []);
    await test.time.flow(1);
    assertEquals(test.said, [`2 ${test.next}`]);
  },
);

testBoth(
  (restart, next) =>
    `${restart} again every 15 s, and ${next} after 45 s, when nobody answers`,
  async (test) => {
    await test.restarting();
    const again = test.restart === "offer" ? "1 offer again" : "1 restart";
    for (const expected of [[again], [again], [`2 ${test.next}`]]) {
      await test.time.flow(14_999);
      assertEquals([test.said, test.pair.state], [[], "restarting"]);
      await test.time.flow(1);
      assertEquals(test.said, expected);
      test.forget();
    }
    assertEquals(test.now, "connecting: the ICE restart brought nothing");
  },
);

testBoth(
  (_, next) =>
    `${next} at once when an ICE restart was answered and ICE fails again`,
  async (test) => {
    await test.restarting();
    await test.oblige();
    test.fakes.last.become("connecting");
    await test.time.flow(5_000);
    test.forget();
    test.fakes.last.become("failed");
    await test.time.flow(0);
    assertEquals(test.said, [`2 ${test.next}`]);
    assertEquals(test.now, "connecting: the ICE restart brought nothing");
  },
);

testBoth(
  (restart) =>
    `waits, and ${restart} again as ever, when nobody has answered yet and ICE fails`,
  async (test) => {
    await test.restarting();
    await test.time.flow(10_000);
    test.fakes.last.become("failed");
    await test.time.flow(4_999);
    assertEquals([test.said, test.changes], [[], []]);
    await test.time.flow(1);
    assertEquals(test.said.length, 1);
    test.forget();
    await test.oblige();
    test.fakes.last.become("connected");
    assertEquals(test.changes, ["connected: packets flow"]);
  },
);

Deno.test("Pair waits for the answer when it restarts ICE for the other side and ICE fails meanwhile", async () => {
  await using test = new SupervisedPair("impolite");
  await test.connect();
  test.fakes.last.become("disconnected");
  await test.hear({ restart: true });
  test.fakes.last.become("failed");
  await test.time.flow(1_000);
  assertEquals(test.said, ["1 offer"]);
});

testBoth(
  () =>
    "waits for the other side when ICE fails after the restart and signals do not arrive",
  async (test) => {
    await test.restarting();
    await test.oblige();
    test.forget();
    test.silent = "signaling is down";
    test.fakes.last.become("failed");
    await test.time.flow(3_600_000);
    assertEquals([test.said, test.changes], [[], []]);
  },
);

testBoth(
  () =>
    "waits for the other side when its signals do not arrive while ICE restarts",
  async (test) => {
    await test.restarting();
    test.silent = "signaling of the peer is down";
    await test.time.flow(3_600_000);
    assertEquals([test.said, test.changes], [[], []]);
    // One that was answered, too.
    await test.oblige();
    test.forget();
    await test.time.flow(3_600_000);
    assertEquals([test.said, test.changes], [[], []]);
  },
);

testBoth(
  (restart) =>
    `gives what it has said all its time and then ${restart} again when signals arrive again`,
  async (test) => {
    await test.restarting();
    const again = test.restart === "offer" ? "1 offer again" : "1 restart";
    await test.time.flow(30_000);
    assertEquals(test.said, [again, again]);
    test.forget();
    test.silent = "signaling is down";
    await test.time.flow(14_000);
    test.silent = undefined;
    test.pair.reach();
    for (const expected of [[again], [again], [`2 ${test.next}`]]) {
      await test.time.flow(14_999);
      assertEquals(test.said, []);
      await test.time.flow(1);
      assertEquals(test.said, expected);
      test.forget();
    }
  },
);

testBoth(
  (_, next) =>
    `${next} 15 s after signals arrive again when its ICE restart was answered before`,
  async (test) => {
    await test.restarting();
    await test.oblige();
    test.forget();
    test.silent = "signaling is down";
    await test.time.flow(20_000);
    test.silent = undefined;
    test.pair.reach();
    await test.time.flow(14_999);
    assertEquals(test.said, []);
    await test.time.flow(1);
    assertEquals(test.said, [`2 ${test.next}`]);
  },
);

testBoth(
  (restart) =>
    `${restart} at once when signals arrive again and packets have stopped`,
  async (test) => {
    await test.connect();
    test.fakes.last.become("disconnected");
    await test.time.flow(100);
    test.pair.reach();
    await test.time.flow(0);
    assertEquals(test.said, [`1 ${test.restart}`]);
    assertEquals(test.now, "restarting: packets did not come back");
  },
);

for (const how of ["reach", "wake"] as const) {
  testBoth(
    (restart) =>
      `${restart} only when signals arrive again, and ${how}() says so, if they did not when patience was over`,
    async (test) => {
      await test.connect();
      test.fakes.last.become("disconnected");
      test.silent = "signaling of the peer is down";
      test.forget();
      await test.time.flow(1_999);
      assertEquals(test.changes, []);
      await test.time.flow(3_600_000);
      // ICE may give up, and the app hears of nothing but the reason.
      test.fakes.last.become("failed");
      await test.time.flow(3_600_000);
      assertEquals(test.said, []);
      assertEquals(test.now, "disrupted: signaling of the peer is down");
      test.silent = undefined;
      if (how === "reach") test.pair.reach();
      else test.pair.wake(false);
      await test.time.flow(0);
      assertEquals(test.said, [`1 ${test.restart}`]);
      assertEquals(test.pair.state, "restarting");
    },
  );
}

testBoth(
  (restart) =>
    `${restart} when signals arrive again and ICE had failed, without having been disconnected`,
  async (test) => {
    await test.connect();
    test.silent = "signaling is down";
    test.fakes.last.become("failed");
    await test.time.flow(60_000);
    assertEquals([test.said, test.now], [[], "disrupted: signaling is down"]);
    test.silent = undefined;
    test.pair.reach();
    await test.time.flow(0);
    assertEquals(test.said, [`1 ${test.restart}`]);
  },
);

for (const changed of [false, true]) {
  testBoth(
    () =>
      `restarts nothing when packets have stopped, signals do not arrive, wake(${changed}) is called`,
    async (test) => {
      await test.connect();
      test.silent = "signaling is down";
      test.fakes.last.become("disconnected");
      test.pair.wake(changed);
      await test.time.flow(60_000);
      assertEquals([test.said, test.now], [[], "disrupted: signaling is down"]);
    },
  );
}

testBoth(
  () => "restarts nothing when packets come back before its signals arrive",
  async (test) => {
    await test.connect();
    test.fakes.last.become("disconnected");
    test.silent = "signaling is down";
    await test.time.flow(60_000);
    test.fakes.last.become("connected");
    test.silent = undefined;
    test.pair.reach();
    await test.time.flow(60_000);
    assertEquals([test.said, test.now], [[], "connected: packets flow"]);
  },
);

// --- the page or the network is back

testBoth(
  (restart) => `${restart} and stays connected when the network may be another`,
  async (test) => {
    await test.connect();
    test.pair.wake(true);
    await test.time.flow(0);
    assertEquals([test.said, test.changes], [[`1 ${test.restart}`], []]);
    await test.oblige();
    test.forget();
    await test.time.flow(60_000);
    assertEquals([test.said, test.changes], [[], []]);
  },
);

testBoth(
  () => "lets a connected pair be when the page is back",
  async (test) => {
    await test.connect();
    test.pair.wake(false);
    await test.time.flow(60_000);
    assertEquals([test.said, test.changes], [[], []]);
  },
);

for (const changed of [false, true]) {
  testBoth(
    (restart) =>
      `${restart} at once when packets have stopped and wake(${changed}) is called`,
    async (test) => {
      await test.connect();
      test.fakes.last.become("disconnected");
      await test.time.flow(100);
      test.pair.wake(changed);
      await test.time.flow(0);
      assertEquals(test.said, [`1 ${test.restart}`]);
      assertEquals(
        test.now,
        `restarting: ${
          changed ? "the network is back" : "packets did not come back"
        }`,
      );
    },
  );

  testBoth(
    (restart) =>
      changed
        ? `${restart} once more, with all its time, when one was answered and wake(true) is called`
        : "has one restart's time once more, and not twice, when one was answered and wake(false) is called",
    async (test) => {
      await test.restarting();
      await test.oblige();
      test.forget();
      await test.time.flow(14_000);
      test.pair.wake(changed);
      await test.time.flow(0);
      assertEquals(test.said, changed ? [`1 ${test.restart}`] : []);
      if (changed) await test.oblige();
      test.forget();
      await test.time.flow(14_000);
      test.pair.wake(false);
      await test.time.flow(999);
      assertEquals(test.said, []);
      if (changed) return;
      await test.time.flow(1);
      assertEquals(test.said, [`2 ${test.next}`]);
    },
  );

  testBoth(
    (_, next) =>
      `${next} at once when it has failed and wake(${changed}) is called`,
    async (test) => {
      await test.connect();
      test.defaultChannel.end();
      assertEquals(test.now, "failed: the connection closed");
      test.pair.wake(changed);
      await test.time.flow(0);
      assertEquals(test.said, [`2 ${test.next}`]);
    },
  );
}

testBoth(
  (restart) =>
    `${restart} again at once when nobody has answered and the network is back`,
  async (test) => {
    await test.restarting();
    await test.time.flow(1_000);
    test.pair.wake(true);
    await test.time.flow(0);
    assertEquals(test.said, [
      test.restart === "offer" ? "1 offer again" : "1 restart",
    ]);
  },
);

Deno.test("Pair restarts ICE once more after the answer when an offer was on its way and the network is back", async () => {
  await using test = new SupervisedPair("impolite");
  await test.restarting();
  test.pair.wake(true);
  await test.time.flow(0);
  // Should it have got lost, this one will do.
  assertEquals(test.said, ["1 offer again"]);
  await test.answer();
  assertEquals(test.said, ["1 offer again", "1 offer"]);
});

Deno.test("Pair restarts ICE for the other side after the answer when it had offered something else", async () => {
  await using test = new SupervisedPair("impolite");
  await test.connect();
  test.fakes.last.onnegotiationneeded?.();
  await test.time.flow(0);
  await test.hear({ restart: true });
  assertEquals(test.said.length, 1);
  test.forget();
  const description = { type: "answer", sdp: sdpOf("remote1") } as const;
  await test.hear({ description, offer: 2 });
  assertEquals(test.said, ["1 offer"]);
});

Deno.test("Pair asks for an ICE restart again when the other side has offered something else", async () => {
  await using test = new SupervisedPair("polite");
  await test.restarting();
  const description = { type: "offer", sdp: sdpOf("remote1") } as const;
  await test.hear({ description, offer: 2 });
  test.forget();
  await test.time.flow(15_000);
  assertEquals(test.said, ["1 restart"]);
  assertEquals(test.pair.state, "restarting");
});

testBoth(
  () =>
    "makes an unanswered offer again when signals arrive again, though packets flow",
  async (test) => {
    await test.connect();
    test.fakes.last.onnegotiationneeded?.();
    await test.time.flow(0);
    test.forget();
    test.pair.reach();
    assertEquals(test.said, ["1 offer again"]);
  },
);

testBoth(
  (restart) => `${restart} without patience when a relayed pair stands still`,
  async (test) => {
    await test.connect();
    test.fakes.last.stats = route("relay");
    await test.time.flow(5_000);
    test.forget();
    test.fakes.last.become("disconnected");
    await test.time.flow(1);
    assertEquals(test.said, [`1 ${test.restart}`]);
  },
);

Deno.test("Pair makes few connections when the other side begins many generations, and goes on with the newest", async () => {
  await using test = new SupervisedPair("polite");
  for (let generation = 1; generation <= 100; generation++) {
    await test.offer(generation);
  }
  assertEquals(test.pair.generation, 4);
  await test.time.flow(300);
  assertEquals(test.pair.generation, 100);
  assertEquals([test.fakes.made.length, test.said.at(-1)], [5, "100 answer"]);
  // Ever more rarely: at most 5 s apart.
  for (let generation = 101; generation <= 400; generation++) {
    await test.offer(generation);
    await test.time.flow(100);
  }
  assertEquals(test.fakes.made.length <= 5 + 10, true);
  await test.flow();
  await test.time.flow(5_000);
  assertEquals(test.pair.generation, 400);
});

// --- other STUN and TURN servers

for (
  const [candidateType, restarts] of [["host", false], ["srflx", false], [
    "relay",
    true,
  ]] as const
) {
  testBoth(
    (restart) =>
      `${
        restarts ? restart : "restarts nothing"
      } when it gets other ICE servers, its path is ${candidateType}`,
    async (test) => {
      await test.negotiate();
      test.fakes.last.stats = route(candidateType);
      await test.flow();
      test.forget();
      test.pair.reconfigure(SERVERS);
      await test.time.flow(0);
      assertEquals(test.fakes.last.getConfiguration(), SERVERS);
      assertEquals(test.said, restarts ? [`1 ${test.restart}`] : []);
      assertEquals(test.changes, []);
    },
  );
}

testBoth(
  (restart) =>
    `${restart} when it gets other ICE servers and has not connected`,
  async (test) => {
    await test.negotiate();
    test.forget();
    test.pair.reconfigure(SERVERS);
    await test.time.flow(0);
    assertEquals(test.fakes.last.getConfiguration(), SERVERS);
    assertEquals([test.said, test.changes], [[`1 ${test.restart}`], []]);
  },
);

testBoth(
  () =>
    "says nothing when it gets other ICE servers and the app has closed its connection",
  async (test) => {
    await test.connect();
    test.fakes.last.stats = route("relay");
    await test.time.flow(5_000);
    test.forget();
    test.pair.pc?.close();
    test.pair.reconfigure(SERVERS);
    assertEquals(test.errors.splice(0).length, 1);
    assertEquals([test.said, test.changes], [[], []]);
  },
);

// --- lost signals

Deno.test("Pair makes its offer again when that may have got lost", async () => {
  await using test = new SupervisedPair("impolite");
  test.pair.dial();
  await test.time.flow(0);
  test.pair.repeat();
  assertEquals(test.said, ["1 offer", "1 offer again"]);
  await test.answer();
  test.pair.repeat();
  assertEquals(test.said, ["1 offer", "1 offer again"]);
});

Deno.test("Pair asks no more for a restart when it was obliged", async () => {
  await using test = new SupervisedPair("polite");
  await test.restarting();
  test.pair.repeat();
  assertEquals(test.said, ["1 restart"]);
  await test.oblige();
  test.pair.repeat();
  assertEquals(test.said, ["1 restart", "1 answer"]);
});

Deno.test("Pair answers again when it hears the same offer again", async () => {
  await using test = new SupervisedPair("polite");
  await test.hear(offerOf(1), 1);
  await test.hear(offerOf(1), 1);
  assertEquals(test.said, ["1 answer", "1 answer again"]);
});
