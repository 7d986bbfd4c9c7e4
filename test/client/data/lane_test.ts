import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  ACK,
  ackFrame,
  costOf,
  FRAME_BYTES,
  GREET,
  readAck,
  readGreeting,
  WINDOW_BYTES,
} from "../../../client/data/lane_frame.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { JoinedChannel } from "../../support/joined_channels.ts";
import {
  connectionThatTakes,
  join,
  numbered,
  NumberedLane,
} from "../../support/joined_lanes.ts";

const KIB = 1024;

/** The numbers from 0 on. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What an end sent, by type: greetings, acknowledgements, counted frames. */
function sentBy(channel: JoinedChannel): string[] {
  return (channel.sent as Uint8Array[]).map((frame) =>
    frame[0] === GREET
      ? "greet"
      : frame[0] === ACK
      ? `ack ${readAck(frame)}`
      : "frame"
  );
}

function lanes(): [NumberedLane, NumberedLane] {
  return [new NumberedLane(), new NumberedLane()];
}

function end(...lanes: NumberedLane[]): void {
  for (const { lane } of lanes) lane.end();
}

// --- one channel

Deno.test("Lane gives frames in order and once when both sides send", () => {
  using time = new FakeTime();
  const [a, b] = lanes();
  a.say(5, 100, 6);
  const channel = join([a, b]);
  b.say(7, 8);
  a.say(5);
  channel.flush();
  assertEquals([b.heard, a.heard], [upTo(4), upTo(2)]);
  time.pass(100);
  channel.flush();
  assertEquals([a.lane.unacknowledged, b.lane.unacknowledged], [[], []]);
  end(a, b);
});

Deno.test("Lane greets first and sends frames in the same breath when the channel is the first", () => {
  const a = new NumberedLane();
  a.say(5, 5);
  const [channel] = JoinedChannel.pair();
  a.lane.attach(channel.real, connectionThatTakes());
  assertEquals(channel.sent, []);
  channel.open();
  assertEquals(sentBy(channel), ["greet", "frame", "frame"]);
  end(a);
});

Deno.test("Lane greets once when the channel was open before", () => {
  const a = new NumberedLane();
  const [channel] = JoinedChannel.pair();
  channel.open();
  a.lane.attach(channel.real, connectionThatTakes());
  assertEquals(sentBy(channel), ["greet"]);
  end(a);
});

Deno.test("Lane tells how much it takes, and what the other side takes", () => {
  const a = new NumberedLane({ maxMessageBytes: 70_000 });
  const b = new NumberedLane({ maxMessageBytes: 80_000 });
  assertEquals(a.lane.peerMaxMessageBytes, undefined);
  join([a, b]).flush();
  assertEquals(a.lane.peerMaxMessageBytes, 80_000);
  assertEquals(b.lane.peerMaxMessageBytes, 70_000);
  end(a, b);
});

Deno.test("Lane takes frames from an RTCPeerConnection whose messages are views", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  const channel = join([a, b]);
  channel.flush();
  const buffer = new Uint8Array(100);
  buffer.set(numbered(7), 50);
  channel.onmessage?.({ data: buffer.subarray(50, 55) });
  assertEquals(a.heard, [7]);
  end(a, b);
});

const TAKES = [
  [undefined, FRAME_BYTES],
  [0, FRAME_BYTES],
  [Infinity, FRAME_BYTES],
  [262_144, FRAME_BYTES],
  [FRAME_BYTES, FRAME_BYTES],
  [16_384, 16_384],
  [1, 1024],
] as const;

for (const [maxMessageSize, expected] of TAKES) {
  Deno.test(`Lane asks for frames of ${expected} bytes when the connection takes ${maxMessageSize}`, () => {
    const a = new NumberedLane();
    a.say(1_000_000);
    const [channel] = JoinedChannel.pair();
    a.lane.attach(channel.real, connectionThatTakes(maxMessageSize));
    channel.open();
    assertEquals(a.lane.unacknowledged[0]?.byteLength, expected);
    end(a);
  });
}

// --- water marks and window

Deno.test("Lane leaves at most 128 KiB and a frame to the channel, and refills it when it is low", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  const channel = join([a, b]);
  channel.flush();
  a.say(...Array(20).fill(FRAME_BYTES));
  assertEquals(a.made, 2);
  channel.leave(1);
  // It stands at the threshold, below which nothing was.
  assertEquals(a.made, 3);
  for (let turn = 0; turn < 40; turn++) {
    assertLessOrEqual(channel.bufferedAmount, 128 * KIB + FRAME_BYTES);
    channel.leave(1);
    channel.arrive(1);
  }
  assertLessOrEqual(channel.peakBytes, 128 * KIB + FRAME_BYTES);
  assertEquals(b.heard, upTo(20));
  end(a, b);
});

Deno.test("Lane leaves at most 128 KiB and a frame to the channel when frames are small", () => {
  const [a, b] = lanes();
  a.say(...Array(10_000).fill(1000));
  const channel = join([a, b]);
  assertLessOrEqual(channel.peakBytes, 128 * KIB + 1000 + 33);
  assertEquals(a.made, 132);
  end(a, b);
});

for (const size of [5, 1000, FRAME_BYTES]) {
  Deno.test(`Lane keeps no more than the window when frames of ${size} bytes are not acknowledged`, () => {
    const a = new NumberedLane();
    for (let left = WINDOW_BYTES; left > 0; left -= size) a.sizes.push(size);
    const [channel] = JoinedChannel.pair();
    a.lane.attach(channel.real, connectionThatTakes());
    channel.open();
    while (channel.leave()) {
      // The network takes all of it, and nobody answers.
    }
    const cost = costOf(new Uint8Array(size));
    assertEquals(a.made, Math.ceil(WINDOW_BYTES / cost));
    end(a);
  });
}

Deno.test("Lane goes on when what filled the window was acknowledged", () => {
  using _time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane({ paused: true });
  const channel = join([a, b]);
  a.say(...Array(100).fill(FRAME_BYTES));
  channel.flush();
  assertEquals([a.made, b.heard], [64, []]);
  b.lane.resume();
  channel.flush();
  assertEquals([a.made, b.heard], [100, upTo(100)]);
  end(a, b);
});

// --- acknowledgements

Deno.test("Lane acknowledges at once when 256 KiB have come", () => {
  using time = new FakeTime();
  const [a, b] = lanes();
  const channel = join([a, b]);
  channel.flush();
  a.say(...Array(3).fill(FRAME_BYTES));
  channel.flush();
  assertEquals([a.lane.unacknowledged.length, time.timers], [3, 1]);
  a.say(FRAME_BYTES);
  channel.flush();
  assertEquals([a.lane.unacknowledged.length, time.timers], [0, 0]);
  a.say(5);
  channel.flush();
  assertEquals(sentBy(channel.other), ["greet", "ack 4"]);
  end(a, b);
});

Deno.test("Lane acknowledges after 100 ms, once, when less has come", () => {
  using time = new FakeTime();
  const [a, b] = lanes();
  const channel = join([a, b]);
  a.say(5, 5);
  channel.flush();
  time.pass(50);
  a.say(5);
  channel.flush();
  time.pass(49);
  channel.flush();
  assertEquals(a.lane.unacknowledged.length, 3);
  time.pass(1);
  channel.flush();
  assertEquals([a.lane.unacknowledged.length, time.timers], [0, 0]);
  time.pass(1000);
  assertEquals(b.events, []);
  end(a, b);
});

Deno.test("Lane counts what a frame costs beside its bytes when it acknowledges", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  const channel = join([a, b]);
  // 1029 bytes each: 255 of them are 256 KiB.
  a.say(...Array(255).fill(5));
  channel.flush();
  assertEquals(a.lane.unacknowledged, []);
  end(a, b);
});

// --- pause and resume

Deno.test("Lane gives nothing while it is paused, and all of it in order when it goes on", () => {
  using time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane({ paused: true });
  a.say(5, 5, 5);
  const channel = join([a, b]);
  channel.flush();
  assertEquals([b.heard, time.timers], [[], 0]);
  b.lane.resume();
  assertEquals(b.heard, upTo(3));
  end(a, b);
});

Deno.test("Lane stops at the frame at which it is paused", () => {
  using _time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane({ paused: true });
  a.say(5, 5, 5, 5);
  const channel = join([a, b]);
  b.onHeard = (number) => number === 1 && b.lane.pause();
  channel.flush();
  b.lane.resume();
  assertEquals(b.heard, [0, 1]);
  a.say(5);
  channel.flush();
  b.lane.resume();
  assertEquals(b.heard, upTo(5));
  end(a, b);
});

Deno.test("Lane gives no frame before the one before was taken, when it is paused and resumed in the middle", () => {
  using _time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane({ paused: true });
  a.say(5, 5, 5);
  const channel = join([a, b]);
  channel.flush();
  const done: number[] = [];
  b.onHeard = (number) => {
    b.lane.pause();
    b.lane.resume();
    done.push(number);
  };
  b.lane.resume();
  assertEquals(done, upTo(3));
  end(a, b);
});

Deno.test("Lane takes acknowledgements while it is paused", () => {
  using time = new FakeTime();
  const a = new NumberedLane({ paused: true });
  const b = new NumberedLane();
  const channel = join([a, b]);
  a.say(5);
  channel.flush();
  time.pass(100);
  channel.flush();
  assertEquals(a.lane.unacknowledged, []);
  end(a, b);
});

Deno.test("Lane gives what it held once when the channel was replaced while it was paused", () => {
  using time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane({ paused: true });
  a.say(5, 5);
  const first = join([a, b]);
  first.flush();
  first.die();
  const second = join([a, b]);
  second.flush();
  b.lane.resume();
  time.pass(100);
  second.flush();
  assertEquals([b.heard, a.lane.unacknowledged], [upTo(2), []]);
  end(a, b);
});

Deno.test("Lane counts what it holds anew when the channel is replaced while it is paused", () => {
  using _time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane({ paused: true });
  a.say(...Array(50).fill(FRAME_BYTES));
  for (let channel = 0; channel < 3; channel++) join([a, b]).flush();
  b.lane.resume();
  assertEquals([b.events, b.heard], [[], upTo(50)]);
  end(a, b);
});

// --- one channel after the other

Deno.test("Lane sends nothing on a later channel before the other side has greeted", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  a.say(5, 5);
  join([a, b]).die();
  const second = join([a, b]);
  a.say(5);
  assertEquals(sentBy(second), ["greet"]);
  second.flush();
  assertEquals(sentBy(second), ["greet", "frame", "frame", "frame"]);
  assertEquals(b.heard, upTo(3));
  end(a, b);
});

Deno.test("Lane counts a channel that never opened for none", () => {
  const a = new NumberedLane();
  a.say(5);
  const [never, channel] = JoinedChannel.pair();
  a.lane.attach(never.real, connectionThatTakes());
  a.lane.attach(channel.real, connectionThatTakes());
  never.open();
  assertEquals([sentBy(never), sentBy(channel)], [[], ["greet", "frame"]]);
  end(a);
});

Deno.test("Lane sends what arrived no second time when only the acknowledgement was lost", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  const first = join([a, b]);
  first.flush();
  a.say(5, 5);
  first.leave();
  first.arrive(1);
  first.die();
  const second = join([a, b]);
  second.flush();
  assertEquals(sentBy(second), ["greet", "frame"]);
  assertEquals(b.heard, upTo(2));
  end(a, b);
});

Deno.test("Lane lets go of what a greeting acknowledges, and keeps no timer of the channel before", () => {
  using time = new FakeTime();
  const [a, b] = lanes();
  const first = join([a, b]);
  a.say(5);
  first.flush();
  assertEquals(time.timers, 1);
  first.die();
  const second = join([a, b]);
  assertEquals(time.timers, 0);
  second.flush();
  assertEquals(a.lane.unacknowledged, []);
  end(a, b);
});

Deno.test("Lane hears nothing of a channel that was replaced", () => {
  using time = new FakeTime();
  const [a, b] = lanes();
  const first = join([a, b]);
  first.flush();
  a.say(5);
  const second = join([a, b]);
  first.flush();
  assertEquals(b.heard, []);
  second.flush();
  assertEquals(b.heard, [0]);
  time.pass(100);
  end(a, b);
});

Deno.test("Lane keeps what a closing channel does not take, for the next one", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  const first = join([a, b]);
  first.flush();
  first.readyState = "closing";
  a.say(5, 5);
  first.die();
  join([a, b]).flush();
  assertEquals(b.heard, upTo(2));
  end(a, b);
});

Deno.test("Lane stays below its water marks when it sends again what was not acknowledged", () => {
  using _time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane({ paused: true });
  const first = join([a, b]);
  a.say(...Array(100).fill(FRAME_BYTES));
  first.flush();
  first.die();
  const second = join([a, b]);
  b.lane.resume();
  second.flush();
  assertLessOrEqual(second.peakBytes, 128 * KIB + FRAME_BYTES);
  assertEquals(b.heard, upTo(100));
  end(a, b);
});

// --- a side that begins anew

Deno.test("Lane begins anew when the other side does", () => {
  using time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane();
  const first = join([a, b]);
  b.say(5, 5, 5);
  a.say(5, 5, 5);
  first.flush();
  time.pass(100);
  first.flush();
  a.say(5);
  first.die();
  end(b);
  const c = new NumberedLane();
  c.say(5);
  const second = join([a, c]);
  let told = 0;
  c.onHeard = () => told++;
  second.flush();
  assertEquals([a.events, a.heard], [["reset"], [0, 1, 2, 0]]);
  // What the one before had not acknowledged is not for this one.
  assertEquals([told, a.lane.unacknowledged], [0, []]);
  a.say(5);
  second.flush();
  second.die();
  join([a, c]).flush();
  assertEquals([c.heard, a.events, c.events], [[4], ["reset"], []]);
  assertEquals(a.lane.unacknowledged, []);
  end(a, c);
});

Deno.test("Lane tells what was not acknowledged while it says that the other side began anew", () => {
  using _time = new FakeTime();
  const a = new NumberedLane();
  const b = new NumberedLane();
  const first = join([a, b]);
  first.flush();
  a.say(5, 5);
  let kept = 0;
  a.onReset = () => kept = a.lane.unacknowledged.length;
  first.die();
  const c = new NumberedLane();
  join([a, c]).flush();
  assertEquals([kept, a.events], [2, ["reset"]]);
  end(a, b, c);
});

Deno.test("Lane does not begin anew when the greeting of the channel before was lost", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  a.say(5, 5);
  const first = join([a, b]);
  // Only one direction works.
  first.leave();
  first.arrive(2);
  first.die();
  assertEquals(b.heard, [0]);
  join([a, b]).flush();
  assertEquals([b.heard, a.events, b.events], [upTo(2), [], []]);
  end(a, b);
});

// --- the end

Deno.test("Lane is silent and holds nothing when it has ended", () => {
  using time = new FakeTime();
  const [a, b] = lanes();
  const channel = join([a, b]);
  a.say(5);
  b.say(5);
  channel.flush();
  a.lane.end();
  a.lane.end();
  const { length } = channel.sent;
  a.say(5);
  b.say(5);
  channel.flush();
  time.pass(1000);
  a.lane.resume();
  assertEquals([channel.sent.length, a.heard.length], [length, 1]);
  assertEquals([a.events, a.lane.unacknowledged], [[], []]);
  const [late] = JoinedChannel.pair();
  a.lane.attach(late.real, connectionThatTakes());
  late.open();
  assertEquals(late.sent, []);
  end(b);
  assertEquals(time.timers, 0);
});

for (const paused of [false, true]) {
  Deno.test(`Lane is silent when a listener ends it${paused ? " while it goes on with what it held" : ""}`, () => {
    using time = new FakeTime();
    const a = new NumberedLane();
    const b = new NumberedLane({ paused });
    a.say(5, 5, 5);
    const channel = join([a, b]);
    b.onHeard = () => b.lane.end();
    channel.flush();
    b.lane.resume();
    assertEquals([b.heard, b.events], [[0], []]);
    end(a);
    assertEquals(time.timers, 0);
  });
}

// --- feeds

Deno.test("Lane lets feeds take turns, and asks a removed one no more", () => {
  const a = new NumberedLane();
  const order: string[] = [];
  const feedOf = (name: string, count: number) => ({
    next: () => {
      if (count-- <= 0) return;
      order.push(name);
      return numbered(0);
    },
  });
  const x = feedOf("x", 3);
  const gone = feedOf("gone", 3);
  a.lane.add(x);
  a.lane.add(gone);
  a.lane.add(feedOf("y", 5));
  a.lane.remove(gone);
  const [channel] = JoinedChannel.pair();
  a.lane.attach(channel.real, connectionThatTakes());
  channel.open();
  assertEquals(order.join(""), "xyxyxyyy");
  end(a);
});

Deno.test("Lane asks a feed no more when it is removed while it is asked", () => {
  const a = new NumberedLane();
  let asked = 0;
  const feed = {
    next: () => {
      asked++;
      a.lane.remove(feed);
      return numbered(0);
    },
  };
  a.lane.add(feed);
  const [channel] = JoinedChannel.pair();
  a.lane.attach(channel.real, connectionThatTakes());
  channel.open();
  a.lane.wake();
  assertEquals(asked, 1);
  end(a);
});

Deno.test("Lane sends what feeds have, in order, when one of them wakes it while it is asked", () => {
  const a = new NumberedLane();
  let made = 0;
  a.lane.add({
    next: () => {
      if (made === 3) return;
      const frame = numbered(made++);
      a.lane.wake();
      return frame;
    },
  });
  const [channel] = JoinedChannel.pair();
  a.lane.attach(channel.real, connectionThatTakes());
  channel.open();
  assertEquals(channel.sent.slice(1), upTo(3).map((each) => numbered(each)));
  end(a);
});

Deno.test("Lane tells the other side how much it has taken when it greets again", () => {
  using _time = new FakeTime();
  const [a, b] = lanes();
  const first = join([a, b]);
  b.say(5, 5, 5);
  first.flush();
  first.die();
  const second = join([a, b]);
  const [frame] = second.sent;
  assert(frame instanceof Uint8Array);
  assertEquals(readGreeting(frame)?.received, 3);
  assertEquals(ackFrame(3).byteLength, 9);
  end(a, b);
});
