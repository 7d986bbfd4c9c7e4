import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ChannelDatagrams } from "../../../client/data/channel_datagrams.ts";
import { Exchange } from "../../../client/data/exchange.ts";
import { MAX_CHANNELS } from "../../../client/data/channels.ts";
import { SendError } from "../../../client/data/send_error.ts";
import type { Undelivered } from "../../../client/events.ts";
import { JoinedChannel } from "../../support/joined_channels.ts";
import { connectionThatTakes } from "../../support/joined_lanes.ts";

function alone(): Exchange {
  return new Exchange({
    maxMessageBytes: 2 ** 20,
    met: () => [],
    plane: () => undefined,
    on: () => () => {},
    onMessage: () => () => {},
    onLost: () => {},
  });
}

Deno.test("Exchange.channel gives the same channel when it is asked for again with the same options", () => {
  const exchange = alone();
  const channel = exchange.channel("x", { maxRetransmits: 0 });
  assertStrictEquals(
    exchange.channel("x", { ordered: true, maxRetransmits: 0 }),
    channel,
  );
  assertEquals([channel.name, channel.peers, channel.options.ordered], [
    "x",
    [],
    true,
  ]);
  assertThrows(
    () => exchange.channel("x", {}),
    TypeError,
    'Cannot open channel: "x" is there already, with other options',
  );
});

Deno.test("Exchange.channel gives another channel when the one before was closed, however often", () => {
  const exchange = alone();
  const before = exchange.channel("x", {});
  before.close();
  const channel = exchange.channel("x", { ordered: false });
  assertEquals(channel === before, false);
  // It has its name no more.
  before.close();
  assertStrictEquals(exchange.channel("x", { ordered: false }), channel);
  assertEquals([...exchange.channels].length, 1);
});

Deno.test("Exchange.channel throws when there are 64 already, until one is closed", () => {
  const exchange = alone();
  for (let index = 0; index < MAX_CHANNELS; index++) {
    exchange.channel(`${index}`, {});
  }
  assertThrows(
    () => exchange.channel("x", {}),
    RangeError,
    "Cannot open channel: there are 64 already",
  );
  exchange.channel("7", {}).close();
  assertEquals(exchange.channel("x", {}).name, "x");
});

Deno.test("Channel.send sends to nobody, or says who is not there, when it is open for nobody", async () => {
  const channel = alone().channel("x", {});
  assertEquals(await channel.send("hello"), 0);
  const error = await channel.send("hello", { to: "y" })
    .catch((error) => `${error.name}: ${error.message}`);
  assertEquals(
    error,
    'InvalidStateError: Cannot send: channel "x" is not open for peer "y"',
  );
});

Deno.test("Channel.send keeps no datagram from the others when a peer takes messages of one byte, unless it is named", async () => {
  const exchange = alone();
  const channel = exchange.channel("x", { ordered: false });
  const [{ lines } = { lines: new Map() }] = exchange.channels;
  const sent = Object.entries({ small: 1, large: 262_144 }).map(
    ([peer, maxMessageSize]) => {
      const [end] = JoinedChannel.pair();
      end.open();
      const datagrams = new ChannelDatagrams({ onMessage() {} });
      datagrams.attach(end.real, connectionThatTakes(maxMessageSize));
      lines.set(peer, datagrams);
      return end.sent;
    },
  );
  const told: Undelivered[] = [];
  channel.on("undelivered", (undelivered) => told.push(undelivered));
  const error = await assertRejects(() => channel.send("left"), SendError);
  assertEquals(error.lost, ["small"]);
  assertInstanceOf(error.cause, RangeError);
  assertEquals(told, [{ peer: "small", messages: 1 }]);
  assertEquals(sent, [[], ["left"]]);
  await assertRejects(
    () => channel.send("named", { to: ["large", "small"] }),
    RangeError,
    'peer "small" takes at most 1 bytes',
  );
  assertEquals(sent, [[], ["left"]]);
});

Deno.test("Channel.once calls its listener once, and not when it is taken back", () => {
  const exchange = alone();
  const channel = exchange.channel("x", {});
  const heard: string[] = [];
  channel.once("open", (peer) => heard.push(peer));
  channel.once("open", (peer) => heard.push(`taken back ${peer}`))();
  for (const { events } of exchange.channels) {
    events.emit("open", "a");
    events.emit("open", "b");
  }
  assertEquals(heard, ["a"]);
});
