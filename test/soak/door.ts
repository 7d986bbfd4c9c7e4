import { RESUME, SEEN, SUBPROTOCOL } from "../../protocol.ts";
import { HandshakeRefused } from "../bench/handshake_refused.ts";
import { RawSocket, type RawSocketOptions } from "../bench/raw_socket.ts";

/** A seat that a visitor wants. */
export interface Seat {
  readonly room: string;
  readonly id: string;
  /** Token of the session that it wants to go on with. */
  readonly token?: string | undefined;
  /** How many signals it has received in that session. */
  readonly seen?: number;
}

/** Where visitors get in. */
export class Door {
  readonly #hostname: string;
  readonly #port: number;

  /** The door of the server at `url`. */
  constructor(url: URL) {
    this.#hostname = url.hostname;
    this.#port = Number(url.port);
  }

  /** A socket, or why there is none. */
  async open(seat: Seat): Promise<RawSocket | string> {
    try {
      return await RawSocket.open(this.#options(seat));
    } catch (error) {
      if (!(error instanceof HandshakeRefused)) throw error;
      return error.status === 0
        ? error.message
        : JSON.parse(error.body).error.code;
    }
  }

  /** Asks for a socket and hangs up before the answer. */
  async knock(seat: Seat): Promise<void> {
    await RawSocket.knock(this.#options(seat));
  }

  #options({ room, id, token, seen = 0 }: Seat): RawSocketOptions {
    const offers = token === undefined ? [] : [RESUME + token, SEEN + seen];
    return {
      hostname: this.#hostname,
      port: this.#port,
      path: `/parties/main/${room}?_pk=${id}`,
      protocol: [SUBPROTOCOL, ...offers].join(", "),
    };
  }
}
