import { byId } from "./by_id.ts";

/** Whom the composer tells. */
export interface ComposerOptions {
  /** Sends a text, to one peer or to all; answers with what went wrong, empty if nothing did. */
  readonly send: (text: string, to: string | undefined) => Promise<string>;
  /** Something is being written to everyone, or no more. */
  readonly typing: (typing: boolean) => void;
  /** Aborted when the room is left. */
  readonly signal: AbortSignal;
}

/** How long after the last key somebody still counts as writing. */
const PAUSE_MS = 3000;

/** The form to write a message with. */
export class Composer {
  readonly #form = byId("composer", HTMLFormElement);
  readonly #text = byId("text", HTMLTextAreaElement);
  readonly #to = byId("to", HTMLSelectElement);
  readonly #button = byId("send-button", HTMLButtonElement);
  readonly #notice = byId("notice", HTMLElement);
  readonly #options: ComposerOptions;
  #people: ReadonlyMap<string, string> = new Map();
  /** Whom it is written to; `undefined` is everyone. */
  #chosen: { readonly id: string; readonly name: string } | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;

  /** The form, empty, to everyone. */
  constructor(options: ComposerOptions) {
    const { signal } = options;
    this.#options = options;
    this.#text.value = "";
    this.notice("");
    this.#render();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    }, { signal });
    this.#text.addEventListener("keydown", (event) => {
      // Enter also ends the choice of a character in an input method.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#form.requestSubmit();
    }, { signal });
    this.#text.addEventListener("input", () => this.#tell(), { signal });
    this.#text.addEventListener("blur", () => this.#rest(), { signal });
    this.#to.addEventListener("change", () => this.#choose(this.#to.value), {
      signal,
    });
    signal.addEventListener("abort", () => clearTimeout(this.#pause));
  }

  /** Takes the names of those who can be written to, by peer id. */
  setPeople(people: ReadonlyMap<string, string>): void {
    this.#people = people;
    this.#render();
  }

  /** Chooses whom to write to, and waits for the text. */
  writeTo(peerId: string): void {
    this.#choose(peerId);
    this.focus();
  }

  /** Puts the cursor into the text. */
  focus(): void {
    this.#text.focus();
  }

  /** Tells the person something. */
  notice(text: string): void {
    this.#notice.textContent = text;
  }

  #choose(peerId: string): void {
    const name = this.#people.get(peerId);
    this.#chosen = name === undefined ? undefined : { id: peerId, name };
    this.#render();
    this.#rest();
    this.notice("");
  }

  #render(): void {
    const choices = new Map([["", "Everyone"], ...this.#people]);
    if (this.#chosen && !choices.has(this.#chosen.id)) {
      // Still chosen: what was meant for one must not go to everyone.
      choices.set(this.#chosen.id, `${this.#chosen.name} (left)`);
    }
    // Options are left alone where they can be: the list may be open.
    const shown = [...this.#to.options].map(({ value, text }) => [value, text]);
    if (JSON.stringify(shown) !== JSON.stringify([...choices])) {
      const options = [...choices].map(([id, name]) => new Option(name, id));
      this.#to.replaceChildren(...options);
    }
    this.#to.value = this.#chosen?.id ?? "";
    this.#form.classList.toggle("is-private", this.#chosen !== undefined);
    this.#button.textContent = this.#chosen ? "Send privately" : "Send";
    const label = this.#chosen
      ? `Private message to ${this.#chosen.name}`
      : "Message to everyone";
    this.#text.placeholder = label;
    this.#text.ariaLabel = label;
  }

  async #send(): Promise<void> {
    const text = this.#text.value;
    if (text.trim() === "") return;
    this.#rest();
    const { id, name } = this.#chosen ?? {};
    const problem = id === undefined || this.#people.has(id)
      ? await this.#options.send(text.trim(), id)
      : `${name} has left. Nothing was sent.`;
    this.notice(problem);
    // What could not be sent stays, and so does what was written meanwhile.
    if (problem === "" && this.#text.value === text) this.#text.value = "";
  }

  /** Others see that something is being written to everyone, not that something private is. */
  #tell(): void {
    if (this.#chosen || this.#text.value === "") return this.#rest();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#rest(), PAUSE_MS);
    this.#options.typing(true);
  }

  #rest(): void {
    clearTimeout(this.#pause);
    this.#options.typing(false);
  }
}
