import { parsePairSignal } from "../../../client/pair_signal.ts";
import { Guard } from "../../../client/trust/guard.ts";
import type { Identity } from "../../../client/trust/identity.ts";
import { readIntroduction } from "../../../client/trust/card.ts";
import type {
  ClientMessage,
  Member,
  ServerMessage,
} from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";
import { SIGNED_TEXT } from "../signed_text.ts";

/** Who is in between, and between whom. */
export interface MisbindingOptions {
  /** Name of the room. */
  readonly room: string;
  /** Who is in between, and proves to be. */
  readonly identity: Identity;
  /** Ids of two pages in the order in which they enter; they do not see each other. */
  readonly victims: readonly [first: string, second: string];
}

/** What the member says and knows towards one page. */
interface Side {
  readonly page: HostilePage;
  readonly guard: Guard;
  /** When the member seems to have joined. */
  readonly joinedAt: number;
}

/**
 * A member that passes on to each of two pages what the other one signs for it,
 * with the certificate of the other one on its own card: both are connected with
 * each other, and believe to be connected with the member.
 */
export class Misbinding implements Attack {
  /** Who is in between. */
  readonly identity: Identity;
  readonly #options: MisbindingOptions;
  readonly #sides = new Map<string, Side>();
  readonly #presences = new Map<string, string>();
  #work: Promise<void> = Promise.resolve();

  /** Waits for what both publish. */
  constructor(options: MisbindingOptions) {
    this.#options = options;
    this.identity = options.identity;
  }

  /** {@linkcode Attack.toServer} */
  toServer(message: ClientMessage, page: HostilePage): ClientMessage[] {
    const { identity, victims } = this.#options;
    if (message.type === "presence" && message.presence !== null) {
      this.#presences.set(page.id, message.presence);
      if (this.#presences.size === victims.length) {
        this.#next(() => this.#begin(page.room));
      }
    }
    if (message.type !== "signal") return [message];
    if (message.to === identity.id) {
      this.#next(() => this.#pass(page.id, message.data));
    }
    return [];
  }

  /** {@linkcode Attack.toPage} */
  toPage(message: ServerMessage): ServerMessage[] {
    switch (message.type) {
      case "welcome":
        return [{ ...message, peers: [] }];
      case "join":
      case "presence":
        return [];
      default:
        return [message];
    }
  }

  #next(work: () => Promise<void>): void {
    this.#work = this.#work.then(work);
  }

  /** The member joins. */
  async #begin(room: ReadonlyMap<string, HostilePage>): Promise<void> {
    const { identity: { id }, victims: [first, second] } = this.#options;
    for (const [victim, other] of [[first, second], [second, first]] as const) {
      const page = room.get(victim);
      if (!page) continue;
      // The second one shall offer, as if it had come last.
      const joinedAt = page.joinedAt + (victim === first ? 1 : -1);
      const guard = this.#guardWith(this.#presences.get(other) ?? "");
      await guard.open(victim, this.#presences.get(victim) ?? "", true);
      const presence = await guard.sealPresence(null);
      const peer: Member = { id, joinedAt, presence, away: false };
      this.#sides.set(victim, { page, guard, joinedAt });
      page.tell({ type: "join", peer });
    }
  }

  /** Passes on what one said, in the name of the member. */
  async #pass(from: string, data: string): Promise<void> {
    const { identity: { id }, victims } = this.#options;
    const to = victims.find((victim) => victim !== from) ?? "";
    const opened = await this.#sides.get(from)?.guard.open(from, data, false);
    const side = this.#sides.get(to);
    const session = side?.guard.current(to);
    if (!opened || !("session" in opened) || !side || !session) return;
    const signal = parsePairSignal(opened.signal ?? "");
    if (!signal) return;
    const { page, guard, joinedAt } = side;
    const { generation } = signal;
    const text = { ...signal, to: page.joinedAt, from: joinedAt };
    const sealed = await guard.sealSignal(
      session,
      ++session.said,
      generation,
      JSON.stringify(text),
    );
    page.tell({ type: "signal", from: id, data: sealed });
  }

  /** Speaks for the member, on whose card is the certificate of whoever published that. */
  #guardWith(presence: string): Guard {
    const { room, identity } = this.#options;
    const published = readIntroduction(SIGNED_TEXT.read(presence) ?? "");
    return new Guard({
      crypto,
      party: "main",
      room,
      id: identity.id,
      fingerprint: published?.card.fingerprint ?? "",
      secret: undefined,
      identity,
    });
  }
}
