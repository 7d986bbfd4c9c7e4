import { describeTransfer, type TransferFacts } from "./describe_transfer.ts";
import { copyOf, find } from "./find.ts";
import { oneLine } from "./one_line.ts";
import { Pace } from "./pace.ts";
import { isOver, type TransferState } from "./transfer_state.ts";

/** What is transferred, and whom a transfer asks and tells. */
export interface TransferOptions {
  /** Whether we send it or get it. */
  readonly direction: "out" | "in";
  /** Name of the file. */
  readonly name: string;
  /** Its size in bytes; `null` if nobody knows. */
  readonly size: number | null;
  /** How it is with the other side now. */
  readonly peer: () => Pick<TransferFacts, "peer" | "connected">;
  /** Has something read out. */
  readonly announce: (text: string) => void;
  /** It is over, and nobody needs to see it any more. */
  readonly onRemove: () => void;
}

/** Longest name that is shown, in characters. */
const NAME_CHARS = 255;

/** One file on its way to or from one peer: where it stands, and the row that shows it. */
export class Transfer {
  /** The row. */
  readonly row = copyOf("#transfer-template");
  /** What it is called on the page. */
  readonly name: string;
  /** Called when somebody accepts what is offered to us. */
  onAccept = () => {};
  /** Called when somebody declines it. */
  onDecline = () => {};
  /** Called when somebody stops it. */
  onCancel = () => {};
  readonly #options: TransferOptions;
  readonly #bar = find(this.row, "progress", HTMLProgressElement);
  readonly #amount = find(this.row, ".amount", HTMLElement);
  readonly #words = find(this.row, ".words", HTMLElement);
  readonly #accept = this.#button(".accept", () => this.onAccept());
  readonly #decline = this.#button(".decline", () => this.onDecline());
  readonly #cancel = this.#button(".cancel", () => this.onCancel());
  readonly #save = find(this.row, ".save", HTMLAnchorElement);
  readonly #remove = this.#button(".remove", () => this.#options.onRemove());
  readonly #pace = new Pace();
  #state: TransferState = { state: "offered" };
  #bytes = 0;
  #saved = false;

  /** One that is offered. */
  constructor(options: TransferOptions) {
    this.#options = options;
    const { direction } = options;
    this.name = oneLine(options.name, NAME_CHARS) || "file without a name";
    this.row.dataset.direction = direction;
    const name = find(this.row, ".file-name", HTMLElement);
    name.textContent = name.title = this.name;
    find(this.row, ".unseen", HTMLElement).textContent = direction === "out"
      ? "To send: "
      : "To get: ";
    this.#bar.ariaLabel = `Progress of ${this.name}`;
    this.#accept.ariaLabel = `Accept ${this.name}`;
    this.#decline.ariaLabel = `Decline ${this.name}`;
    this.#cancel.ariaLabel = `Cancel ${this.name}`;
    this.#save.ariaLabel = `Save ${this.name}`;
    this.#remove.ariaLabel = `Remove ${this.name} from the list`;
    this.#save.download = this.name;
    this.show();
    if (direction === "in") this.#announce();
  }

  /** Whether nothing more happens to it. */
  get over(): boolean {
    return isOver(this.#state);
  }

  /** Whether the other side, or who sits here, would miss it if the page were closed now. */
  get atStake(): boolean {
    const { state } = this.#state;
    return state === "moving" ||
      state === "offered" && this.#options.direction === "out" ||
      !this.#save.hidden && !this.#saved;
  }

  /** So many bytes have been read at the receiving side. It is shown a moment later: there are hundreds of these a second. */
  advance(bytes: number): void {
    this.#bytes = bytes;
    // The first ones tell the sender that it was accepted.
    if (this.#state.state === "offered") this.become({ state: "moving" });
  }

  /** It stands there now; what is over stays so. */
  become(state: TransferState): void {
    if (this.over) return;
    this.#state = state;
    const focused = this.row.contains(document.activeElement);
    this.show();
    // The button that had the focus may be gone.
    if (focused && this.row.querySelector(":focus") === null) {
      const next = this.row.querySelector<HTMLElement>(
        ":is(button, a):not([hidden])",
      );
      next?.focus();
    }
    if (this.over) this.#announce();
  }

  /** Lets somebody save the content, until it is removed. */
  offerToSave(url: string): void {
    this.#save.href = url;
    this.#save.onclick = () => this.#saved = true;
    this.show();
  }

  /** Forgets the content. */
  release(): void {
    if (this.#save.href) URL.revokeObjectURL(this.#save.href);
  }

  /** Brings the row up to date. */
  show(): void {
    const { direction, size } = this.#options;
    const { state } = this.#state;
    const { amount, words, look } = this.#describe();
    this.row.dataset.look = look;
    write(this.#amount, amount);
    write(this.#words, words);
    // An empty file has no bytes to count, and is done all the same.
    this.#bar.max = size || 1;
    if (state === "done") this.#bar.value = this.#bar.max;
    else if (size === null && state === "moving") {
      this.#bar.removeAttribute("value");
    } else this.#bar.value = size === null ? 0 : this.#bytes;
    const asked = direction === "in" && state === "offered";
    this.#accept.hidden = this.#decline.hidden = !asked;
    this.#cancel.hidden = asked || this.over;
    this.#save.hidden = !this.#save.href;
    this.#remove.hidden = !this.over;
  }

  #describe(): ReturnType<typeof describeTransfer> {
    const { direction, size, peer } = this.#options;
    const there = peer();
    const moves = this.#state.state === "moving" && there.connected;
    if (!moves) this.#pace.reset();
    const pace = moves
      ? this.#pace.note(this.#bytes, performance.now())
      : undefined;
    const state = this.#state;
    const bytes = this.#bytes;
    return describeTransfer({ ...there, direction, size, state, bytes, pace });
  }

  #announce(): void {
    this.#options.announce(`${this.name}: ${this.#words.textContent}`);
  }

  #button(selector: string, onClick: () => void): HTMLButtonElement {
    const button = find(this.row, selector, HTMLButtonElement);
    button.onclick = onClick;
    return button;
  }
}

/** Leaves alone what does not change: it may be selected. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
