import { assertEquals } from "@std/assert";
import { readFrame } from "../../../client/trust/sealed_frame.ts";
import {
  describing,
  fingerprintOf,
  identityBy,
  Page,
  signalText,
} from "../../support/guards.ts";
import { GuardedRoom } from "../../support/guarded_room.ts";

const [ADA, BOB, EVE] = await Promise.all([
  identityBy("Ed25519"),
  identityBy("Ed25519"),
  identityBy("Ed25519"),
]);

for (const order of [["eve", "ada"], ["ada", "eve"]] as const) {
  for (const late of [false, true]) {
    const when = late ? "comes later" : "is in the welcome";
    Deno.test(`GuardedSignaling hears a peer when another member claims its session, in the order ${order.join()}, and its presence ${when}`, async () => {
      await using room = await GuardedRoom.open();
      const [ada, eve] = [
        room.page("ada", { identity: ADA }),
        room.page("eve", { identity: EVE }),
      ];
      for (const name of order) room.enter(name === "ada" ? ada : eve);
      await room.settle();
      eve.guarded.close();
      // Everybody can read who a frame is from.
      const { presence = null } = room.member(ada);
      const session = readFrame(presence ?? "")?.sender;
      if (!session) throw new Error("Ada has published nothing");
      const thief = new Page("eve", { identity: EVE, session });
      assertEquals(thief.guard.session, session);
      room.show(eve, await thief.guard.sealPresence('"ada"'));
      if (late) room.show(ada, null);

      const bob = await room.join("bob", { identity: BOB });
      if (late) bob.tell({ type: "presence", id: ada.id, presence });
      await room.settle();
      // The claim was taken: it is hers to make.
      assertEquals(bob.guarded.session(eve.id)?.identity?.id, eve.id);
      bob.news();
      ada.news();
      const said = async (generation: number) => {
        const text = (name: string) =>
          signalText(generation, describing(fingerprintOf(name)));
        ada.guarded.signal(bob.id, text("ada"), generation);
        bob.guarded.signal(ada.id, text("bob"), generation);
        await room.settle();
        const [atAda, atBob] = [ada.news(), bob.news()];
        assertEquals(atBob, [`signal ${ada.id} ${text("ada")}`]);
        assertEquals(atAda, [`signal ${bob.id} ${text("bob")}`]);
      };
      for (const generation of [1, 2, 3]) await said(generation);
      room.leave(eve);
      await room.settle();
      for (const page of [ada, bob]) page.news();
      await said(4);
    });
  }
}

Deno.test("GuardedSignaling names a page by its session and its id, so that whoever claims the session is not taken for it", async () => {
  await using room = await GuardedRoom.open();
  const ada = await room.join("ada", { identity: ADA });
  const bob = room.page("bob", { identity: BOB });
  const session = readFrame(room.member(ada).presence ?? "")?.sender;
  if (!session) throw new Error("Ada has published nothing");
  const thief = new Page("eve", { identity: EVE, session });
  room.enter(bob);
  await room.settle();
  const presence = await thief.guard.sealPresence(null);
  const peer = { id: EVE.id, joinedAt: 99, away: false, presence };
  bob.tell({ type: "join", peer });
  await room.settle();
  const mine = ada.guarded.names(BOB.id)?.mine;
  assertEquals(bob.guarded.names(ADA.id)?.theirs(), mine);
  const claimed = bob.guarded.names(EVE.id)?.theirs();
  assertEquals(claimed?.length, mine?.length);
  assertEquals(`${claimed}` === `${mine}`, false);
});
