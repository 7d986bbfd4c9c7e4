import {
  parseServerMessage,
  type ServerMessage,
  SUBPROTOCOL,
  type Welcome,
} from "../../protocol.ts";

/** A peer that speaks the wire by hand, and may say anything. */
export class RawPeer implements AsyncDisposable {
  /** The socket itself, for what the wire forbids. */
  readonly socket: WebSocket;
  /** Bytes of all frames so far. */
  bytes = 0;
  readonly #inbox: ServerMessage[] = [];
  readonly #closed = Promise.withResolvers<CloseEvent>();
  #wake: () => void = () => {};

  /** Connects to a room, as `id` if given. */
  constructor(url: string, room: string, id?: string) {
    const query = id === undefined ? "" : `?_pk=${encodeURIComponent(id)}`;
    const address = `${url.replace(/^http/, "ws")}/parties/main/${
      encodeURIComponent(room)
    }${query}`;
    this.socket = new WebSocket(address, SUBPROTOCOL);
    this.socket.onmessage = ({ data }) => {
      this.bytes += data.length;
      const parsed = parseServerMessage(data);
      if (!parsed.ok) {
        throw new Error(`The server sent ${parsed.reason}: ${data}`);
      }
      this.#inbox.push(parsed.message);
      this.#wake();
    };
    // A refused socket fires `error`, then `close`.
    this.socket.onerror = (event) => event.preventDefault();
    this.socket.onclose = (event) => {
      this.#closed.resolve(event);
      this.#wake();
    };
  }

  /** Connects and waits for the welcome. */
  static async join(
    url: string,
    room: string,
    id?: string,
  ): Promise<RawPeer & { welcome: Welcome }> {
    const peer = new RawPeer(url, room, id);
    return Object.assign(peer, { welcome: await peer.next("welcome") });
  }

  /** Resolves with the close of the socket. */
  get closed(): Promise<CloseEvent> {
    return this.#closed.promise;
  }

  /** Sends a message, well-formed or not. */
  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of that type; what came before it is skipped. */
  async next<Type extends ServerMessage["type"]>(
    type: Type,
  ): Promise<ServerMessage & { type: Type }> {
    for (;;) {
      for (
        let message = this.#inbox.shift();
        message;
        message = this.#inbox.shift()
      ) {
        if (message.type === type) {
          return message as ServerMessage & { type: Type };
        }
      }
      if (this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(`The socket closed before a message of type "${type}"`);
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Says goodbye and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState <= WebSocket.OPEN) this.socket.close(1000);
    await this.closed;
  }
}
