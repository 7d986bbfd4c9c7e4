import { assert, assertEquals } from "@std/assert";
import type { UntrustedCode } from "../../mod.ts";
import type { MakeDisguise } from "./disguise.ts";
import { ManInTheMiddle } from "./man_in_the_middle.ts";
import type { Plot, Stage } from "./stage.ts";

/** Both victims are told the same of each other. */
export function bothSay(code: UntrustedCode): Plot["refused"] {
  return [["first", "second", code], ["second", "first", code]];
}

/** A plot in which both victims are to be connected with somebody else, who gets nothing of it. */
export function manInTheMiddle(
  what: string,
  disguise: (stage: Stage) => MakeDisguise | Promise<MakeDisguise>,
  refused: Plot["refused"],
): Plot {
  return {
    what,
    attack: async (stage) =>
      stage.use(
        await ManInTheMiddle.open(stage.attacker, {
          victims: [stage.id("first"), stage.id("second")],
          disguise: await disguise(stage),
        }),
      ),
    refused,
    meets: false,
    async then(stage) {
      await stage.attack(ManInTheMiddle).tried;
    },
    async check(stage) {
      const { described, connected, overheard } = await stage
        .attack(ManInTheMiddle).loot();
      assert(described.length > 0);
      assertEquals(connected, []);
      assertEquals(overheard, []);
    },
  };
}
