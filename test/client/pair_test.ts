import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
} from "@std/assert";
import { FakeDataChannel } from "../support/fake_peer_connection.ts";
import {
  offerOf,
  route,
  SERVERS,
  SIDES,
  testBoth,
} from "../support/pair_tests.ts";
import { type Side, SupervisedPair } from "../support/supervised_pair.ts";

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

// --- generations

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
  const labels = fakes.last.channels.map(({ label }) => label);
  // Those of the library are there in any case.
  return labels.filter((label) => !label.startsWith("webrtc-"));
}

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
