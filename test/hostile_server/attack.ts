import type { ClientMessage, ServerMessage } from "../../protocol.ts";

/** A page, as the server between it and its room sees it. */
export interface HostilePage {
  /** Id that it claims. */
  readonly id: string;
  /** Pages of its room that have a socket, by id; itself among them. */
  readonly room: ReadonlyMap<string, HostilePage>;
  /** When the real server let it in; 0 before its welcome. */
  readonly joinedAt: number;
  /** Tells the page something, as if the room had said it. No attack sees it. */
  tell(message: ServerMessage): void;
  /** Says something to the real server, as if the page had. No attack sees it. */
  say(message: ClientMessage): void;
}

/** What a hostile server does with the messages of a room; what has no hook passes as it is. */
export interface Attack {
  /** A page said something; what is returned goes to the real server instead. */
  toServer?(message: ClientMessage, page: HostilePage): ClientMessage[];
  /** The room has something for a page; what is returned goes there instead. */
  toPage?(message: ServerMessage, page: HostilePage): ServerMessage[];
}
