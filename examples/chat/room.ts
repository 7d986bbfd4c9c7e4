import type { Connection } from "@x/webrtc";
import { byId } from "./by_id.ts";
import { decodeMessage, encodeMessage } from "./chat_message.ts";
import { Composer } from "./composer.ts";
import { describePeer } from "./describe_peer.ts";
import { LogView } from "./log_view.ts";
import { PeopleView } from "./people_view.ts";
import { distinctNames, readPerson } from "./person.ts";
import { offerLink } from "./room_link.ts";

/** Who is in which room. */
export interface RoomOptions {
  /** The own name. */
  readonly name: string;
  /** Name of the room. */
  readonly room: string;
}

/** Shows the room until it is left. Resolves to what went wrong, empty if it was left on purpose. */
export async function stayInRoom(
  connection: Connection,
  options: RoomOptions,
): Promise<string> {
  const view = byId("room", HTMLElement);
  view.hidden = false;
  const over = new AbortController();
  const room = new Room(connection, { ...options, signal: over.signal });
  try {
    return await room.left;
  } finally {
    over.abort();
    connection.close();
    view.hidden = true;
  }
}

/** Stands between the connection and what is on the page. */
class Room {
  /** Resolves when the room was left, to what went wrong. */
  readonly left: Promise<string>;
  readonly #connection: Connection;
  readonly #name: string;
  readonly #log = new LogView();
  readonly #people = new PeopleView((id) => this.#composer.writeTo(id));
  readonly #composer: Composer;
  /** What the others call themselves, by peer id. */
  readonly #known = new Map<string, string>();
  #typing = false;

  constructor(
    connection: Connection,
    options: RoomOptions & { readonly signal: AbortSignal },
  ) {
    const { name, room, signal } = options;
    this.#connection = connection;
    this.#name = name;
    document.title = `${room} – Chat`;
    byId("room-title", HTMLElement).textContent = room;
    byId("own-name", HTMLElement).textContent = name;
    this.#composer = new Composer({
      send: (text, to) => this.#send(text, to),
      typing: (typing) => this.#setTyping(typing),
      signal,
    });
    const notice = (text: string) => this.#composer.notice(text);
    offerLink({ room, notice, signal });

    this.#log.note(`You joined ${room}`);
    for (const { id, presence } of connection.peers.values()) {
      const person = readPerson(presence);
      if (person) this.#known.set(id, person.name);
    }
    this.#update();
    this.#showBanner();

    connection.on("peerlist", () => this.#update());
    connection.on("presence", () => this.#update());
    connection.on("peer-away", () => this.#update());
    connection.on("peer-state", () => this.#update());
    connection.on("peer-disconnect", () => this.#update());
    connection.on("message", ({ data, peer }) => this.#receive(data, peer));
    this.left = new Promise((resolve) => {
      connection.on("state", ({ state, reason }) => {
        this.#showBanner();
        if (state === "closed") resolve(`The room was closed: ${reason}.`);
      });
      const leave = () => resolve("");
      const button = byId("leave-button", HTMLButtonElement);
      button.addEventListener("click", leave, { signal });
      // The others need not wait until the server misses us.
      globalThis.addEventListener("pagehide", leave, { signal });
    });
    this.#composer.focus();
  }

  /** Brings the page up to date with `connection.peers`, which always says how things are. */
  #update(): void {
    this.#noteComingAndGoing();
    const { peers, socket } = this.#connection;
    const names = this.#names();
    const typing: string[] = [];
    const others = [...peers.values()].map((peer) => {
      const name = names.get(peer.id) ?? "";
      if (readPerson(peer.presence)?.typing) typing.push(name);
      return { id: peer.id, name, ...describePeer(peer) };
    });
    this.#people.show({ id: socket.id, name: this.#name }, others);
    this.#composer.setPeople(names);
    byId("alone", HTMLElement).hidden = others.length > 0;
    byId("typing", HTMLElement).textContent = typingLine(typing);
  }

  #noteComingAndGoing(): void {
    const { peers } = this.#connection;
    for (const [id, name] of this.#known) {
      if (peers.has(id)) continue;
      this.#known.delete(id);
      this.#log.note(`${name} left`);
    }
    for (const { id, presence } of peers.values()) {
      const name = readPerson(presence)?.name;
      const before = this.#known.get(id);
      // A newcomer tells its name a moment after it has come.
      if (name === undefined || name === before) continue;
      this.#known.set(id, name);
      this.#log.note(before ? `${before} is now ${name}` : `${name} joined`);
    }
  }

  /** A name for each of the others, no two the same and none our own. */
  #names(): Map<string, string> {
    const { peers, socket } = this.#connection;
    const names = new Map([[socket.id, this.#name]]);
    for (const id of peers.keys()) {
      names.set(id, this.#known.get(id) ?? "Somebody");
    }
    const distinct = distinctNames(names);
    distinct.delete(socket.id);
    return distinct;
  }

  /** Sends a text to one peer or to all; answers with what went wrong, empty if nothing did. */
  async #send(text: string, to: string | undefined): Promise<string> {
    const { peers, socket } = this.#connection;
    const name = to === undefined ? "" : this.#names().get(to) ?? "";
    const data = encodeMessage({ text, private: to !== undefined });
    let reached: number;
    try {
      reached = await this.#connection.send(
        data,
        to === undefined ? {} : { to },
      );
    } catch (error) {
      return to === undefined
        ? `It could not be sent to everybody: ${error}`
        : `${name} is not connected right now. Nothing was sent.`;
    }
    if (reached === 0) {
      return "Nobody is connected right now. Nothing was sent.";
    }
    this.#log.say({
      id: socket.id,
      name: "You",
      mine: true,
      text,
      privacy: to === undefined ? "" : `only to ${name}`,
      reach: to === undefined && reached < peers.size
        ? `sent to ${reached} of ${peers.size}`
        : "",
    });
    return "";
  }

  #receive(data: string | ArrayBuffer, peerId: string): void {
    const message = decodeMessage(data);
    if (!message) return;
    this.#log.say({
      id: peerId,
      name: this.#names().get(peerId) ?? "Somebody",
      mine: false,
      text: message.text,
      privacy: message.private ? "only to you" : "",
      reach: "",
    });
  }

  #setTyping(typing: boolean): void {
    if (typing === this.#typing) return;
    this.#typing = typing;
    this.#connection.setPresence({ name: this.#name, typing });
  }

  #showBanner(): void {
    const { state } = this.#connection;
    const away = state === "away" || state === "joining";
    byId("banner", HTMLElement).textContent = away
      ? "The server is away, reconnecting… Those you are connected with still hear you."
      : "";
  }
}

function typingLine([first, second, ...more]: readonly string[]): string {
  if (first === undefined) return "";
  if (second === undefined) return `${first} is writing…`;
  if (more.length === 0) return `${first} and ${second} are writing…`;
  return "Several people are writing…";
}
