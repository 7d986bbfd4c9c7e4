import { assertEquals } from "@std/assert";
import { identityBy, Page, signalText } from "../../support/guards.ts";
import { GuardedRoom } from "../../support/guarded_room.ts";

const dial = (generation: number) => signalText(generation, { dial: true });

Deno.test("GuardedSignaling is understood by a peer of which a welcome tells twice, whoever speaks first", async () => {
  await using room = await GuardedRoom.open();
  const { secret } = room;
  const ada = await room.join("ada", { secret });
  const bob = room.page("bob", { secret });
  // Should he greet her as somebody he is not sure of, she does not hear it.
  room.alter = (message) => message.type === "signal" ? [] : [message];
  const tell = bob.tell.bind(bob);
  bob.tell = (...messages) =>
    tell(...messages.map((message) => {
      if (message.type !== "welcome") return message;
      const twice = message.peers.flatMap((peer) => [peer, { ...peer }]);
      return { ...message, peers: twice };
    }));
  room.enter(bob);
  await room.settle();
  room.alter = (message) => [message];
  const say = async (first: number, last: number) => {
    for (const page of [ada, bob]) page.news();
    const all = [];
    for (let generation = first; generation <= last; generation++) {
      bob.guarded.signal("ada", dial(generation), generation);
      all.push(`signal bob ${dial(generation)}`);
    }
    await room.settle();
    assertEquals(ada.news(), all);
  };
  await say(1, 20);
  ada.guarded.signal("bob", dial(20), 20);
  await room.settle();
  assertEquals(bob.news(), [`signal ada ${dial(20)}`]);
  await say(21, 42);
});

Deno.test("Guard knows one session when two frames of it are opened at the same time", async () => {
  const [ADA, BOB] = await Promise.all([
    identityBy("Ed25519"),
    identityBy("Ed25519"),
  ]);
  const ada = new Page("ada", { identity: ADA });
  const bob = new Page("bob", { identity: BOB });
  const presence = await ada.guard.sealPresence(null);
  const opened = await Promise.all([
    bob.guard.open(ada.id, presence, true),
    bob.guard.open(ada.id, presence, true),
  ]);
  const sessions = opened.map((each) => "session" in each && each.session);
  assertEquals(sessions[0] && sessions[0] === sessions[1], true);
  assertEquals(bob.guard.current(ada.id) === sessions[0], true);
});
