import type { SignalFrom } from "../../../protocol.ts";
import type { Attack } from "../attack.ts";
import { onSignals, type Way } from "./on_signals.ts";

/** Exchanges every two signals of the same way. */
export function reorderSignals(way: Way): Attack {
  const waiting = new Map<string, SignalFrom>();
  return onSignals(way, (signal, page) => {
    const key = JSON.stringify([signal.from, page.id]);
    const first = waiting.get(key);
    if (!first) {
      waiting.set(key, signal);
      return [];
    }
    waiting.delete(key);
    return [signal, first];
  });
}
