import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
} from "@std/assert";
import { FakeDataChannel, sdpOf } from "../support/fake_peer_connection.ts";
import { type Side, SupervisedPair } from "../support/supervised_pair.ts";

const SIDES: readonly Side[] = ["impolite", "polite"];

/** Statistics of a connection whose selected pair has a local candidate of this type. */
const route = (candidateType: string) => ({
  T: { type: "transport", selectedCandidatePairId: "P" },
  P: { type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" },
  L: { type: "local-candidate", candidateType, relayProtocol: "udp" },
  R: { type: "remote-candidate", candidateType: "host" },
});

/** A test of either role. */
function testBoth(
  name: (restart: string, next: string) => string,
  run: (test: SupervisedPair) => Promise<void>,
): void {
  for (const side of SIDES) {
    const [restart, next] = side === "polite"
      ? ["asks for an ICE restart", "asks for the next generation"]
      : ["offers an ICE restart", "offers the next generation"];
    Deno.test(`Pair ${name(restart, next)} and it is ${side}`, async () => {
      await using test = new SupervisedPair(side);
      await run(test);
    });
  }
}

// --- how a connection comes about

Deno.test("Pair does nothing when nobody has dialled", async () => {
  await using test = new SupervisedPair("impolite");
  test.pair.reach();
  test.pair.wake(true);
  test.pair.repeat();
  test.pair.reconfigure({});
  await test.time.flow(3_600_000);
  assertEquals([test.now, test.said, test.changes, test.fakes.made.length], [
    "new: not dialled",
    [],
    [],
    0,
  ]);
});

testBoth((_, next) => `${next} when it dials`, async (test) => {
  test.pair.dial();
  await test.time.flow(0);
  assertEquals(test.said, [`1 ${test.next}`]);
  assertEquals(test.changes, ["connecting: dialled"]);
});

Deno.test("Pair makes no connection when it is polite and dials, but when the offer comes", async () => {
  await using test = new SupervisedPair("polite");
  test.pair.dial();
  await test.time.flow(0);
  assertEquals([test.fakes.made.length, test.pair.generation], [0, 0]);
  await test.offer(1);
  assertEquals([test.fakes.made.length, test.pair.generation], [1, 1]);
  assertEquals(test.said, ["1 dial", "1 answer"]);
});

Deno.test("Pair offers the generation that it is asked for when it is impolite", async () => {
  await using test = new SupervisedPair("impolite");
  await test.hear({ dial: true }, 3);
  assertEquals(test.said, ["3 offer"]);
  // Asked twice, it need not offer twice.
  await test.hear({ dial: true }, 3);
  assertEquals([test.said, test.fakes.made.length], [["3 offer"], 1]);
});

for (const asked of [false, true]) {
  Deno.test(`Pair offers once when its connection was made ahead of time and it is impolite and ${asked ? "is asked" : "dials"}`, async () => {
    await using test = new SupervisedPair("impolite");
    test.peerConnections.warm();
    // The browser has told by now that there is something to negotiate.
    await test.time.flow(1_000);
    if (asked) await test.hear({ dial: true }, 1);
    else test.pair.dial();
    await test.time.flow(1_000);
    assertEquals([test.said, test.fakes.made.length], [["1 offer"], 1]);
  });
}

testBoth(() => "is connected when packets flow", async (test) => {
  await test.negotiate();
  const pc = test.fakes.last;
  pc.become("connecting");
  pc.become("connected");
  assertEquals(test.now, "connecting: dialled");
  assertEquals([test.pair.channel, test.pair.announced], [undefined, false]);
  test.defaultChannel.open();
  assertEquals(test.now, "connected: packets flow");
  assert(test.pair.channel && test.pair.announced);
  assertEquals(test.opened, ["webrtc"]);
});

testBoth(
  () => "is connected when its channel opens before the connection tells",
  async (test) => {
    await test.negotiate();
    test.fakes.last.become("connecting");
    test.defaultChannel.open();
    assertEquals(test.now, "connected: packets flow");
    test.forget();
    test.fakes.last.become("connected");
    assertEquals(test.changes, []);
  },
);

testBoth(
  () => "is connected for as long as packets flow",
  async (test) => {
    await test.connect();
    await test.time.flow(3_600_000);
    assertEquals([test.said, test.changes], [[], []]);
  },
);

testBoth(
  () => "tells when its path becomes known, and another",
  async (test) => {
    await test.connect();
    assertEquals(test.pair.route, undefined);
    for (
      const [candidateType, path] of [["host", "host"], [
        "relay",
        "relay-udp",
      ]] as const
    ) {
      test.fakes.last.stats = route(candidateType);
      test.forget();
      await test.time.flow(10_000);
      assertEquals(test.pair.route?.path, path);
      assertEquals(test.changes, ["connected: packets flow"]);
    }
    await test.negotiateAgain();
    assertEquals(test.pair.route, undefined);
  },
);

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

// --- failed attempts

testBoth(() => "fails when nobody answers for 15 s", async (test) => {
  test.pair.dial();
  await test.time.flow(14_999);
  assertEquals(test.pair.state, "connecting");
  await test.time.flow(1);
  assertEquals(test.now, "failed: no answer from the peer");
  assertEquals(test.fakes.open.length, 0);
});

testBoth(() => "tells why when no way was found for 15 s", async (test) => {
  await test.negotiate();
  test.fakes.last.become("connecting");
  await test.time.flow(14_999);
  assertEquals(test.pair.state, "connecting");
  await test.time.flow(1);
  assertEquals(test.now, "failed: no direct path and no TURN configured");
});

testBoth(() => "tells why at once when ICE finds no way", async (test) => {
  await test.negotiate();
  test.turn = "failed";
  test.fakes.last.become("failed");
  await test.time.flow(0);
  assertEquals(test.now, "failed: no TURN credential to be had");
});

testBoth(
  () => "tells what its TURN server said when ICE finds no way",
  async (test) => {
    await test.negotiate();
    const { last } = test.fakes;
    last.setConfiguration({ iceServers: [{ urls: "turn:t.example" }] });
    last.onicecandidateerror?.({ url: "turn:t.example", errorCode: 486 });
    last.become("failed");
    await test.time.flow(0);
    assertEquals(test.now, "failed: TURN quota reached");
  },
);

testBoth(
  () => "is connected when packets flow while it looks why they do not",
  async (test) => {
    await test.negotiate();
    test.forget();
    test.fakes.last.become("failed");
    test.fakes.last.become("connected");
    test.defaultChannel.open();
    await test.time.flow(0);
    assertEquals(test.changes, ["connected: packets flow"]);
  },
);

testBoth(
  () =>
    "breaks nothing when the next generation came while it looked why the last did not connect",
  async (test) => {
    await test.negotiate();
    test.fakes.last.become("failed");
    if (test.next === "dial") test.pair.receive(offerOf(2));
    else test.pair.receive({ to: 1, from: 2, generation: 2, dial: true });
    await test.time.flow(0);
    assertEquals([test.pair.state, test.pair.generation], ["connecting", 2]);
    assertEquals(test.fakes.open, [test.fakes.last]);
  },
);

testBoth(
  () => "has 15 s anew to connect when signals arrive again",
  async (test) => {
    test.pair.dial();
    await test.time.flow(14_000);
    test.pair.reach();
    await test.time.flow(14_999);
    assertEquals(test.pair.state, "connecting");
    await test.time.flow(1);
    assertEquals(test.pair.state, "failed");
  },
);

for (
  const [what, close] of [
    ["its channel closes", (test) => test.defaultChannel.end()],
    ["the app closes its channel", (test) => test.defaultChannel.close()],
    ["the browser closes the connection", (test) => {
      test.fakes.last.connectionState = "closed";
      test.fakes.last.onconnectionstatechange?.();
    }],
  ] as readonly (readonly [string, (test: SupervisedPair) => void])[]
) {
  testBoth((_, next) => `${next} after a moment when ${what}`, async (test) => {
    test.random = 0;
    await test.connect();
    close(test);
    assertEquals(test.now, "failed: the connection closed");
    assertEquals([test.closed, test.fakes.open.length], [["webrtc"], 0]);
    await test.time.flow(199);
    assertEquals(test.said, []);
    await test.time.flow(1);
    assertEquals(test.said, [`2 ${test.next}`]);
    assertEquals(test.now, "connecting: the connection closed");
  });
}

testBoth(
  (_, next) => `fails and then ${next} when the browser makes no connection`,
  async (test) => {
    test.random = 0;
    const { peerConnections } = test;
    const take = peerConnections.take;
    const error = new Error("There are too many");
    peerConnections.take = () => {
      throw error;
    };
    if (test.next === "dial") await test.offer(1);
    else test.pair.dial();
    assertEquals(test.errors.splice(0), [error]);
    assertEquals([test.pair.state, test.said], ["failed", []]);
    peerConnections.take = take;
    await test.time.flow(200);
    assertEquals([test.pair.state, test.said], ["connecting", [
      `2 ${test.next}`,
    ]]);
  },
);

testBoth(
  () => "tries again ever more rarely when nobody answers",
  async (test) => {
    // A draw of 1 is the longest wait there is.
    for (const random of [0, 1]) {
      test.random = random;
      const longest = [300, 600, 1_200, 2_400, 4_800, 5_000, 5_000];
      test.pair.dial();
      for (const ms of longest) {
        await test.time.flow(15_000);
        assertEquals(test.now, "failed: no answer from the peer");
        await test.time.flow(200 + random * ms - 1);
        assertEquals(test.pair.state, "failed");
        test.forget();
        await test.time.flow(1);
        assertEquals(test.now, "connecting: no answer from the peer");
        assertEquals(test.said.length, 1);
      }
      // Once connected, it is in a hurry again.
      if (test.next === "offer") await test.answer();
      else await test.offer(test.pair.generation + 1);
      await test.flow();
    }
  },
);

// --- signals do not arrive

for (
  const silent of [
    "signaling is down",
    "signaling of the peer is down",
  ] as const
) {
  testBoth(
    (_, next) =>
      `waits, and ${next} at once when signals arrive again, if ${silent}`,
    async (test) => {
      await test.connect();
      test.defaultChannel.end();
      test.forget();
      test.silent = silent;
      await test.time.flow(3_600_000);
      assertEquals([test.said, test.changes], [[], [`failed: ${silent}`]]);
      test.silent = undefined;
      test.pair.reach();
      await test.time.flow(0);
      assertEquals(test.said, [`2 ${test.next}`]);
      assertEquals(test.pair.state, "connecting");
    },
  );

  testBoth(
    () => `does not blame the peer for its silence when ${silent}`,
    async (test) => {
      test.pair.dial();
      test.silent = silent;
      await test.time.flow(15_000);
      assertEquals(test.now, `failed: ${silent}`);
    },
  );
}

testBoth(
  () =>
    "waits on, with the other reason, when its signals leave and the peer's do not",
  async (test) => {
    test.silent = "signaling is down";
    test.pair.dial();
    await test.time.flow(60_000);
    test.forget();
    test.silent = "signaling of the peer is down";
    test.pair.reach();
    await test.time.flow(60_000);
    assertEquals(test.said, []);
    assertEquals(test.now, "failed: signaling of the peer is down");
  },
);

// --- generations

const offerOf = (generation: number) => ({
  to: 1,
  from: 2,
  generation,
  description: { type: "offer", sdp: sdpOf(`other${generation}`) },
  offer: 1,
} as const);

testBoth(
  () =>
    "goes over to the other side's next generation, and is never closed in between, when that comes",
  async (test) => {
    await test.connect();
    const { pc } = test.pair;
    if (test.next === "dial") await test.offer(4);
    else await test.hear({ dial: true }, 4);
    assertEquals(test.said, [test.next === "dial" ? "4 answer" : "4 offer"]);
    assertEquals(test.changes, ["connecting: dialled"]);
    assertEquals([test.closed, test.pair.generation], [["webrtc"], 4]);
    assertNotEquals(test.pair.pc, pc);
    assertEquals(test.fakes.open, [test.fakes.last]);
  },
);

testBoth(
  () => "hears nothing of the last generation when there is a next",
  async (test) => {
    await test.connect();
    await test.negotiateAgain();
    const { remoteDescription } = test.fakes.last;
    test.forget();
    await test.hear({ restart: true }, 1);
    await test.hear({ dial: true }, 1);
    await test.offer(1);
    await test.hear(
      { candidates: [{ candidate: "", usernameFragment: null }] },
      1,
    );
    assertEquals([test.said, test.changes], [[], []]);
    assertEquals(test.fakes.last.candidates, []);
    assertStrictEquals(test.fakes.last.remoteDescription, remoteDescription);
  },
);

testBoth(
  () =>
    "hears nothing of a generation that it never knew when that does not begin it",
  async (test) => {
    await test.connect();
    await test.hear({ restart: true }, 2);
    await test.hear({ candidates: [] }, 2);
    const { description } = offerOf(2);
    await test.hear({
      description: { ...description, type: "answer" },
      offer: 1,
    }, 2);
    assertEquals([test.said, test.changes, test.pair.generation], [[], [], 1]);
  },
);

Deno.test("Pair takes no answer when it is to an earlier offer", async () => {
  await using test = new SupervisedPair("impolite");
  await test.restarting();
  const { remoteDescription } = test.fakes.last;
  await test.answer(1);
  assertStrictEquals(test.fakes.last.remoteDescription, remoteDescription);
  assertEquals(test.fakes.last.signalingState, "have-local-offer");
  await test.answer(2);
  assertNotEquals(test.fakes.last.remoteDescription, remoteDescription);
});

Deno.test("Pair takes one answer when there are two to the same offer", async () => {
  await using test = new SupervisedPair("impolite");
  await test.restarting();
  await test.answer();
  const { remoteDescription } = test.fakes.last;
  await test.answer();
  assertStrictEquals(test.fakes.last.remoteDescription, remoteDescription);
});

testBoth(
  () => "does nothing when a connection that was replaced tells something late",
  async (test) => {
    await test.negotiate();
    const { last, last: { onconnectionstatechange, ondatachannel } } =
      test.fakes;
    const { onopen, onmessage, onclose } = test.defaultChannel;
    await test.negotiateAgain();
    test.forget();
    for (
      const state of ["connected", "disconnected", "failed", "closed"] as const
    ) {
      last.connectionState = state;
      onconnectionstatechange?.();
      await test.time.flow(0);
    }
    onopen?.();
    onmessage?.({ data: "late" });
    onclose?.();
    assertEquals([last.onconnectionstatechange, last.ondatachannel], [
      null,
      null,
    ]);
    assert(ondatachannel);
    assertEquals([test.changes, test.opened, test.closed, test.messages], [
      [],
      [],
      [],
      [],
    ]);
  },
);

// --- channels

testBoth(
  () => "makes its channels anew when the next generation comes",
  async (test) => {
    await test.connect();
    for (const label of ["a", "b", "__proto__"]) {
      test.pair.channelNamed(label);
      test.channelNamed(label).open();
    }
    test.forget();
    await test.negotiateAgain();
    assertEquals(test.closed, ["webrtc", "a", "b", "__proto__"]);
    assertEquals(labels(test), ["webrtc", "a", "b", "__proto__"]);
    await test.flow();
    test.channelNamed("a").open();
    assertEquals(test.opened, ["webrtc", "a"]);
    assertStrictEquals<unknown>(
      test.pair.channelNamed("a"),
      test.channelNamed("a"),
    );
  },
);

testBoth(
  () =>
    "does not make a channel anew when it was closed before the next generation",
  async (test) => {
    await test.connect();
    for (const label of ["a", "b"]) {
      test.pair.channelNamed(label);
      test.channelNamed(label).open();
    }
    test.channelNamed("a").close();
    await test.negotiateAgain();
    assertEquals(labels(test), ["webrtc", "b"]);
  },
);

testBoth(
  () => "leaves the other side's channels to it when the next generation comes",
  async (test) => {
    await test.connect();
    test.fakes.last.announce("theirs");
    assertEquals(test.opened, ["theirs"]);
    await test.negotiateAgain();
    assertEquals(test.closed, ["webrtc", "theirs"]);
    assertEquals(labels(test), ["webrtc"]);
  },
);

testBoth(
  () =>
    "leaves the other side's channels to it when the app has asked for them by name",
  async (test) => {
    await test.connect();
    test.fakes.last.announce("theirs");
    test.pair.channelNamed("theirs");
    assertEquals(labels(test), ["webrtc", "theirs"]);
    await test.negotiateAgain();
    assertEquals(labels(test), ["webrtc"]);
  },
);

for (const first of ["the default", "another"] as const) {
  testBoth(
    () =>
      `makes its channels anew when the other side closes the connection, of which ${first} channel tells first,`,
    async (test) => {
      await test.connect();
      test.pair.channelNamed("a");
      test.channelNamed("a").open();
      const channels = [...test.fakes.last.channels];
      if (first === "another") channels.reverse();
      for (const channel of channels) channel.readyState = "closed";
      for (const channel of channels) channel.end();
      await test.negotiateAgain();
      assertEquals(labels(test), ["webrtc", "a"]);
    },
  );
}

testBoth(
  () => "tells of the default channel first when another one is heard before",
  async (test) => {
    await test.negotiate();
    test.fakes.last.become("connected");
    test.defaultChannel.readyState = "open";
    test.fakes.last.announce("theirs").say("hello");
    test.defaultChannel.open();
    assertEquals([test.opened, test.messages], [["webrtc", "theirs"], [
      "hello",
    ]]);
  },
);

testBoth(
  () =>
    "tells of a channel before what arrives on it when the browser does not",
  async (test) => {
    await test.negotiate();
    test.fakes.last.become("connected");
    test.defaultChannel.readyState = "open";
    test.defaultChannel.say("hello");
    assertEquals([test.opened, test.messages], [["webrtc"], ["hello"]]);
    test.defaultChannel.open();
    assertEquals(test.opened, ["webrtc"]);
  },
);

testBoth(
  () =>
    "tells of the other side's channel when that is open before the browser tells of it",
  async (test) => {
    await test.connect();
    const channel = new FakeDataChannel("theirs", false);
    channel.readyState = "open";
    test.fakes.last.ondatachannel?.({ channel });
    assertEquals(test.opened, ["theirs"]);
  },
);

testBoth(
  () => "makes another channel of the name when the first was closed",
  async (test) => {
    await test.connect();
    const first = test.pair.channelNamed("a");
    assertStrictEquals(test.pair.channelNamed("a"), first);
    test.channelNamed("a").open();
    test.channelNamed("a").close();
    const second = test.pair.channelNamed("a");
    assertNotEquals(second, first);
    assertStrictEquals(test.pair.channelNamed("a"), second);
  },
);

function labels({ fakes }: SupervisedPair): string[] {
  return fakes.last.channels.map(({ label }) => label);
}

// --- other STUN and TURN servers

const SERVERS = { iceServers: [{ urls: "stun:s.example" }] };

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

// --- both offer, which takes an app that adds tracks

Deno.test("Pair gives way when both offer and it is polite", async () => {
  await using test = new SupervisedPair("polite");
  await test.connect();
  test.fakes.last.onnegotiationneeded?.();
  await test.offer();
  assertEquals(test.said, ["1 offer", "1 answer"]);
  assertEquals(test.fakes.last.signalingState, "stable");
  const { remoteDescription } = test.fakes.last;
  await test.answer();
  assertStrictEquals(test.fakes.last.remoteDescription, remoteDescription);
});

Deno.test("Pair insists when both offer and it is impolite", async () => {
  await using test = new SupervisedPair("impolite");
  await test.connect();
  const { remoteDescription } = test.fakes.last;
  test.fakes.last.onnegotiationneeded?.();
  await test.offer();
  assertStrictEquals(test.fakes.last.remoteDescription, remoteDescription);
  assertEquals(test.fakes.last.signalingState, "have-local-offer");
  await test.answer();
  assertEquals(test.fakes.last.signalingState, "stable");
  assertEquals(test.said.length, 1);
});

Deno.test("Pair repeats its restart when nobody answered it, though both have offered, and it is impolite", async () => {
  await using test = new SupervisedPair("impolite");
  await test.restarting();
  await test.offer();
  await test.time.flow(15_000);
  assertEquals(test.said, ["1 offer again"]);
});

testBoth(
  () => "takes a candidate when it has the description that it belongs to",
  async (test) => {
    await test.connect();
    const candidate = (usernameFragment: string) => ({
      candidate: "candidate:1",
      usernameFragment,
    });
    const { candidates } = test.fakes.last;
    // Another's, and that of the description to come.
    for (const name of ["nobody", "remote2"]) {
      await test.hear({ candidates: [candidate(name)] });
    }
    assertEquals(candidates, []);
    test.pair.wake(true);
    await test.time.flow(0);
    await test.oblige();
    assertEquals(candidates, [candidate("remote2")]);
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

// --- the end, and listeners that bring it about

testBoth(() => "tells once when it is ended twice", async (test) => {
  await test.connect();
  test.pair.end("the peer left");
  test.pair.end("it was ended");
  assertEquals(test.changes, ["closed: the peer left"]);
  assertEquals([test.closed, test.pair.pc], [["webrtc"], undefined]);
});

testBoth(() => "says and hears nothing when it has ended", async (test) => {
  await test.connect();
  test.pair.end("it was ended");
  test.forget();
  test.pair.dial();
  test.pair.wake(true);
  test.pair.reach();
  test.pair.repeat();
  test.pair.reconfigure(SERVERS);
  await test.offer(2);
  await test.hear({ dial: true }, 3);
  await test.time.flow(3_600_000);
  assertEquals([test.said, test.changes], [[], []]);
  assertEquals(test.fakes.made.length, 1);
});

/** What a listener does, and when. */
function listener(
  side: Side,
  option: "onChange" | "onOpen" | "onClose",
  when: (test: SupervisedPair) => boolean,
  act: (test: SupervisedPair) => void,
): SupervisedPair {
  let acted = false;
  const test: SupervisedPair = new SupervisedPair(side, {
    [option]: () => {
      if (acted || !when(test)) return;
      acted = true;
      act(test);
    },
  });
  return test;
}

const end = ({ pair }: SupervisedPair) => pair.end("it was ended");
const dial = ({ pair }: SupervisedPair) => pair.dial();

for (const side of SIDES) {
  Deno.test(`Pair makes nothing more when a listener ends it as it dials and it is ${side}`, async () => {
    await using test = listener(side, "onChange", () => true, end);
    test.pair.dial();
    await test.time.flow(60_000);
    assertEquals(test.said, []);
    assertEquals(test.fakes.open.length, 0);
  });

  Deno.test(`Pair tells of no channel when a listener ends it as it connects and it is ${side}`, async () => {
    const connected = ({ pair }: SupervisedPair) => pair.state === "connected";
    await using test = listener(side, "onChange", connected, end);
    await test.negotiate();
    await test.flow();
    assertEquals([test.now, test.opened], ["closed: it was ended", []]);
  });

  Deno.test(`Pair is ended when a listener does so as its channel opens and it is ${side}`, async () => {
    await using test = listener(side, "onOpen", () => true, end);
    await test.negotiate();
    await test.flow();
    assertEquals([test.now, test.closed], ["closed: it was ended", ["webrtc"]]);
  });

  Deno.test(`Pair makes no next generation when a listener ends it as the last one closes and it is ${side}`, async () => {
    await using test = listener(side, "onClose", () => true, end);
    await test.connect();
    if (side === "polite") await test.offer(2);
    else await test.hear({ dial: true }, 2);
    assertEquals(test.changes, ["closed: it was ended"]);
    assertEquals([test.said, test.fakes.made.length], [[], 1]);
  });

  Deno.test(`Pair has one connection when a listener dials as the last one closes and it is ${side}`, async () => {
    await using test = listener(side, "onClose", () => true, dial);
    await test.connect();
    if (side === "polite") await test.offer(2);
    else await test.hear({ dial: true }, 2);
    assertEquals(test.fakes.open, [test.fakes.last]);
    assertEquals(test.pair.state, "connecting");
    assertEquals(
      test.said,
      side === "polite" ? ["3 dial", "2 answer"] : ["3 offer"],
    );
  });

  Deno.test(`Pair is ended when a listener does so as it breaks and it is ${side}`, async () => {
    const broken = ({ pair }: SupervisedPair) => pair.state === "failed";
    await using test = listener(side, "onChange", broken, end);
    await test.connect();
    test.defaultChannel.end();
    await test.time.flow(60_000);
    assertEquals([test.now, test.said], ["closed: it was ended", []]);
  });

  Deno.test(`Pair dials at once when a listener says so as it breaks and it is ${side}`, async () => {
    const broken = ({ pair }: SupervisedPair) => pair.state === "failed";
    await using test = listener(side, "onChange", broken, dial);
    await test.connect();
    test.defaultChannel.end();
    await test.time.flow(14_999);
    assertEquals(test.said, [`2 ${test.next}`]);
    assertEquals(test.now, "connecting: dialled");
  });

  Deno.test(`Pair is ended and keeps no connection when a listener dials as it ends and it is ${side}`, async () => {
    await using test = listener(side, "onClose", () => true, dial);
    await test.connect();
    test.pair.end("it was ended");
    await test.time.flow(0);
    assertEquals([test.now, test.said], ["closed: it was ended", []]);
    assertEquals(test.fakes.open, []);
  });

  Deno.test(`Pair says nothing more when a listener ends it as it goes for the next generation and it is ${side}`, async () => {
    await using test = listener(side, "onClose", () => true, end);
    await test.restarting();
    await test.oblige();
    test.forget();
    await test.time.flow(60_000);
    assertEquals([test.now, test.said], ["closed: it was ended", []]);
  });

  Deno.test(`Pair goes on with what a listener dialled as its connection broke and it is ${side}`, async () => {
    // The other channel closes when the connection is given up.
    const both = ({ closed }: SupervisedPair) => closed.length === 2;
    await using test = listener(side, "onClose", both, dial);
    await test.connect();
    test.pair.channelNamed("a");
    test.channelNamed("a").open();
    test.defaultChannel.end();
    assertEquals(test.closed, ["webrtc", "a"]);
    assertEquals(test.changes, ["connecting: dialled"]);
    await test.time.flow(14_999);
    assertEquals([test.now, test.said], ["connecting: dialled", [
      `2 ${test.next}`,
    ]]);
  });
}
