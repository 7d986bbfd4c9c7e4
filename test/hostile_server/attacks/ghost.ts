import type { SignalTo } from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";

/** A member that the real server knows nothing of. */
export interface GhostOptions {
  /** Its id. */
  readonly id: string;
  /** What it publishes. */
  readonly presence: string | null;
  /** Whom it shows itself to. */
  readonly to: string;
}

/** Shows a page a member that does not exist, and keeps what the page says to it. */
export class Ghost implements Attack {
  /** What the page has said to it. */
  readonly heard: SignalTo[] = [];
  readonly #options: GhostOptions;
  readonly #onHeard: (signal: SignalTo, page: HostilePage) => void;

  /** Shows itself with the next welcome. */
  constructor(
    options: GhostOptions,
    onHeard: (signal: SignalTo, page: HostilePage) => void = () => {},
  ) {
    this.#options = options;
    this.#onHeard = onHeard;
  }

  /** {@linkcode Attack.toPage} */
  toPage: NonNullable<Attack["toPage"]> = (message, page) => {
    const { id, presence, to } = this.#options;
    if (message.type !== "welcome" || page.id !== to) return [message];
    // It was here first, so that it is dialled.
    const ghost = {
      id,
      presence,
      joinedAt: message.joinedAt - 1,
      away: false,
    };
    return [{ ...message, peers: [...message.peers, ghost] }];
  };

  /** {@linkcode Attack.toServer} */
  toServer: NonNullable<Attack["toServer"]> = (message, page) => {
    if (message.type !== "signal" || message.to !== this.#options.id) {
      return [message];
    }
    this.heard.push(message);
    this.#onHeard(message, page);
    return [];
  };
}
