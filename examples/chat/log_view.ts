import { byId } from "./by_id.ts";
import { fromTemplate } from "./from_template.ts";
import { paintAvatar } from "./paint_avatar.ts";

/** A message, as the log shows it. */
export interface Line {
  /** Id of who says it. */
  readonly id: string;
  /** Name of who says it. */
  readonly name: string;
  /** Whether we say it. */
  readonly mine: boolean;
  /** What is said. */
  readonly text: string;
  /** Who alone hears it; empty if everybody does. */
  readonly privacy: string;
  /** How many it reached, if not everybody; else empty. */
  readonly reach: string;
}

/** How many lines are kept. */
const LINES = 200;

/** What was said, and who came and went. A live region: new lines are read out. */
export class LogView {
  readonly #list = byId("log", HTMLOListElement);
  readonly #scroller = byId("scroller", HTMLElement);
  #previous = "";

  /** An empty log. */
  constructor() {
    this.#list.replaceChildren();
  }

  /** Adds a message. */
  say({ id, name, mine, text, privacy, reach }: Line): void {
    const { root, part } = fromTemplate("message-template");
    paintAvatar(part(".avatar"), { id, name });
    part(".name").textContent = name;
    part(".text").textContent = text;
    part(".privacy").textContent = privacy;
    part(".private").hidden = privacy === "";
    part(".reach").textContent = reach;
    root.classList.toggle("mine", mine);
    root.classList.toggle("is-private", privacy !== "");
    // Who goes on speaking need not be shown again.
    const speaker = JSON.stringify([id, privacy, reach]);
    root.classList.toggle("goes-on", speaker === this.#previous);
    this.#previous = speaker;
    this.#add(root);
  }

  /** Adds a line about the room. */
  note(text: string): void {
    const { root, part } = fromTemplate("note-template");
    part("span").textContent = text;
    this.#previous = "";
    this.#add(root);
  }

  #add(line: Element): void {
    const now = new Date();
    const time = line.querySelector("time");
    if (time) {
      time.dateTime = now.toISOString();
      time.textContent = now.toLocaleTimeString([], {
        hour: "2-digit",
        minute: "2-digit",
      });
    }
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    // Who has scrolled up is reading.
    const follow = scrollHeight - scrollTop - clientHeight < 80;
    this.#list.append(line);
    if (this.#list.childElementCount > LINES) {
      this.#list.firstElementChild?.remove();
    }
    if (follow) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}
