import type { ServerMessage } from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";
import { onPresences } from "./on_presences.ts";

/** Shows one presence of a peer in place of all others, as soon as there is one. */
export class Substitute implements Attack {
  /** What is shown; `null` shows what there is. */
  shown: string | null = null;
  readonly #presences: Attack;

  /** Shows what there is. */
  constructor(peer: string) {
    this.#presences = onPresences(
      peer,
      (presence) => presence && (this.shown ?? presence),
    );
  }

  /** {@linkcode Attack.toPage} */
  toPage(message: ServerMessage, page: HostilePage): ServerMessage[] {
    return this.#presences.toPage?.(message, page) ?? [message];
  }
}
