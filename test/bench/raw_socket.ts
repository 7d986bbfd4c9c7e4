/**
 * A WebSocket (RFC 6455) of a load: frames made ahead go out, the payloads of
 * text frames come in as bytes. It writes each frame at once and in one piece,
 * as browsers do; `WebSocket` of Deno 2.9 writes a frame above 1 KiB in two
 * pieces and waits for the acknowledgement of the first (RFC 896), 40 ms.
 */
export class RawSocket {
  /** Called with the payload of every text frame, which is valid only meanwhile. */
  onText: (payload: Uint8Array) => void = () => {};
  readonly #conn: Deno.TcpConn;
  #received = new Uint8Array(64 * 1024);
  #length = 0;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Opens a socket, which takes frames until it ends; that is an error, and ends the program. */
  static async open(
    { hostname, port, path, protocol }: {
      hostname: string;
      port: number;
      path: string;
      protocol?: string;
    },
  ): Promise<RawSocket> {
    const conn = await Deno.connect({ hostname, port });
    conn.setNoDelay(true);
    const socket = new RawSocket(conn);
    const key = btoa(
      String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))),
    );
    await socket.#write(new TextEncoder().encode(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
        "Connection: Upgrade\r\nUpgrade: websocket\r\n" +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
        (protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : "") + "\r\n",
    ));
    let end = -1;
    while (end < 0) {
      await socket.#read();
      const head = socket.#received.subarray(0, socket.#length);
      end = new TextDecoder("latin1").decode(head).indexOf("\r\n\r\n");
    }
    socket.#drop(end + 4);
    // Not before the caller can say what to do with them.
    setTimeout(() => void socket.#listen());
    return socket;
  }

  async #listen(): Promise<never> {
    for (;;) {
      this.#drop(this.#takeFrames());
      await this.#read();
    }
  }

  /** Sends a frame of {@linkcode textFrame}. */
  send(frame: Uint8Array): void {
    // A rejection is unhandled on purpose: it ends the program.
    void this.#write(frame);
  }

  /** How many bytes the whole frames take that were there. */
  #takeFrames(): number {
    const bytes = this.#received;
    let start = 0;
    for (;;) {
      const [head = 0, short = 0] = bytes.subarray(start, start + 2);
      const headBytes = short === 126 ? 4 : 2;
      if (start + headBytes > this.#length) return start;
      const length = short === 126
        ? (bytes[start + 2] ?? 0) << 8 | (bytes[start + 3] ?? 0)
        : short;
      const end = start + headBytes + length;
      if (short === 127 || length > bytes.length - 4) {
        throw new Error("Cannot measure: a frame is too long");
      }
      if (end > this.#length) return start;
      switch (head) {
        case 0x81:
          this.onText(bytes.subarray(start + headBytes, end));
          break;
        case 0x89:
          this.send(PONG);
          break;
        default:
          throw new Error(`Cannot measure: got a frame 0x${head.toString(16)}`);
      }
      start = end;
    }
  }

  #drop(count: number): void {
    this.#received.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  async #read(): Promise<void> {
    const count = await this.#conn.read(this.#received.subarray(this.#length));
    if (!count) throw new Error("Cannot measure: a socket ended");
    this.#length += count;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (await this.#conn.write(bytes) !== bytes.length) {
      throw new Error("Cannot measure: a socket is full");
    }
  }
}

/** Any key does, but none of zeros: unmasking is work that a server has (RFC 6455 §5.3). */
const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;
const PONG = new Uint8Array([0x8a, 0x80, ...MASK]);

/** A masked text frame of 126 to 65535 bytes (RFC 6455 §5.2). */
export function textFrame(text: string): Uint8Array {
  const payload = new TextEncoder().encode(text);
  if (payload.length < 126 || payload.length > 0xffff) {
    throw new RangeError(`Cannot make a frame of ${payload.length} bytes`);
  }
  return new Uint8Array([
    0x81,
    0x80 | 126,
    payload.length >> 8,
    payload.length & 0xff,
    ...MASK,
    ...payload.map((byte, i) => byte ^ (MASK[i % 4] ?? 0)),
  ]);
}
