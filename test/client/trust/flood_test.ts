import { assert, assertEquals } from "@std/assert";
import { readBody, readFrame } from "../../../client/trust/sealed_frame.ts";
import { Page, secretOf, signalText } from "../../support/guards.ts";
import { GuardedRoom } from "../../support/guarded_room.ts";

const MAX_CHARS = 2 ** 18;

Deno.test("readFrame reads a frame of 2^18 characters, and none that is longer", async () => {
  const secret = await secretOf();
  const [ada, bob] = [new Page("ada", { secret }), new Page("bob", { secret })];
  const presence = await ada.guard.sealPresence(null);
  const longest = presence + "A".repeat(MAX_CHARS - presence.length);
  assertEquals(readFrame(longest)?.sender, ada.guard.session);
  for (const more of ["A", "AAAA", "A".repeat(8 * 2 ** 20)]) {
    assertEquals(readFrame(longest + more), undefined);
    const opened = await bob.guard.open("ada", longest + more, true);
    assertEquals(opened, { refused: "forged" });
  }
});

Deno.test("readFrame looks at no more than the head of a frame", async () => {
  const secret = await secretOf();
  const ada = new Page("ada", { secret });
  const presence = await ada.guard.sealPresence(null);
  const broken = `${presence.slice(0, 100)}!${presence.slice(101)}`;
  const frame = readFrame(broken);
  assert(frame);
  assertEquals(frame.sender, ada.guard.session);
  assertEquals(readBody(frame), undefined);
  const bob = new Page("bob", { secret });
  const opened = await bob.guard.open("ada", broken, true);
  assertEquals("refused" in opened && opened.refused, "forged");
});

Deno.test("GuardedSignaling takes another socket once more than 4095 messages wait, and again when that happens again", async () => {
  await using room = await GuardedRoom.open();
  const { secret } = room;
  const ada = await room.join("ada", { secret });
  const bob = await room.join("bob", { secret });
  const page = new Page("bob", { secret });
  const data = await page.guard.sealHello("ada", undefined, false);
  const flooded = async (count: number) => {
    ada.asked.length = 0;
    room.watched.hold();
    // What takes time to open is in the way of all that follows.
    ada.tell({ type: "signal", from: "bob", data });
    const cheap = { type: "away", id: "bob" } as const;
    ada.tell(...Array(count - 1).fill(cheap));
    const asked = [...ada.asked];
    room.watched.release();
    await room.settle();
    return asked;
  };
  assertEquals(await flooded(4095), []);
  assertEquals(await flooded(4096), ["reconnect 4003"]);
  assertEquals(await flooded(6000), ["reconnect 4003"]);
  // It goes on as before.
  ada.news();
  const text = signalText(1, { dial: true });
  bob.guarded.signal("ada", text, 1);
  await room.settle();
  assertEquals(ada.news(), [`signal bob ${text}`]);
});
