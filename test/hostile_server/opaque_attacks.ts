import { inClear } from "./disguise.ts";
import { bothSay, manInTheMiddle } from "./man_in_the_middle_plot.ts";
import { presenceAttacks } from "./presence_attacks.ts";
import { signalAttacks } from "./signal_attacks.ts";
import type { Plot, Refusals } from "./stage.ts";

/** Attacks of a server that need not understand anything. */
export function opaqueAttacks(refusals: Refusals): readonly Plot[] {
  return [
    ...signalAttacks(refusals),
    ...presenceAttacks(refusals),
    manInTheMiddle(
      "stands in the middle and speaks in clear",
      () => inClear,
      bothSay(refusals.clear),
    ),
  ];
}
