import { byId } from "./by_id.ts";
import { cleanName } from "./person.ts";

/** What somebody asked for with the form. */
export interface Answer {
  /** The chosen name, not empty. */
  readonly name: string;
  /** The chosen room. */
  readonly room: string;
  /** Aborted when it is cancelled. */
  readonly signal: AbortSignal;
}

/** Longest room name that servers take by default. */
const ROOM_CHARS = 128;

/** Where the name is remembered. */
const STORED_NAME = "chat-name";

/** The form to join with, in all its states: empty, mistaken, connecting, failed. */
export class JoinForm {
  readonly #main = byId("join", HTMLElement);
  readonly #form = byId("join-form", HTMLFormElement);
  readonly #name = byId("name", HTMLInputElement);
  readonly #room = byId("room-name", HTMLInputElement);
  readonly #nameError = byId("name-error", HTMLElement);
  readonly #roomError = byId("room-name-error", HTMLElement);
  readonly #failure = byId("failure", HTMLElement);
  readonly #progress = byId("progress", HTMLElement);
  readonly #join = byId("join-button", HTMLButtonElement);
  readonly #cancel = byId("cancel-button", HTMLButtonElement);
  #asked = false;

  /** The form, with the name of last time and the room of the link. */
  constructor() {
    this.#name.value = recallName();
    this.#room.value = new URLSearchParams(location.search).get("room") ?? "";
  }

  /** Shows the form, with what went wrong before if anything did, and waits until it is filled in. */
  ask(failure: string): Promise<Answer> {
    this.#main.hidden = false;
    document.title = "Chat";
    this.#show("form");
    this.#failure.textContent = failure;
    this.#join.textContent = failure === "" ? "Join" : "Try again";
    this.#focus(failure);
    this.#asked = true;
    return new Promise((resolve) => {
      this.#form.onsubmit = (event) => {
        event.preventDefault();
        const answer = this.#read();
        if (answer) resolve(answer);
      };
    });
  }

  /** Makes way for the room. */
  hide(): void {
    this.#main.hidden = true;
  }

  #read(): Answer | undefined {
    const name = cleanName(this.#name.value);
    const room = this.#room.value.trim();
    mark(this.#name, this.#nameError, name === "" ? "Enter a name." : "");
    mark(this.#room, this.#roomError, roomMistake(room));
    const mistaken = this.#form.querySelector("[aria-invalid=true]");
    if (mistaken instanceof HTMLElement) return void mistaken.focus();
    rememberName(name);
    const abort = new AbortController();
    this.#cancel.onclick = () => abort.abort();
    this.#form.onsubmit = (event) => event.preventDefault();
    this.#show("connecting");
    return { name, room, signal: abort.signal };
  }

  #show(state: "form" | "connecting"): void {
    const connecting = state === "connecting";
    this.#form.ariaBusy = String(connecting);
    this.#name.readOnly = this.#room.readOnly = connecting;
    this.#cancel.hidden = !connecting;
    this.#join.hidden = connecting;
    this.#progress.textContent = connecting ? "Joining the room…" : "";
    this.#failure.textContent = "";
    // The button that had the focus is gone.
    if (connecting) this.#cancel.focus();
  }

  /** To what the person does next: fill in what is missing, try again, or choose another room. */
  #focus(failure: string): void {
    if (this.#name.value === "") this.#name.focus();
    else if (failure !== "") this.#join.focus();
    else if (this.#asked || this.#room.value === "") this.#room.select();
    else this.#join.focus();
  }
}

function mark(
  input: HTMLInputElement,
  error: HTMLElement,
  mistake: string,
): void {
  input.ariaInvalid = String(mistake !== "");
  error.textContent = mistake;
}

function roomMistake(room: string): string {
  if (room === "") return "Enter a room.";
  if (room.length <= ROOM_CHARS) return "";
  return `A room name has at most ${ROOM_CHARS} characters; this one has ${room.length}.`;
}

function recallName(): string {
  try {
    return cleanName(localStorage.getItem(STORED_NAME) ?? "");
  } catch {
    // Storage is denied to this page: the name is asked for each time.
    return "";
  }
}

function rememberName(name: string): void {
  try {
    localStorage.setItem(STORED_NAME, name);
  } catch {
    // As above.
  }
}
