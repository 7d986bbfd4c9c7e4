import ReconnectingWebSocket, { type Options } from "partysocket/ws";
import { randomId } from "./random_id.ts";
import { roomUrl } from "./room_url.ts";

/** What a {@linkcode RoomSocket} connects to. */
export interface RoomSocketOptions extends Options {
  /** Where the server is: the address before `/parties`. */
  readonly address: string;
  /** Name space of the room. */
  readonly party: string;
  /** Name of the room. */
  readonly room: string;
  /** Own peer id. @default {a random one} */
  readonly id?: string;
  /** The list of subprotocols, asked for before every attempt. */
  readonly protocols: () => Promise<string[]>;
}

/**
 * The signaling socket: PartySocket's reconnecting WebSocket, at the address
 * that PartySocket gives a room. The rest of PartySocket, which finds out where
 * the server is once more, a page would load for nothing.
 */
export class RoomSocket extends ReconnectingWebSocket {
  /** Own peer id. */
  readonly id: string;
  /** Address of the room, without the id. */
  readonly roomUrl: string;

  /** Starts to connect. */
  constructor(options: RoomSocketOptions) {
    const { address, party, room, id = randomId(), protocols } = options;
    const url = roomUrl(address, party, room);
    super(`${url}?_pk=${encodeURIComponent(id)}`, protocols, options);
    this.id = id;
    this.roomUrl = url;
  }
}
