import { assertEquals } from "@std/assert";
import {
  describing,
  fingerprintOf,
  Protected,
  signalText,
} from "../../support/guards.ts";
import { type GuardedPage, GuardedRoom } from "../../support/guarded_room.ts";

/** What a page was told that the other one has said, and what was refused. */
function heard(page: GuardedPage): string[] {
  return page.news().flatMap((what) => {
    const [, generation] = /^signal .*"generation":(\d+)/.exec(what) ?? [];
    if (generation !== undefined) return `signal ${generation}`;
    return /^untrusted \S+ (\S+)$/.exec(what)?.slice(1) ?? [];
  });
}

for (const protection of ["key", "identity"] as const) {
  Deno.test(`GuardedSignaling hears the present page of a peer again when a greeting of an earlier one comes late, in a room that is protected by ${protection}`, async () => {
    await using room = await GuardedRoom.open();
    const { secret } = await Protected.make(protection, room.secret);
    const people = await Protected.make(protection);
    const wish = (name: string) => {
      const { id, identity } = people.page(name);
      return { id, identity, secret };
    };
    // Bob is not shown what Ada has published, so he greets her; her answer is kept.
    const kept: string[] = [];
    const before = await room.join("ada", wish("ada"));
    room.show(before, null);
    room.alter = (message, to) => {
      if (message.type !== "signal" || to === before) return [message];
      kept.push(message.data);
      return [];
    };
    const bob = await room.join("bob", wish("bob"));
    const [greeting = ""] = kept;
    assertEquals(kept.length, 1);
    room.alter = (message) => [message];
    room.leave(before);
    await room.settle();
    before.guarded.close();

    const ada = await room.join("ada", wish("ada"));
    const say = async (generation: number) => {
      const text = (name: string) =>
        signalText(generation, describing(fingerprintOf(name)));
      ada.guarded.signal(bob.id, text("ada"), generation);
      bob.guarded.signal(ada.id, text("bob"), generation);
      await room.settle();
      return { ada: heard(ada), bob: heard(bob) };
    };
    for (const page of [ada, bob]) page.news();
    assertEquals(await say(1), { ada: ["signal 1"], bob: ["signal 1"] });

    bob.tell({ type: "signal", from: ada.id, data: greeting });
    await room.settle();
    assertEquals(heard(bob), []);
    // What Bob says is still for the page that is gone; what Ada says leads him back.
    assertEquals(await say(2), { ada: ["stale"], bob: ["signal 2"] });
    assertEquals(await say(3), { ada: ["signal 3"], bob: ["signal 3"] });
    // It works once.
    bob.tell({ type: "signal", from: ada.id, data: greeting });
    await room.settle();
    assertEquals(heard(bob), ["replayed"]);
    assertEquals(await say(4), { ada: ["signal 4"], bob: ["signal 4"] });
  });
}
