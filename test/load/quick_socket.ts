import { HandshakeRefused } from "../bench/handshake_refused.ts";
import { RawSocket } from "../bench/raw_socket.ts";
import { textFrame } from "../bench/wire_frame.ts";

/** The code of one that never opened, or ended without a word (RFC 6455 §7.4.1). */
const ABNORMAL = 1006;

/**
 * As much of a `WebSocket` as the client needs, for `ws:` alone: one that writes
 * each frame at once. That of Deno 2.9 keeps the second half of a frame above
 * 1 KiB for 40 ms (see {@linkcode RawSocket}), which would be all there is to see.
 */
export class QuickSocket extends EventTarget {
  readonly url: string;
  readonly protocol = "";
  readonly extensions = "";
  readonly bufferedAmount = 0;
  binaryType = "blob";
  readyState: number = WebSocket.CONNECTING;
  #socket: RawSocket | undefined;

  /** Starts to connect. */
  constructor(url: string, protocols: readonly string[]) {
    super();
    this.url = url;
    void this.#open(new URL(url), protocols.join(", "));
  }

  /** Sends a text frame. */
  send(text: string): void {
    if (this.readyState === WebSocket.OPEN) this.#socket?.send(textFrame(text));
  }

  /** Says that this is the end. */
  close(code = 1000): void {
    if (this.readyState >= WebSocket.CLOSING) return;
    this.readyState = WebSocket.CLOSING;
    this.#socket?.close(code);
  }

  async #open(url: URL, protocol: string): Promise<void> {
    try {
      const socket = await RawSocket.open({
        hostname: url.hostname.replace(/^\[|\]$/g, ""),
        port: Number(url.port || 80),
        path: url.pathname + url.search,
        protocol,
      });
      this.#listen(socket);
    } catch (error) {
      const failed = error instanceof HandshakeRefused ||
        error instanceof Deno.errors.ConnectionRefused ||
        error instanceof Deno.errors.ConnectionReset;
      if (!failed) throw error;
      const { message } = error;
      this.dispatchEvent(new ErrorEvent("error", { message, error }));
      this.#end(ABNORMAL);
    }
  }

  #listen(socket: RawSocket): void {
    // It was closed before it was open.
    if (this.readyState !== WebSocket.CONNECTING) {
      socket.cut();
      return this.#end(ABNORMAL);
    }
    const decoder = new TextDecoder();
    this.#socket = socket;
    socket.onText = (payload) => {
      const data = decoder.decode(payload);
      this.dispatchEvent(new MessageEvent("message", { data }));
    };
    socket.onEnd = (code) => this.#end(code ?? ABNORMAL);
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  #end(code: number): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new CloseEvent("close", { code }));
  }
}
