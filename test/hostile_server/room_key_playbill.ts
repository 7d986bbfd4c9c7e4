import { assertEquals } from "@std/assert";
import { createRoomKey } from "../../mod.ts";
import type { RoomSecret } from "../../client/trust/room_secret.ts";
import { impostor } from "./impostor.ts";
import { ManInTheMiddle } from "./man_in_the_middle.ts";
import { bothSay, manInTheMiddle } from "./man_in_the_middle_plot.ts";
import { opaqueAttacks } from "./opaque_attacks.ts";
import { slowAttacks } from "./signal_attacks.ts";
import type { Playbill } from "./playbill.ts";
import type { Plot } from "./stage.ts";
import { secretOf } from "./secret_of.ts";

const KEY = createRoomKey();
const OTHER_KEY = createRoomKey();

const IN_THE_MIDDLE = [
  manInTheMiddle(
    "stands in the middle with a key of its own",
    async ({ room }) =>
      impostor({ room, secret: await secretOf(OTHER_KEY, room) }),
    bothSay("key-mismatch"),
  ),
  manInTheMiddle(
    "stands in the middle and names the key that it has not",
    async ({ room }) => {
      const secret = await secretOf(OTHER_KEY, room);
      // It stands in every frame.
      const { keyId } = await secretOf(KEY, room);
      const key = secret.key.bind(secret);
      return impostor({
        room,
        secret: { keyId, key } as unknown as RoomSecret,
      });
    },
    bothSay("forged"),
  ),
];

/** The others are no proof if this one, who can do all that it needs, fails, too. */
const WITH_THE_KEY: Plot = {
  ...manInTheMiddle(
    "stands in the middle, unless it has the key",
    async ({ room }) =>
      impostor({ room, secret: await secretOf(KEY, room), pushes: false }),
    [],
  ),
  meets: true,
  async check(stage) {
    const { connected, overheard } = await stage.attack(ManInTheMiddle).loot();
    const both = [stage.id("first"), stage.id("second")];
    assertEquals(connected.toSorted(), both);
    for (const from of both) {
      const said = overheard.filter((each) =>
        each.from === from && each.text.includes(`${from} says so`)
      );
      assertEquals(said.length, 1);
    }
  },
};

const PLOTS = [
  ...opaqueAttacks({
    clear: "key-mismatch",
    swapped: "forged",
    elsewhere: ["key-mismatch"],
  }),
  ...IN_THE_MIDDLE,
];

/** What is played in rooms with a key. */
export const ROOM_KEY_PLAYBILL: Playbill = {
  name: "a room key",
  protection: { key: [...KEY] },
  plots: [...PLOTS, WITH_THE_KEY],
  mixed: PLOTS.filter(({ what }) => /middle|later|half/.test(what)),
  slow: slowAttacks(),
};
