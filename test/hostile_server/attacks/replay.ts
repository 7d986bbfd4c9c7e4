import type { SignalFrom } from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";
import { onSignals, type Way } from "./on_signals.ts";

/** Says every signal twice. */
export function repeatSignals(way: Way): Attack {
  return onSignals(way, (signal) => [signal, signal]);
}

/** Keeps all signals, so that they can be said again at any time, also to a later membership of the same id. */
export class Replay implements Attack {
  readonly #kept: { readonly signal: SignalFrom; readonly to: string }[] = [];
  #pages: ReadonlyMap<string, HostilePage> = new Map();
  #waits = false;

  /** {@linkcode Attack.toPage} */
  toPage: NonNullable<Attack["toPage"]> = (message, page) => {
    this.#pages = page.room;
    if (message.type === "welcome" && this.#waits) {
      this.#waits = false;
      // Before anything that is new.
      queueMicrotask(() => this.replay());
    }
    if (message.type === "signal") {
      this.#kept.push({ signal: message, to: page.id });
    }
    return [message];
  };

  /** Says all of them again, to whom they were for. */
  replay(): void {
    for (const { signal, to } of this.#kept) this.#pages.get(to)?.tell(signal);
  }

  /** Does so right after the next welcome. */
  replayAtWelcome(): void {
    this.#waits = true;
  }
}
