import { HandshakeRefused } from "./handshake_refused.ts";
import { OPCODE, wireFrame } from "./wire_frame.ts";

/** Where a socket goes. */
export interface RawSocketOptions {
  readonly hostname: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** The list of subprotocols, as the header has it. */
  readonly protocol?: string;
}

/** What a socket has room for at first, in bytes; thousands of them are idle. */
const FIRST_BYTES = 4 * 1024;

/**
 * A WebSocket (RFC 6455) of a load: frames made ahead go out, the payloads of
 * text frames come in as bytes, pings are answered. It writes each frame at once
 * and in one piece, as browsers do; `WebSocket` of Deno 2.9 writes a frame above
 * 1 KiB in two pieces and waits for the acknowledgement of the first (RFC 896),
 * 40 ms. It can also vanish without a word, which `WebSocket` cannot.
 */
export class RawSocket {
  /** Called with the payload of every text frame, which is valid only meanwhile. */
  onText: (payload: Uint8Array) => void = () => {};
  /**
   * Called once when the server has ended the connection, with the close code if
   * it gave one; not after {@linkcode RawSocket.cut}. Without a handler it is
   * an error, and ends the program.
   */
  onEnd: (code: number | undefined) => void = () => {
    throw new Error("Cannot measure: a socket ended");
  };
  /** Called when the server has asked for a sign of life, which it gets. */
  onPing: () => void = () => {};
  readonly #conn: Deno.TcpConn;
  #received = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #saidClose = false;
  #heardClose: number | undefined;
  #deaf = false;
  #cut = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /**
   * Opens a socket.
   *
   * @throws {HandshakeRefused} If the server answered with something else.
   */
  static async open(options: RawSocketOptions): Promise<RawSocket> {
    const socket = await RawSocket.#dial(options);
    try {
      await socket.#shakeHands();
    } catch (error) {
      socket.cut();
      throw error;
    }
    // Not before the caller can say what to do with them.
    setTimeout(() => void socket.#listen());
    return socket;
  }

  /** Asks for a socket and hangs up before the answer. */
  static async knock(options: RawSocketOptions): Promise<void> {
    (await RawSocket.#dial(options)).cut();
  }

  static async #dial(
    { hostname, port, path, protocol }: RawSocketOptions,
  ): Promise<RawSocket> {
    const conn = await Deno.connect({ hostname, port });
    conn.setNoDelay(true);
    const socket = new RawSocket(conn);
    const key = btoa(
      String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))),
    );
    try {
      await socket.#write(new TextEncoder().encode(
        `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
          "Connection: Upgrade\r\nUpgrade: websocket\r\n" +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
          (protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : "") + "\r\n",
      ));
      return socket;
    } catch (error) {
      socket.cut();
      throw error;
    }
  }

  /** Sends a frame of {@linkcode wireFrame}, or any other bytes. */
  send(frame: Uint8Array): void {
    // A rejection is unhandled on purpose: it ends the program.
    void this.#write(frame);
  }

  /** Says that this is the end; the server ends the connection (RFC 6455 §7.1.1). */
  close(code: number): void {
    if (this.#saidClose || this.#cut) return;
    this.send(
      wireFrame(OPCODE.close, new Uint8Array([code >> 8, code & 0xff])),
    );
    this.#saidClose = true;
  }

  /** From now on reads nothing and answers nothing, like one whose network is gone, and stays open until it is cut. */
  freeze(): void {
    this.#deaf = true;
  }

  /** Drops the connection without a word. */
  cut(): void {
    if (this.#cut) return;
    this.#deaf = this.#cut = true;
    this.#conn.close();
  }

  async #shakeHands(): Promise<void> {
    for (;;) {
      if (!await this.#read()) throw new HandshakeRefused(0, "");
      const head = new TextDecoder("latin1").decode(
        this.#received.subarray(0, this.#length),
      );
      const end = head.indexOf("\r\n\r\n") + 4;
      if (end < 4) continue;
      const status = Number(head.slice("HTTP/1.1 ".length, 12));
      if (status === 101) return this.#drop(end);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (this.#length < end + length) continue;
      throw new HandshakeRefused(status, head.slice(end, end + length));
    }
  }

  async #listen(): Promise<void> {
    do {
      this.#drop(this.#takeFrames());
    } while (await this.#read() && !this.#deaf);
    if (this.#deaf) return;
    this.cut();
    this.onEnd(this.#heardClose);
  }

  /** How many bytes the whole frames take that were there. */
  #takeFrames(): number {
    const bytes = this.#received;
    let start = 0;
    for (;;) {
      // Whoever hears a frame may have enough.
      if (this.#deaf) return start;
      const [head = 0, short = 0] = bytes.subarray(start, start + 2);
      const headBytes = short === 126 ? 4 : 2;
      if (start + headBytes > this.#length) return start;
      const length = short === 126
        ? (bytes[start + 2] ?? 0) << 8 | (bytes[start + 3] ?? 0)
        : short;
      const end = start + headBytes + length;
      if (short === 127) {
        throw new Error("Cannot measure: a frame is too long");
      }
      if (end > this.#length) {
        this.#makeRoom(headBytes + length);
        return start;
      }
      const payload = bytes.subarray(start + headBytes, end);
      switch (head) {
        case OPCODE.text:
          this.onText(payload);
          break;
        case OPCODE.ping:
          // A server that has heard the last word hears no other.
          if (!this.#saidClose) this.send(wireFrame(OPCODE.pong, payload));
          this.onPing();
          break;
        case OPCODE.close:
          this.#heardClose = length < 2
            ? undefined
            : (payload[0] ?? 0) << 8 | (payload[1] ?? 0);
          this.close(this.#heardClose ?? 1000);
          break;
        default:
          throw new Error(`Cannot measure: got a frame 0x${head.toString(16)}`);
      }
      start = end;
    }
  }

  /** Room for a frame of `count` bytes, wherever it begins. */
  #makeRoom(count: number): void {
    if (count <= this.#received.length) return;
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(count)));
    larger.set(this.#received.subarray(0, this.#length));
    this.#received = larger;
  }

  #drop(count: number): void {
    this.#received.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  /** Whether there was more to read. */
  async #read(): Promise<boolean> {
    try {
      const count = await this.#conn.read(
        this.#received.subarray(this.#length),
      );
      this.#length += count ?? 0;
      return count !== null;
    } catch (error) {
      // A server that is killed, or was sent more than it reads, resets the connection.
      if (this.#cut || error instanceof Deno.errors.ConnectionReset) {
        return false;
      }
      throw error;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      if (await this.#conn.write(bytes) !== bytes.length) {
        throw new Error("Cannot measure: a socket is full");
      }
    } catch (error) {
      // That it has ended is for who reads to tell.
      const ended = this.#cut ||
        error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset;
      if (!ended) throw error;
    }
  }
}
