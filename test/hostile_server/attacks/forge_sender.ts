import type { Attack } from "../attack.ts";
import { onSignals, type Way } from "./on_signals.ts";

/** What one says arrives as if `as` had said it. */
export function forgeSender(way: Way, as: string): Attack {
  return onSignals(way, (signal) => [{ ...signal, from: as }]);
}

/** What one says to a page arrives at another one, which gets it beside its own. */
export function misdeliver(way: Way, at: string): Attack {
  return onSignals(way, (signal, page) => {
    page.room.get(at)?.tell(signal);
    return [signal];
  });
}
