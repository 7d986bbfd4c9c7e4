import { byId } from "./by_id.ts";
import type { Description } from "./describe_peer.ts";
import { type Copy, fromTemplate } from "./from_template.ts";
import { paintAvatar } from "./paint_avatar.ts";

/** One of the others, as the list shows it. */
export interface Entry extends Description {
  /** Id of the peer. */
  readonly id: string;
  /** Name to show. */
  readonly name: string;
}

/** The list of everybody in the room and how each is connected. */
export class PeopleView {
  readonly #list = byId("people", HTMLUListElement);
  readonly #count = byId("people-count", HTMLElement);
  /** What is shown, by peer id. Kept, so that nobody's focus is lost at a change. */
  readonly #shown = new Map<string, Copy>();
  readonly #choose: (peerId: string) => void;

  /** An empty list, which tells whom somebody chose to write to. */
  constructor(choose: (peerId: string) => void) {
    this.#choose = choose;
    this.#list.replaceChildren();
  }

  /** Brings the list up to date: oneself first, then the others. */
  show(self: { id: string; name: string }, others: readonly Entry[]): void {
    this.#count.textContent = String(1 + others.length);
    const ids = new Set([self.id, ...others.map(({ id }) => id)]);
    for (const [id, { root }] of this.#shown) {
      if (ids.has(id)) continue;
      root.remove();
      this.#shown.delete(id);
    }
    this.#item(self.id, "self-template", self.name);
    for (const { id, name, words, sign } of others) {
      const { part } = this.#item(id, "person-template", name);
      const state = part(".state");
      state.textContent = words;
      state.dataset.sign = sign;
    }
  }

  #item(
    id: string,
    template: string,
    name: string,
  ): Copy {
    let item = this.#shown.get(id);
    if (!item) {
      item = fromTemplate(template);
      this.#shown.set(id, item);
      this.#list.append(item.root);
      if (template === "person-template") {
        item.part("button").onclick = () => this.#choose(id);
      }
    }
    item.part(".name").textContent = name;
    paintAvatar(item.part(".avatar"), { id, name });
    return item;
  }
}
