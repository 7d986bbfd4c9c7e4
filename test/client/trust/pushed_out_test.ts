import { assertEquals } from "@std/assert";
import type { PeerIdentity } from "../../../client/trust/identity.ts";
import { identityBy, Page, signalText } from "../../support/guards.ts";
import { GuardedRoom } from "../../support/guarded_room.ts";

const [ADA, BOB, EVE] = await Promise.all([
  identityBy("Ed25519"),
  identityBy("Ed25519"),
  identityBy("Ed25519"),
]);

const dial = (generation: number) => signalText(generation, { dial: true });

Deno.test("GuardedSignaling keeps what trust has said, and what the app has answered about whom is here, when thousands of strangers come and go", async () => {
  await using room = await GuardedRoom.open();
  const asked = new Map<string, number>();
  const bob = await room.join("bob", {
    identity: BOB,
    onTrust: ({ id }: PeerIdentity) => {
      asked.set(id, (asked.get(id) ?? 0) + 1);
      return id === ADA.id || id === EVE.id;
    },
  });
  const friend = await room.join("ada", { identity: ADA });
  const banned = await room.join("eve", { identity: EVE });
  bob.guarded.trust(banned.id, false);
  await room.settle();
  const whyNot = () =>
    [friend, banned].map(({ id }) => bob.guarded.whyNot(id) ?? "trusted");
  assertEquals(whyNot(), ["trusted", "the peer was not admitted"]);
  room.leave(banned);
  banned.guarded.close();
  await room.settle();

  for (let index = 0; index < 4097; index++) {
    const identity = await identityBy("Ed25519");
    const { guard, id } = new Page(`${index}`, { identity });
    const presence = await guard.sealPresence(null);
    const peer = { id, joinedAt: 100 + index, away: false, presence };
    bob.tell({ type: "join", peer }, { type: "leave", id, reason: "lost" });
    // As the network brings it: one after the other.
    if (index % 64 === 0) await bob.heard();
  }
  await room.settle();
  assertEquals(asked.size, 4097 + 2);

  bob.news();
  friend.guarded.signal(bob.id, dial(1), 1);
  await room.settle();
  assertEquals(bob.news(), [`signal ${friend.id} ${dial(1)}`]);
  await room.join("eve", { identity: EVE });
  assertEquals(whyNot(), ["trusted", "the peer was not admitted"]);
  assertEquals([asked.get(ADA.id), asked.get(EVE.id)], [1, 1]);
});

Deno.test("Guard takes nothing twice when another member begins thousands of sessions", async () => {
  const [ada, bob] = [
    new Page("ada", { identity: ADA }),
    new Page("bob", { identity: BOB }),
  ];
  const presence = await ada.guard.sealPresence(null);
  await bob.guard.open(ada.id, presence, true);
  await ada.guard.open(bob.id, await bob.guard.sealPresence(null), true);
  const code = async (page: Page, from: Page, text: string) => {
    const opened = await page.guard.open(from.id, text, false);
    return "refused" in opened
      ? opened.refused
      : "session" in opened
      ? opened.signal
      : "unknown";
  };
  const say = async (generation: number) => {
    const session = bob.guard.current(ada.id);
    if (!session) throw new Error("Bob has lost her");
    const text = await bob.guard.sealSignal(
      session,
      ++session.said,
      generation,
      dial(generation),
    );
    return await code(ada, bob, text);
  };
  const toAda = ada.guard.current(bob.id);
  if (!toAda) throw new Error("Ada does not know him");
  const signal = await ada.guard.sealSignal(toAda, 1, 1, dial(1));
  assertEquals(await code(bob, ada, signal), dial(1));
  for (const generation of [1, 2, 3]) {
    assertEquals(await say(generation), dial(generation));
  }

  // A server can say of anybody that it has left.
  bob.guard.forget(ada.id);
  for (let index = 0; index < 4097; index++) {
    const eve = new Page("eve", { identity: EVE });
    const claim = await eve.guard.sealPresence(null);
    await bob.guard.open(eve.id, claim, true);
  }
  await bob.guard.open(ada.id, presence, true);
  assertEquals(await code(bob, ada, signal), "replayed");
  assertEquals(await say(4), dial(4));
});
