import type { ServerMessage } from "../../protocol.ts";

/** Sockets that a test opens, speaks for and closes; in the order in which they were made. */
export class FakeWebSockets {
  /** Every socket that was made. */
  readonly made: FakeWebSocket[] = [];
  /** What to give as the option `WebSocket`. */
  readonly WebSocket: typeof WebSocket;

  /** Makes the class, whose objects end up in this list. */
  constructor() {
    const { made } = this;
    class Listed extends FakeWebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        made.push(this);
      }
    }
    this.WebSocket = Listed as unknown as typeof WebSocket;
  }

  /** The last one. */
  get last(): FakeWebSocket {
    const last = this.made.at(-1);
    if (!last) throw new Error("No socket was made");
    return last;
  }
}

/** A socket without a network. */
export class FakeWebSocket extends EventTarget {
  readonly bufferedAmount = 0;
  readonly url: string;
  readonly protocols: readonly string[];
  /** What the client has sent. */
  readonly sent: { readonly type: string; readonly [name: string]: unknown }[] =
    [];
  readyState: number = WebSocket.CONNECTING;
  binaryType = "blob";
  /** The code with which the client closed it. */
  closedWith: number | undefined;

  constructor(url: string, protocols: string[]) {
    super();
    this.url = url;
    this.protocols = protocols;
  }

  /** Called by the client. */
  send(frame: string): void {
    this.sent.push(JSON.parse(frame));
  }

  /** Called by the client. */
  close(code?: number): void {
    this.readyState = WebSocket.CLOSING;
    this.closedWith = code;
  }

  /** It opens. */
  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** The server says something. */
  say(message: ServerMessage): void {
    const data = JSON.stringify(message);
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** The server, or the network, closes it. */
  end(code: number): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new CloseEvent("close", { code }));
  }
}
