import { assertEquals } from "@std/assert";
import { offerOf, testBoth } from "../support/pair_tests.ts";
import type { SupervisedPair } from "../support/supervised_pair.ts";

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
