import type { Connection, ReceivedFile } from "@x/webrtc";
import { describePeer } from "./describe_peer.ts";
import { copyOf, find } from "./find.ts";
import { receiveFile } from "./receive_file.ts";
import { sendFile } from "./send_file.ts";
import { Transfer } from "./transfer.ts";

/** Whom a card is about, and whom it tells. */
export interface PeerCardOptions {
  readonly connection: Connection;
  /** Id of the peer. */
  readonly id: string;
  /** Has something read out. */
  readonly announce: (text: string) => void;
  /** Its last transfer was removed: it may be of no more use. */
  readonly onIdle: () => void;
}

/** How many colours the style sheet has. */
const HUES = 8;

/** One of the others: where files for it are dropped, and what became of them. */
export class PeerCard {
  /** The card. */
  readonly root = copyOf("#peer-template");
  readonly #options: PeerCardOptions;
  readonly #name = find(this.root, ".name", HTMLElement);
  readonly #avatar = find(this.root, ".avatar", HTMLElement);
  readonly #state = find(this.root, ".state", HTMLElement);
  readonly #drop = find(this.root, ".drop", HTMLElement);
  readonly #hint = find(this.root, ".drop-hint", HTMLElement);
  readonly #choose = find(this.root, ".choose", HTMLButtonElement);
  readonly #cut = find(this.root, ".cut", HTMLButtonElement);
  readonly #foot = find(this.root, "footer", HTMLElement);
  readonly #list = find(this.root, ".transfers", HTMLElement);
  readonly #transfers = new Set<Transfer>();
  #met = false;
  /** What could not be sent, until the next attempt. */
  #problem = "";

  /** The card of a peer that is not connected yet. */
  constructor(options: PeerCardOptions) {
    this.#options = options;
    const { connection, id } = options;
    let sum = 0;
    for (const character of id) sum += character.codePointAt(0) ?? 0;
    this.root.dataset.hue = String(sum % HUES);
    const files = find(this.root, "input", HTMLInputElement);
    this.#choose.onclick = () => files.click();
    files.onchange = () => {
      this.#send([...files.files ?? []]);
      // The same file may be chosen again.
      files.value = "";
    };
    this.#takeDrops();
    this.#cut.onclick = () => {
      // What a broken network does to it in the end; the library makes another.
      connection.peers.get(id)?.pc?.close();
    };
  }

  /** Whether it has a transfer that is on its way. */
  get busy(): boolean {
    return [...this.#transfers].some(({ over }) => !over);
  }

  /** Whether something would be lost if the page were closed now. */
  get atStake(): boolean {
    return [...this.#transfers].some(({ atStake }) => atStake);
  }

  /** Whether it shows no transfer. */
  get idle(): boolean {
    return this.#transfers.size === 0;
  }

  /** Whether files can be offered: it was connected once, and was not given up. */
  set met(met: boolean) {
    this.#met = met;
  }

  /** Shows a file that the peer offers. */
  offer(file: ReceivedFile): void {
    void receiveFile(file, this.#add("in", file));
  }

  /** Brings the card up to date; without a name, it is the last one. */
  show(name: string = this.#name.textContent ?? ""): void {
    const { connection, id, announce } = this.#options;
    const peer = connection.peers.get(id);
    const { words, sign } = describePeer(peer, this.#met);
    this.#name.textContent = this.#name.title = name;
    this.#avatar.textContent = [...name][0]?.toUpperCase() ?? "";
    this.#state.textContent = words;
    const news = sign !== this.root.dataset.sign && sign !== "waiting";
    if (news) announce(`${name}: ${words}`);
    this.root.dataset.sign = sign;
    const open = peer !== undefined && this.#met;
    this.#drop.hidden = sign === "gone";
    this.#hint.textContent = this.#problem ||
      (open ? "Drop files here, or" : "Not connected yet");
    this.#choose.disabled = !open;
    this.#choose.ariaLabel = `Choose files for ${name}`;
    this.#cut.disabled = peer?.state !== "connected";
    this.#cut.ariaLabel = `Cut the connection to ${name}`;
    this.#foot.hidden = !open;
    this.showTransfers();
  }

  /** Brings the transfers up to date. */
  showTransfers(): void {
    for (const transfer of this.#transfers) transfer.show();
  }

  /** Forgets what was received. */
  release(): void {
    for (const transfer of this.#transfers) transfer.release();
  }

  #send(files: readonly File[]): void {
    const { connection, id: to } = this.#options;
    this.#problem = "";
    for (const file of files) {
      const transfer = this.#add("out", file);
      void sendFile(file, { connection, to, transfer });
    }
  }

  #add(
    direction: "out" | "in",
    { name, size }: { readonly name: string; readonly size: number | null },
  ): Transfer {
    const { connection, id, announce, onIdle } = this.#options;
    const transfer = new Transfer({
      direction,
      name,
      size,
      announce,
      peer: () => ({
        peer: this.#name.textContent ?? "",
        connected: connection.peers.get(id)?.state === "connected",
      }),
      onRemove: () => {
        transfer.release();
        transfer.row.remove();
        this.#transfers.delete(transfer);
        this.#choose.focus();
        if (this.idle) onIdle();
      },
    });
    this.#transfers.add(transfer);
    this.#list.prepend(transfer.row);
    return transfer;
  }

  #takeDrops(): void {
    // Moving on to a child is told as leaving, behind entering that.
    let depth = 0;
    const mark = (change: number) => {
      depth += change;
      this.root.classList.toggle("is-target", depth > 0 && this.#met);
    };
    this.root.ondragenter = () => mark(1);
    this.root.ondragleave = () => mark(-1);
    this.root.ondragover = (event) => {
      if (this.#choose.disabled) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    };
    this.root.ondrop = (event) => {
      event.preventDefault();
      mark(-depth);
      if (this.#choose.disabled) return;
      const files: File[] = [];
      let folders = 0;
      for (const item of event.dataTransfer?.items ?? []) {
        const file = item.getAsFile();
        // A folder looks like a file, and cannot be read.
        if (item.webkitGetAsEntry()?.isDirectory) folders++;
        else if (file) files.push(file);
      }
      this.#send(files);
      if (folders > 0) this.#complain("Folders cannot be sent: drop files, or");
    };
  }

  #complain(problem: string): void {
    this.#problem = problem;
    this.#options.announce(problem);
    this.show();
  }
}
