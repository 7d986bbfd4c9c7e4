import type { ServerMessage, SignalFrom } from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";
import { onSignals, type Way } from "./on_signals.ts";

/** Keeps back one signal, until it is released. */
export class Delay implements Attack {
  readonly #signals: Attack;
  #kept:
    | { readonly signal: SignalFrom; readonly page: HostilePage }
    | undefined;
  #count = 0;

  /** Waits for the signal of this way that has so many before it. */
  constructor(way: Way, index: number) {
    this.#signals = onSignals(way, (signal, page) => {
      if (this.#count++ !== index) return [signal];
      this.#kept = { signal, page };
      return [];
    });
  }

  /** {@linkcode Attack.toPage} */
  toPage(message: ServerMessage, page: HostilePage): ServerMessage[] {
    return this.#signals.toPage?.(message, page) ?? [message];
  }

  /** Lets it go. */
  release(): void {
    this.#kept?.page.tell(this.#kept.signal);
  }
}
