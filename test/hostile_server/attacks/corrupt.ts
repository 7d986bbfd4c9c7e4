import type { Attack } from "../attack.ts";
import { onSignals, type Way } from "./on_signals.ts";

/** Cuts off the second half of every signal. */
export function truncateSignals(way: Way): Attack {
  return onSignals(way, (signal) => [{
    ...signal,
    data: signal.data.slice(0, signal.data.length / 2),
  }]);
}

/** Changes a bit of every signal, `at` of its length from the start. */
export function flipBits(way: Way, at: number): Attack {
  return onSignals(way, (signal) => [{
    ...signal,
    data: flipBit(signal.data, at),
  }]);
}

/** Another character in the place of one, that may stand there as well. */
export function flipBit(text: string, at: number): string {
  const index = Math.floor(text.length * at);
  const other = text[index] === "A" ? "B" : "A";
  return text.slice(0, index) + other + text.slice(index + 1);
}
