import { assertEquals } from "@std/assert";
import { FakeTime } from "../../support/fake_time.ts";
import { identityBy, Protected } from "../../support/guards.ts";
import { GuardedRoom } from "../../support/guarded_room.ts";

for (const protection of ["key", "identity"] as const) {
  Deno.test(`GuardedSignaling meets a peer five seconds later when its greeting was lost and the peer's presence is kept back, in a room that is protected by ${protection}`, async () => {
    await using room = await GuardedRoom.open();
    const { secret } = await Protected.make(protection, room.secret);
    const wish = async (id: string) =>
      protection === "key"
        ? { secret, id }
        : { identity: await identityBy("Ed25519") };
    const ada = room.page("ada", await wish("ada"));
    const bob = room.page("bob", await wish("bob"));
    using time = new FakeTime();
    const settle = async () => {
      for (let round = 0; round < 5; round++) {
        await room.watched.idle();
        await time.flow(0);
        await room.settle();
      }
    };
    room.enter(ada);
    await settle();
    room.show(ada, null);
    let said = 0;
    room.alter = (message, to) => {
      // Nor does she hear what he publishes.
      if (message.type === "presence") return [];
      said++;
      return to === ada ? [] : [message];
    };
    room.enter(bob);
    await settle();
    assertEquals(said, 1);
    const whyNot =
      () => [ada.guarded.whyNot(bob.id), bob.guarded.whyNot(ada.id)];
    const stranger = "the peer is not trusted yet";
    assertEquals(whyNot(), [stranger, stranger]);
    room.alter = (message) => {
      if (message.type === "presence") return [];
      said++;
      return [message];
    };
    await time.flow(4_999);
    await settle();
    assertEquals(whyNot(), [stranger, stranger]);
    await time.flow(1);
    await settle();
    assertEquals(whyNot(), [undefined, undefined]);
    // One that was lost, one that was not, and its answer.
    assertEquals(said, 3);
    await time.flow(60_000);
    await settle();
    assertEquals([said, time.timers], [3, 0]);
  });
}
