import {
  type ClientMessage,
  type FaultCode,
  parseServerMessage,
  type ServerMessage,
} from "../../protocol.ts";
import type { RawSocket } from "../bench/raw_socket.ts";
import { textFrame } from "../bench/wire_frame.ts";

/** Who hears what comes over a line. */
export interface LineListener {
  /** The server said something; `undefined` if it is nothing that a server says. */
  onMessage(message: ServerMessage | undefined): void;
  /** The server ended it, with a close code if it gave one. */
  onEnd(code: number | undefined): void;
}

const decoder = new TextDecoder();

/** One socket of a visitor: what goes over it, and what has not been answered yet. */
export class Line {
  readonly #socket: RawSocket;
  /** Who waits for the answers to pings. */
  #pongs: (() => void)[] = [];
  /** The faults that were provoked. */
  #faults: FaultCode[] = [];

  /** Listens to the socket. */
  constructor(socket: RawSocket, { onMessage, onEnd }: LineListener) {
    this.#socket = socket;
    socket.onText = (payload) => {
      const parsed = parseServerMessage(decoder.decode(payload));
      onMessage(parsed.ok ? parsed.message : undefined);
    };
    socket.onEnd = (code) => {
      this.forget();
      onEnd(code);
    };
  }

  /** What the server must tell of and has not told of. */
  get unheard(): readonly FaultCode[] {
    return this.#faults;
  }

  /** Says something to the server. */
  say(message: ClientMessage): void {
    this.#socket.send(textFrame(JSON.stringify(message)));
  }

  /** Resolves when the server has answered, or the line is of no use any more. */
  ping(seen: number): Promise<void> {
    this.say({ type: "ping", seen });
    return new Promise((resolve) => this.#pongs.push(resolve));
  }

  /** The server has answered a ping; `false` if there was none. */
  pong(): boolean {
    const answered = this.#pongs.shift();
    answered?.();
    return answered !== undefined;
  }

  /** Sends what makes the server tell of a fault. */
  provoke(bytes: Uint8Array, fault: FaultCode): void {
    this.#faults.push(fault);
    this.#socket.send(bytes);
  }

  /** The server tells of a fault; `false` if that was not the next to tell of. */
  told(fault: FaultCode): boolean {
    const expected = this.#faults[0] === fault;
    if (expected) this.#faults.shift();
    return expected;
  }

  /** Begins to end it. */
  close(code: number): void {
    this.#socket.close(code);
  }

  /** Drops it; the server hears that it ended. */
  cut(): void {
    this.forget();
    this.#socket.cut();
  }

  /** Drops it; the server hears nothing, not even that it ended, which is for the caller to do. */
  freeze(): RawSocket {
    this.forget();
    this.#socket.freeze();
    return this.#socket;
  }

  /** Waits for nothing any more. */
  forget(): void {
    this.#faults = [];
    for (const answered of this.#pongs.splice(0)) answered();
  }
}
