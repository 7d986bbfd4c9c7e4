import type { Connection, ConnectOptions } from "@x/webrtc";
import { find } from "./find.ts";
import { oneLine } from "./one_line.ts";
import { onOwnName, readName, readOwnName } from "./own_name.ts";
import { PeerCard } from "./peer_card.ts";
import { offerLink } from "./room_link.ts";

/** How often bars and speeds are brought up to date. */
const REFRESH_MS = 200;

/** Shows the room until it is over. Resolves to why. */
export async function stayInRoom(
  connection: Connection,
  { room: name, roomKey }: Pick<ConnectOptions, "room" | "roomKey">,
): Promise<string> {
  const over = new AbortController();
  const view = find(document, "#room", HTMLElement);
  view.hidden = false;
  find(document, "#private", HTMLElement).hidden = !roomKey;
  const room = new Room(connection, name, over.signal);
  try {
    return await room.left;
  } finally {
    over.abort();
    connection.close();
    view.hidden = true;
  }
}

/** Stands between the connection and the cards of the peers. */
class Room {
  /** Resolves when the room is over, to why. */
  readonly left: Promise<string>;
  readonly #connection: Connection;
  readonly #cards = new Map<string, PeerCard>();
  readonly #list = find(document, "#peers", HTMLElement);
  readonly #alone = find(document, "#alone", HTMLElement);
  readonly #banner = find(document, "#banner", HTMLElement);
  readonly #news = find(document, "#news", HTMLElement);

  constructor(connection: Connection, name: string, signal: AbortSignal) {
    this.#connection = connection;
    document.title = `${name} – Files`;
    this.#list.replaceChildren();
    find(document, "#room-name", HTMLElement).textContent = name;
    onOwnName((name) => {
      connection.setPresence({ name });
      this.#update();
    }, signal);
    offerLink((text) => this.#announce(text), signal);

    const update = () => this.#update();
    connection.on("peerlist", update);
    connection.on("presence", update);
    connection.on("peer-state", update);
    connection.on("untrusted", update);
    connection.on("peer", ([id]) => this.#meet(id, true));
    connection.on("peer-disconnect", (id) => this.#meet(id, false));
    connection.on("file", (file) => this.#card(file.peer).offer(file));
    this.left = new Promise((resolve) => {
      connection.on("state", ({ state, reason }) => {
        update();
        if (state === "closed") resolve(`The room was closed: ${reason}.`);
      });
    });
    update();

    const timer = setInterval(() => {
      for (const card of this.#cards.values()) {
        if (card.busy) card.showTransfers();
      }
    }, REFRESH_MS);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      for (const card of this.#cards.values()) card.release();
    });
    this.#guardPage(signal);
  }

  #meet(id: string, met: boolean): void {
    this.#card(id).met = met;
    this.#update();
  }

  #card(id: string): PeerCard {
    let card = this.#cards.get(id);
    if (!card) {
      card = new PeerCard({
        connection: this.#connection,
        id,
        announce: (text) => this.#announce(text),
        onIdle: () => this.#update(),
      });
      this.#cards.set(id, card);
      this.#list.append(card.root);
    }
    return card;
  }

  /** Brings the page up to date with `connection.peers`, which always says how things are. */
  #update(): void {
    const { peers, state } = this.#connection;
    for (const id of peers.keys()) this.#card(id);
    const names = this.#names();
    for (const [id, card] of this.#cards) {
      card.show(names.get(id));
      // Whoever has left stays while there is something to see.
      if (peers.has(id) || !card.idle) continue;
      card.root.remove();
      this.#cards.delete(id);
    }
    this.#alone.hidden = this.#cards.size > 0;
    this.#banner.textContent = state === "away" || state === "joining"
      ? "The server is away, reconnecting… Files are still on their way."
      : "";
  }

  /** A name for each of the others; who shares it with somebody is told by the beginning of the id, too. */
  #names(): Map<string, string> {
    const others = [...this.#connection.peers.values()]
      .map(({ id, presence }) => [id, readName(presence)] as const);
    const all = [readOwnName(), ...others.map(([, name]) => name)];
    return new Map(others.map(([id, name]) => {
      const shared = all.indexOf(name) !== all.lastIndexOf(name);
      return [id, shared ? `${name} (${oneLine(id, 4)})` : name];
    }));
  }

  #guardPage(signal: AbortSignal): void {
    const connection = this.#connection;
    // A file that misses its card must not replace the page.
    for (const type of ["dragover", "drop"] as const) {
      document.addEventListener(type, (event) => {
        event.preventDefault();
        if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
      }, { signal });
    }
    globalThis.addEventListener("beforeunload", (event) => {
      const atStake = [...this.#cards.values()].some((card) => card.atStake);
      if (atStake) event.preventDefault();
    }, { signal });
    // The others need not wait until the server misses us.
    globalThis.addEventListener("pagehide", () => connection.close(), {
      signal,
    });
  }

  /** Has something read out. */
  #announce(text: string): void {
    const line = document.createElement("p");
    line.textContent = text;
    this.#news.append(line);
    if (this.#news.childElementCount > 20) {
      this.#news.firstElementChild?.remove();
    }
  }
}
