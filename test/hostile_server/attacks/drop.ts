import type { SignalFrom } from "../../../protocol.ts";
import type { Attack } from "../attack.ts";
import { onSignals, type Way } from "./on_signals.ts";

/** Keeps back the signals that a rule names; `index` counts those of this way. */
export function dropSignals(
  way: Way,
  isDropped: (signal: SignalFrom, index: number) => boolean,
): Attack {
  let index = 0;
  return onSignals(
    way,
    (signal) => isDropped(signal, index++) ? [] : [signal],
  );
}
