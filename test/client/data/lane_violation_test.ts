import { assertEquals, assertThrows } from "@std/assert";
import {
  ackFrame,
  COUNTED,
  FRAME_BYTES,
  greetFrame,
  type Greeting,
  readGreeting,
  WINDOW_BYTES,
} from "../../../client/data/lane_frame.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { JoinedChannel } from "../../support/joined_channels.ts";
import {
  connectionThatTakes,
  numbered,
  NumberedLane,
} from "../../support/joined_lanes.ts";

/** What a peer that is written by hand says to a lane, which has sent five frames. */
interface Talk {
  readonly side: NumberedLane;
  /** Says something, which arrives. */
  say(frame: unknown): void;
  /** Says who it is. */
  greet(fields?: Partial<Greeting>): void;
  /** Goes on on another channel. */
  move(): void;
}

function talkTo(side: NumberedLane): Talk {
  let end: JoinedChannel;
  const move = () => {
    const [mine, theirs] = JoinedChannel.pair();
    side.lane.attach(theirs.real, connectionThatTakes());
    mine.open();
    theirs.flush();
    end = mine;
  };
  const say = (frame: unknown) => {
    end.send(frame as string);
    end.flush();
  };
  const greet = (fields = {}) =>
    say(
      greetFrame({
        mine: 7n,
        yours: 0n,
        received: 0,
        maxMessageBytes: FRAME_BYTES,
        name: new Uint8Array(),
        ...fields,
      }),
    );
  return { side, say, greet, move };
}

/** Who the lane is, as it said on this channel. */
function tokenOf(side: NumberedLane): bigint {
  const [mine, theirs] = JoinedChannel.pair();
  side.lane.attach(theirs.real, connectionThatTakes());
  mine.open();
  return readGreeting(theirs.sent[0] as Uint8Array)?.mine ?? 0n;
}

const GREETED: readonly (readonly [string, (talk: Talk) => void])[] = [
  ["a string", ({ say }) => say("hello")],
  ["an empty string", ({ say }) => say("")],
  ["an empty frame", ({ say }) => say(new Uint8Array())],
  ["a second greeting", ({ greet }) => greet()],
  ["a second greeting of somebody else", ({ greet }) => greet({ mine: 8n })],
  ...[2, 3, 15].map((type) =>
    [
      `a frame of type ${type}`,
      ({ say }: Talk) => say(Uint8Array.of(type, 0, 0, 0, 0)),
    ] as const
  ),
  [
    "a frame that the user of the lane refuses",
    ({ say }) => say(Uint8Array.of(COUNTED)),
  ],
  ["a frame that is too large", ({ say }) => say(numbered(0, FRAME_BYTES + 1))],
  ["a short acknowledgement", ({ say }) => say(ackFrame(1).subarray(0, 8))],
  [
    "a long acknowledgement",
    ({ say }) => say(Uint8Array.of(...ackFrame(1), 0)),
  ],
  ...[-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, 6, 1e15].map((count) =>
    [
      `an acknowledgement of ${count}`,
      ({ say }: Talk) => say(ackFrame(count)),
    ] as const
  ),
  ["an acknowledgement that goes back", ({ say }) => {
    say(ackFrame(3));
    say(ackFrame(2));
  }],
];

const NOT_GREETED: readonly (readonly [string, (talk: Talk) => void])[] = [
  ["a frame", ({ say }) => say(numbered(0))],
  ["an acknowledgement", ({ say }) => say(ackFrame(0))],
  [
    "a greeting of somebody with a name, where nobody has one",
    ({ greet }) => greet({ name: new Uint8Array(16) }),
  ],
  ["a greeting of token 0", ({ greet }) => greet({ mine: 0n })],
  [
    "a greeting that takes nothing",
    ({ greet }) => greet({ maxMessageBytes: 0 }),
  ],
  [
    "a greeting that takes NaN bytes",
    ({ greet }) => greet({ maxMessageBytes: NaN }),
  ],
  ["a greeting that is cut short", ({ say }) => say(Uint8Array.of(0, 1))],
  ...[-1, 0.5, NaN, Infinity, 6].map((received) =>
    [
      `a greeting that has received ${received}`,
      ({ side, greet, move }: Talk) => {
        const yours = tokenOf(side);
        move();
        greet({ yours, received });
      },
    ] as const
  ),
];

function assertViolation(
  greeted: boolean,
  break_: (talk: Talk) => void,
): void {
  using time = new FakeTime();
  const side = new NumberedLane();
  side.say(5, 5, 5, 5, 5);
  const talk = talkTo(side);
  talk.move();
  if (greeted) talk.greet();
  assertEquals(side.events, []);
  break_(talk);
  assertEquals(side.events, ["violation"]);
  // It is silent, whatever follows.
  const { made } = side;
  const heard = [...side.heard];
  talk.say(numbered(1));
  side.say(5);
  side.lane.resume();
  time.pass(1000);
  assertEquals([side.events, side.made], [["violation"], made]);
  assertEquals(side.heard, heard);
  assertEquals(time.timers, 0);
  side.lane.end();
}

for (const [what, break_] of GREETED) {
  Deno.test(`Lane ends when a peer that has greeted sends ${what}`, () => {
    assertViolation(true, break_);
  });
}

for (const [what, break_] of NOT_GREETED) {
  Deno.test(`Lane ends when a peer begins with ${what}`, () => {
    assertViolation(false, break_);
  });
}

Deno.test("Lane ends when a peer has received more on a later channel than was sent", () => {
  using _time = new FakeTime();
  const side = new NumberedLane();
  side.say(5, 5, 5, 5, 5);
  const talk = talkTo(side);
  const yours = tokenOf(side);
  talk.move();
  talk.greet({ yours, received: 4 });
  talk.move();
  talk.greet({ yours, received: 3 });
  assertEquals(side.events, ["violation"]);
});

Deno.test("Lane ends when a peer that begins anew has received what it cannot have", () => {
  using _time = new FakeTime();
  const side = new NumberedLane();
  side.say(5, 5, 5, 5, 5);
  const talk = talkTo(side);
  const yours = tokenOf(side);
  talk.move();
  talk.greet({ yours, received: 4 });
  talk.move();
  talk.greet({ mine: 8n, yours, received: 1 });
  assertEquals(side.events, ["reset", "violation"]);
});

for (const size of [5, FRAME_BYTES]) {
  Deno.test(`Lane ends when a peer sends more frames of ${size} bytes than the window while it has to wait`, () => {
    const side = new NumberedLane({ paused: true });
    const talk = talkTo(side);
    talk.move();
    talk.greet();
    const count = Math.ceil(WINDOW_BYTES / (size + 1024));
    for (let number = 0; number < count; number++) {
      talk.say(numbered(number, size));
    }
    assertEquals(side.events, []);
    talk.say(numbered(count, size));
    talk.say(numbered(count, size));
    assertEquals([side.events, side.heard], [["violation"], []]);
  });
}

Deno.test("Lane ends when a peer goes past the window on a later channel", () => {
  const side = new NumberedLane({ paused: true });
  const talk = talkTo(side);
  for (const most of [60, 70]) {
    talk.move();
    talk.greet();
    for (let number = 0; number < most; number++) {
      talk.say(numbered(number, FRAME_BYTES));
    }
  }
  assertEquals(side.events, ["violation"]);
});

for (const paused of [true, false]) {
  const when = paused ? "it was held" : "it comes";
  Deno.test(`Lane ends, and gives none of those behind it, when there is no room for a frame as ${when}`, () => {
    using time = new FakeTime();
    const side = new NumberedLane({ paused });
    const talk = talkTo(side);
    talk.move();
    talk.greet();
    side.onHeard = (number) => {
      if (number === 1) throw new RangeError("Array buffer allocation failed");
    };
    const hear = () => {
      for (let number = 0; number < 4; number++) talk.say(numbered(number));
      side.lane.resume();
    };
    assertThrows(hear, RangeError, "allocation");
    // What is lost cannot come again, so nothing may come behind it.
    talk.say(numbered(4));
    side.lane.resume();
    assertEquals([side.heard, side.events], [[0, 1], ["violation"]]);
    assertEquals(time.timers, 0);
    side.lane.end();
  });
}

Deno.test("Lane keeps what was not acknowledged when a peer breaks the rules, so that it can be told", () => {
  const side = new NumberedLane();
  side.say(5, 5);
  const talk = talkTo(side);
  talk.move();
  talk.greet();
  talk.say("hello");
  assertEquals(side.lane.unacknowledged.length, 2);
  side.lane.end();
  assertEquals(side.lane.unacknowledged.length, 0);
});

Deno.test("Lane goes on when a peer speaks to somebody who is not there any more", () => {
  using _time = new FakeTime();
  const side = new NumberedLane();
  side.say(5);
  const talk = talkTo(side);
  talk.move();
  talk.greet({ yours: 99n, received: 1e9 });
  talk.say(ackFrame(1));
  talk.say(numbered(0));
  assertEquals([side.events, side.heard], [[], [0]]);
  side.lane.end();
});

Deno.test("Lane goes on when a peer acknowledges the same twice", () => {
  const side = new NumberedLane();
  side.say(5);
  const talk = talkTo(side);
  talk.move();
  talk.greet();
  for (let time = 0; time < 2; time++) talk.say(ackFrame(1));
  assertEquals([side.events, side.lane.unacknowledged], [[], []]);
  side.lane.end();
});
