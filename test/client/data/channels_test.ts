import { assertEquals } from "@std/assert";
import { MAX_CHANNELS } from "../../../client/data/channels.ts";
import { KIND } from "../../../client/data/item_frame.ts";
import {
  AskingSide,
  NamedChannel,
  sendBy,
} from "../../support/asking_sides.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { JoinedChannel } from "../../support/joined_channels.ts";

/** Both sides, connected. */
function sides(): { polite: AskingSide; impolite: AskingSide } {
  const both = {
    polite: new AskingSide(true),
    impolite: new AskingSide(false),
  };
  both.polite.connect();
  both.impolite.connect();
  return both;
}

/** Everything that was said and made arrives, and all that comes of it. */
function settle(polite: AskingSide, impolite: AskingSide): void {
  do {
    impolite.hear(polite);
    impolite.open(polite);
    polite.hear(impolite);
  } while (polite.said.length + impolite.made.length > 0);
}

/** A stranger's RTCDataChannel. */
function stranger(label: string, protocol: string): NamedChannel {
  const [end] = JoinedChannel.pair();
  const channel = new NamedChannel(end, label, protocol);
  end.readyState = "open";
  return channel;
}

const ORDERS: readonly (readonly ("polite" | "impolite")[])[] = [
  ["polite", "impolite"],
  ["impolite", "polite"],
];

for (const order of ORDERS) {
  Deno.test(`Channels makes one RTCDataChannel, on the impolite side, when the ${order[0]} one asks first`, () => {
    const both = sides();
    const { polite, impolite } = both;
    for (const side of order) {
      both[side].ask("x", { ordered: false });
      polite.hear(impolite);
      impolite.hear(polite);
    }
    assertEquals([polite.made.length, impolite.made.length], [0, 1]);
    impolite.open(polite);
    assertEquals([polite.events, impolite.events], [["open x"], ["open x"]]);
  });
}

Deno.test("Channels opens when the RTCDataChannel comes before the word of what it answers", () => {
  const { polite, impolite } = sides();
  polite.ask("x", { ordered: false });
  const mine = impolite.ask("x", { ordered: false });
  impolite.hear(polite);
  impolite.open(polite);
  assertEquals(polite.events, ["open x"]);
  assertEquals(polite.hear(impolite), true);
  mine.onClose();
  // The end of it has a close event as well; the word alone is not enough.
  polite.hear(impolite);
  impolite.ask("x", { ordered: false });
  impolite.open(polite);
  polite.hear(impolite);
  assertEquals(polite.events, ["open x", "close x", "open x"]);
});

Deno.test("Channels closes an RTCDataChannel when what it answers was given up meanwhile", () => {
  const { polite, impolite } = sides();
  const parts = polite.ask("x", { ordered: false });
  impolite.ask("x", { ordered: false });
  impolite.hear(polite);
  parts.onClose();
  polite.ask("x", { ordered: false });
  const [made] = impolite.made;
  impolite.open(polite);
  assertEquals(made?.[1].end.readyState, "closed");
  assertEquals(polite.events, []);
  impolite.hear(polite);
  impolite.open(polite);
  assertEquals(polite.events, ["open x"]);
  // It had opened there, and was for nobody.
  assertEquals(impolite.events, ["open x", "close x", "open x"]);
});

Deno.test("Channels closes an RTCDataChannel that it gives up while it connects no sooner than it is open", () => {
  const { polite, impolite } = sides();
  polite.ask("x", { ordered: false });
  const mine = impolite.ask("x", { ordered: false });
  impolite.hear(polite);
  const [made] = impolite.made;
  mine.onClose();
  // Until then a browser would give its number to the next one.
  assertEquals(made?.[0].end.readyState, "connecting");
  made?.[0].open();
  assertEquals(made?.[0].end.readyState, "closed");
  assertEquals(impolite.events, []);
});

Deno.test("Channels makes the RTCDataChannel again, and says nothing, when there is another connection", () => {
  for (const options of [{}, { maxRetransmits: 0 }]) {
    const { polite, impolite } = sides();
    polite.ask("x", options);
    impolite.ask("x", options);
    settle(polite, impolite);
    for (const side of [polite, impolite]) {
      side.channels.detach();
      side.connect();
    }
    assertEquals(impolite.made.length, 1);
    impolite.open(polite);
    assertEquals([polite.events, impolite.events], [["open x"], ["open x"]]);
    for (const side of [polite, impolite]) {
      side.channels.detach();
      side.channels.end();
    }
  }
});

Deno.test("Channels makes the RTCDataChannel again, and loses nothing, when it closes alone", () => {
  using _time = new FakeTime();
  const { polite, impolite } = sides();
  polite.ask("x");
  const mine = impolite.ask("x");
  impolite.hear(polite);
  const [made] = impolite.made;
  settle(polite, impolite);
  made?.[0].end.flush();
  assertEquals(sendBy(mine, "on its way"), 1);
  made?.[0].end.die();
  assertEquals([impolite.made.length, polite.made.length], [1, 0]);
  sendBy(mine, "in between");
  const [again] = impolite.made;
  settle(polite, impolite);
  again?.[0].end.flush();
  assertEquals(polite.events, [
    "open x",
    "message on its way",
    "message in between",
  ]);
  assertEquals(impolite.events, ["open x"]);
  for (const side of [polite, impolite]) side.channels.end();
});

for (const opened of [true, false]) {
  const when = opened ? "has opened" : "comes";
  Deno.test(`Channels makes one more RTCDataChannel in each connection, and no others, when the other side closes each as it ${when}`, () => {
    const { polite, impolite } = sides();
    polite.ask("x", { ordered: false });
    impolite.ask("x", { ordered: false });
    polite.hear(impolite);
    impolite.hear(polite);
    const closeAll = () => {
      let count = 0;
      for (let round = 0; round < 10; round++) {
        const made = [...impolite.made];
        if (opened) impolite.open(polite);
        else impolite.made.length = 0;
        for (const [{ end }] of made) end.end();
        count += made.length;
      }
      return count;
    };
    assertEquals(closeAll(), 2);
    const events = opened ? ["open x", "close x"] : [];
    assertEquals(impolite.events, events);
    impolite.channels.detach();
    impolite.connect();
    assertEquals(closeAll(), 2);
    assertEquals(impolite.events, [...events, ...events]);
  });
}

Deno.test("Channels drops a datagram when there is no connection, or more than 64 KiB wait", () => {
  const { polite, impolite } = sides();
  const theirs = polite.ask("x", { ordered: false });
  const mine = impolite.ask("x", { ordered: false });
  impolite.hear(polite);
  const end = impolite.made[0]?.[0].end;
  impolite.open(polite);
  assertEquals(sendBy(mine, "small"), 1);
  if (end) end.bufferedAmount = 65_537;
  assertEquals(sendBy(mine, "too much waits"), 0);
  if (end) end.bufferedAmount = 0;
  assertEquals(sendBy(mine, "again"), 1);
  impolite.channels.detach();
  assertEquals([sendBy(mine, "nobody"), mine.lines.size], [0, 1]);
  assertEquals(theirs.lines.size, 1);
});

Deno.test("Channels tells both sides when the options differ, and makes nothing", async () => {
  const { polite, impolite } = sides();
  polite.ask("x", { ordered: false });
  impolite.ask("x");
  settle(polite, impolite);
  await Promise.resolve();
  assertEquals([polite.events, impolite.events], [["options-differ"], [
    "options-differ",
  ]]);
  assertEquals(impolite.made, []);
});

Deno.test("Channels asks again for all that the app wants when the other side has begun anew", () => {
  const { polite, impolite } = sides();
  polite.ask("x", { ordered: false });
  polite.ask("y");
  impolite.ask("x", { ordered: false });
  settle(polite, impolite);
  polite.channels.reset();
  assertEquals(polite.events, ["open x", "close x"]);
  assertEquals(polite.said.map(([, text]) => JSON.parse(text).name), [
    "x",
    "y",
  ]);
  const another = new AskingSide(false);
  another.connect();
  another.ask("x", { ordered: false });
  settle(polite, another);
  assertEquals(polite.events, ["open x", "close x", "open x"]);
});

// --- listeners that do something to the channel of which they hear

for (const who of ["polite", "impolite"] as const) {
  Deno.test(`Channels opens again when a listener of close asks again, on the ${who} side that closed it`, () => {
    const { polite, impolite } = sides();
    const parts = {
      polite: polite.ask("x", { ordered: false }),
      impolite: impolite.ask("x", { ordered: false }),
    };
    settle(polite, impolite);
    const side = { polite, impolite }[who];
    parts[who].events.on("close", () => {
      side.ask("x", { ordered: false });
    });
    parts[who].onClose();
    settle(polite, impolite);
    assertEquals(side.events, ["open x", "close x", "open x"]);
  });
}

Deno.test("Channels opens when it is asked for again, though a listener of close had closed it as the other side asked anew", () => {
  const { polite, impolite } = sides();
  const theirs = polite.ask("x", { ordered: false });
  const mine = impolite.ask("x", { ordered: false });
  settle(polite, impolite);
  mine.events.on("close", () => mine.onClose());
  // Its words come before the close event of the RTCDataChannel.
  theirs.onClose();
  polite.ask("x", { ordered: false });
  settle(polite, impolite);
  assertEquals(impolite.events, ["open x", "close x"]);
  impolite.ask("x", { ordered: false });
  settle(polite, impolite);
  assertEquals(impolite.events, ["open x", "close x", "open x"]);
});

Deno.test("Channels opens what a listener of close asks for when the other side has begun anew", () => {
  const { polite, impolite } = sides();
  const mine = impolite.ask("x", { ordered: false });
  polite.ask("x", { ordered: false });
  settle(polite, impolite);
  mine.events.on("close", () => {
    impolite.ask("y", { ordered: false });
  });
  impolite.channels.detach();
  const another = new AskingSide(true);
  another.connect();
  for (const name of ["x", "y"]) another.ask(name, { ordered: false });
  impolite.connect();
  impolite.channels.reset();
  settle(another, impolite);
  assertEquals(another.events.toSorted(), ["open x", "open y"]);
  assertEquals(impolite.events.slice(0, 2), ["open x", "close x"]);
  assertEquals(impolite.events.slice(2).toSorted(), ["open x", "open y"]);
});

Deno.test("Channels opens nothing when a listener of close has closed it as the RTCDataChannel for another asking came", () => {
  const { polite, impolite } = sides();
  const theirs = impolite.ask("x", { ordered: false });
  const mine = polite.ask("x", { ordered: false });
  settle(polite, impolite);
  mine.events.on("close", () => mine.onClose());
  theirs.onClose();
  impolite.ask("x", { ordered: false });
  // Before the word.
  const [made] = impolite.made;
  impolite.open(polite);
  assertEquals(polite.events, ["open x", "close x"]);
  assertEquals([mine.lines.size, made?.[1].end.readyState], [0, "closed"]);
});

Deno.test("Channels closes it when the pair ends, before anything else can be said", () => {
  const { polite, impolite } = sides();
  const parts = polite.ask("x", { ordered: false });
  impolite.ask("x", { ordered: false });
  settle(polite, impolite);
  polite.channels.end();
  assertEquals([polite.events, parts.lines.size], [["open x", "close x"], 0]);
});

for (
  const [label, protocol] of [
    ["x", "webrtc-channel.1.1"],
    ["unknown", "webrtc-channel.1.1"],
    ["__proto__", "webrtc-channel.1.1"],
    ["x", "webrtc-channel.99999999999999999999.1"],
    ["x", "webrtc-channel"],
    ["x", ""],
  ] as const
) {
  Deno.test(`Channels closes an RTCDataChannel when it is a stranger's, ${JSON.stringify(label)} with protocol ${JSON.stringify(protocol)}`, () => {
    for (const polite of [true, false]) {
      const side = new AskingSide(polite);
      side.connect();
      side.ask("x");
      const channel = stranger(label, protocol);
      side.channels.adopt(channel.end.real);
      assertEquals([channel.end.readyState, side.events], ["closed", []]);
    }
  });
}

const LIES: readonly [name: string, said: [kind: 8 | 9, value: unknown][]][] = [
  ["sends no JSON of an asking", [[KIND.channel, []]]],
  ["numbers its askings backwards", [
    [KIND.channel, { name: "x", ask: 2 }],
    [KIND.channel, { name: "y", ask: 1 }],
  ]],
  [
    "asks for more than 64",
    Array.from(
      { length: MAX_CHANNELS + 1 },
      (_, ask) => [KIND.channel, { name: `${ask}`, ask }],
    ),
  ],
];

for (const [name, said] of LIES) {
  Deno.test(`Channels refuses what is said when the peer ${name}`, () => {
    const side = new AskingSide(true);
    const taken = said.map(([kind, value]) =>
      side.channels.receive(
        kind,
        new TextEncoder().encode(JSON.stringify(value)),
      )
    );
    assertEquals(taken.indexOf(false), said.length - 1);
  });
}

Deno.test("Channels forgets names when nobody asks for them any more", () => {
  const side = new AskingSide(true);
  const say = (kind: 8 | 9, value: unknown) =>
    side.channels.receive(
      kind,
      new TextEncoder().encode(JSON.stringify(value)),
    );
  const taken = new Set<boolean>();
  for (let ask = 0; ask < 10_000; ask++) {
    taken.add(say(KIND.channel, { name: `${ask}`, ask }));
    taken.add(say(KIND.channelEnd, { name: `${ask}`, ask }));
    // Of what is unknown there is nothing to end.
    taken.add(say(KIND.channelEnd, { name: "unknown", ask }));
  }
  assertEquals([...taken], [true]);
});
