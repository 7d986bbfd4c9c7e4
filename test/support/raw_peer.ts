import {
  BEARER,
  parseServerMessage,
  RESUME,
  SEEN,
  type ServerMessage,
  SUBPROTOCOL,
  type Welcome,
} from "../../protocol.ts";

/** What a raw peer offers beside the version. */
export interface RawPeerOptions {
  /** Token of the session to resume. */
  readonly resume?: string;
  /** Signals received in it. */
  readonly seen?: number;
  /** Token that says who may join. */
  readonly bearer?: string;
  /** Headers that no page could send. */
  readonly headers?: Record<string, string>;
}

/** A peer that speaks the wire by hand, and may say anything. */
export class RawPeer implements AsyncDisposable {
  /** The socket itself, for what the wire forbids. */
  readonly socket: WebSocket;
  /** Whether it answers when the server asks if it lives. */
  answers = true;
  /** Bytes of all frames so far. */
  bytes = 0;
  readonly #inbox: ServerMessage[] = [];
  readonly #closed = Promise.withResolvers<CloseEvent>();
  #wake: () => void = () => {};
  #onPong: () => void = () => {};

  /** Connects to a room, as `id` if given. */
  constructor(
    url: string,
    room: string,
    id?: string,
    options: RawPeerOptions = {},
  ) {
    const { resume, seen, bearer, headers = {} } = options;
    const query = id === undefined ? "" : `?_pk=${encodeURIComponent(id)}`;
    const address = `${url.replace(/^http/, "ws")}/parties/main/${
      encodeURIComponent(room)
    }${query}`;
    const init = {
      protocols: [
        SUBPROTOCOL,
        ...(resume === undefined ? [] : [RESUME + resume]),
        ...(seen === undefined ? [] : [SEEN + seen]),
        ...(bearer === undefined ? [] : [BEARER + bearer]),
      ],
      headers,
    };
    // Deno takes more than the list of subprotocols that the DOM types know.
    this.socket = new WebSocket(address, init as unknown as string[]);
    this.socket.onmessage = ({ data }) => {
      this.bytes += data.length;
      const parsed = parseServerMessage(data);
      if (!parsed.ok) {
        throw new Error(`The server sent ${parsed.reason}: ${data}`);
      }
      // A client that lives says so; nobody waits for the question.
      if (parsed.message.type === "ping") {
        if (this.answers) this.send({ type: "pong" });
      } else if (parsed.message.type === "pong") this.#onPong();
      else this.#inbox.push(parsed.message);
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
    options: RawPeerOptions = {},
  ): Promise<RawPeer & { welcome: Welcome }> {
    const peer = new RawPeer(url, room, id, options);
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

  /** Resolves when the server has taken everything that was sent, and all that it had to say by then has arrived. */
  async settled(seen = 0): Promise<void> {
    this.send({ type: "ping", seen });
    await new Promise<void>((resolve) => this.#onPong = resolve);
  }

  /** Everything in the inbox, which is empty then. */
  heard(): ServerMessage[] {
    return this.#inbox.splice(0);
  }

  /** Says goodbye and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState <= WebSocket.OPEN) this.socket.close(1000);
    await this.closed;
  }
}
