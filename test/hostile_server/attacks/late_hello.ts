import type { ServerMessage, SignalFrom } from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";
import { onPresences } from "./on_presences.ts";

/** Hides a page from another one, which greets it then, and keeps its answer for later. */
export class LateHello implements Attack {
  /** Resolves when there is an answer. */
  readonly kept: Promise<void>;
  readonly #kept = Promise.withResolvers<void>();
  readonly #from: string;
  readonly #to: string;
  readonly #hidden: Attack;
  #signal: SignalFrom | undefined;
  #page: HostilePage | undefined;
  #shown = false;

  /** Hides `from` from `to`. */
  constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
    this.kept = this.#kept.promise;
    this.#hidden = onPresences(
      from,
      (presence, id) => id === to ? null : presence,
    );
  }

  /** {@linkcode Attack.toPage} */
  toPage(message: ServerMessage, page: HostilePage): ServerMessage[] {
    if (this.#shown || page.id !== this.#to) return [message];
    if (message.type !== "signal" || message.from !== this.#from) {
      return this.#hidden.toPage?.(message, page) ?? [message];
    }
    this.#signal ??= message;
    this.#page = page;
    this.#kept.resolve();
    return [];
  }

  /** Hides nothing any more. */
  shows(): void {
    this.#shown = true;
  }

  /** Says what was kept. */
  release(): void {
    if (this.#signal) this.#page?.tell(this.#signal);
  }
}
