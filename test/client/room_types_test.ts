import type {
  Connection,
  ConnectOptions,
  PresenceChange,
  Request,
} from "../../mod.ts";
import { connect } from "../../mod.ts";

/** Whether two types are the same. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only if `value` has exactly the type `T`. */
function is<T>() {
  return <V>(
    _value: V,
    ..._same: Equal<V, T> extends true ? [] : [never]
  ) => {};
}

type Both = string | ArrayBuffer;

interface Cursor {
  readonly x: number;
}

const AT = { host: "localhost", room: "a" };

// --- checked by the compiler, never called

async function _connectTakesAndGivesAnythingWhenNothingIsSaid() {
  const room = await connect({ ...AT, presence: { any: 1 } });
  is<Connection>()(room);
  for (const data of ["a", new ArrayBuffer(1), new Blob(), new Uint8Array()]) {
    is<Promise<number>>()(room.send(data));
  }
  // @ts-expect-error: no number is sent.
  room.send(1);
  room.on("message", ({ data, peer }) => {
    is<Both>()(data);
    is<string>()(peer);
  });
  for await (const { data } of room.messages()) is<Both>()(data);
  is<Promise<Both>>()(room.request("a", { to: "b" }));
  room.onRequest(({ data }) => {
    is<Both>()(data);
    return new Uint8Array();
  });
  // @ts-expect-error: no number is an answer.
  room.onRequest(() => 1);
  room.setPresence({ any: 1 });
  for (const { presence } of room.peers.values()) is<unknown>()(presence);
  room.on("presence", ({ presence }) => is<unknown>()(presence));
}

async function _connectChecksPresenceWhenItsTypeIsSaid() {
  const room = await connect<{ presence: Cursor }>({
    ...AT,
    presence: { x: 1 },
  });
  // @ts-expect-error: it has a string.
  void connect<{ presence: Cursor }>({ ...AT, presence: { x: "1" } });
  await connect<{ presence: Cursor }>(AT);
  room.setPresence({ x: 2 });
  // @ts-expect-error: it lacks the number.
  room.setPresence({});
  for (const { presence } of room.peers.values()) is<Cursor | null>()(presence);
  room.on("presence", (change) => {
    is<PresenceChange<Cursor>>()(change);
    is<Cursor | null>()(change.presence);
  });
  // Of messages nothing was said.
  room.send(new Blob());
  room.on("message", ({ data }) => is<Both>()(data));
}

async function _connectChecksMessagesWhenTheyAreText() {
  const room = await connect<{ messages: string }>(AT);
  room.send("a");
  // @ts-expect-error: it would arrive as an ArrayBuffer.
  room.send(new Uint8Array());
  // @ts-expect-error: it would arrive as an ArrayBuffer.
  room.send(new Blob());
  room.on("message", ({ data }) => is<string>()(data));
  room.once("message", ({ data }) => is<string>()(data));
  for await (const { data } of room.messages()) is<string>()(data);
  is<Promise<string>>()(room.request("a", { to: "b" }));
  // @ts-expect-error: it would arrive as an ArrayBuffer.
  room.request(new ArrayBuffer(1), { to: "b" });
  room.onRequest((request) => {
    is<Request<string>>()(request);
    return request.data;
  });
  const channel = room.channel("moves");
  channel.send("a");
  // @ts-expect-error: it has the messages of the room.
  channel.send(new Uint8Array());
  channel.on("message", ({ data }) => is<string>()(data));
  // Of presence nothing was said.
  room.setPresence({ any: 1 });
  for (const { presence } of room.peers.values()) is<unknown>()(presence);
}

async function _connectChecksMessagesWhenTheyAreSomeTexts() {
  const room = await connect<{ messages: "ping" | "pong" }>(AT);
  room.send("ping");
  // @ts-expect-error: it is neither.
  room.send("pang");
  room.on("message", ({ data }) => is<"ping" | "pong">()(data));
}

async function _connectChecksMessagesWhenTheyAreBinary() {
  const room = await connect<{ messages: ArrayBuffer }>(AT);
  for (
    const data of [
      new ArrayBuffer(1),
      new Uint8Array(),
      new DataView(new ArrayBuffer(1)),
      new Blob(),
    ]
  ) {
    room.send(data);
  }
  // @ts-expect-error: it would arrive as a string.
  room.send("a");
  room.on("message", ({ data }) => is<ArrayBuffer>()(data));
  // A channel may carry something else.
  const chat = room.channel<string>("chat");
  chat.send("a");
  chat.on("message", ({ data }) => is<string>()(data));
}

async function _connectChecksMessagesWhenTheyAreBoth() {
  const room = await connect<{ presence: Cursor; messages: Both }>(AT);
  room.send("a");
  room.send(new Uint8Array());
  room.on("message", ({ data }) => is<Both>()(data));
}

function _connectRefusesWhatCannotArrive() {
  // @ts-expect-error: a number is no message.
  void connect<{ messages: number }>(AT);
  // @ts-expect-error: a Blob arrives as an ArrayBuffer.
  void connect<{ messages: Blob }>(AT);
  // @ts-expect-error: a message has a type of its own only as string or ArrayBuffer.
  void connect<{ messages: Cursor }>(AT);
  // @ts-expect-error: neither presence nor messages.
  void connect<{ presense: Cursor }>(AT);
}

async function _connectTakesAnInterface() {
  interface Room {
    presence: Cursor;
    messages: string;
  }
  const room = await connect<Room>(AT);
  room.send("a");
  is<ConnectOptions<Cursor>>()({} as ConnectOptions<Cursor>);
  // A room whose types are said serves wherever any does.
  const any: Pick<Connection, "close" | "on" | "state"> = room;
  any.close();
}
