import {
  type ClientPing,
  CLOSE,
  exceedsBytes,
  type FaultCode,
  type LeaveReason,
  type Limits,
  parseClientMessage,
  type ServerMessage,
  type SetPresence,
} from "../protocol.ts";
import { RateLimit } from "./rate_limit.ts";
import { encode } from "./room.ts";
import { splitSignal } from "./split_signal.ts";
import type { Tally } from "./tally.ts";

/** How long a socket may take to open: one whose client vanished before the upgrade never does, and Deno says nothing. */
const OPEN_MS = 10_000;

/** What a socket needs, and whom it tells. */
export interface PeerSocketOptions {
  /** The socket itself, not yet open. */
  readonly socket: WebSocket;
  /** What the server takes. */
  readonly limits: Limits;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Counts what comes and goes. */
  readonly tally: Tally;
  /** It opened. */
  onOpen(): void;
  /** A signal arrived, its data still as the JSON literal that it was. */
  onSignal(to: string, literal: string): void;
  /** Anything else arrived. */
  onMessage(message: SetPresence | ClientPing): void;
  /** A frame was answered with an error. */
  onFault(code: FaultCode): void;
  /** It broke a limit and is being closed. */
  onDrop(code: number, reason: string): void;
  /** It is gone, once, whoever closed it; its connection may linger until `closed`. */
  onGone(reason: LeaveReason): void;
}

/** One socket of one peer: what may come over it and go out by it, and what happens when it breaks a limit. */
export class PeerSocket {
  readonly #options: PeerSocketOptions;
  readonly #rate: RateLimit;
  readonly #closed = Promise.withResolvers<void>();
  readonly #opening: ReturnType<typeof setTimeout>;
  /** Settled by the next frame, for whoever asked whether the client is still there. */
  #sign: PromiseWithResolvers<boolean> | undefined;
  #welcomed = false;
  #gone = false;
  #spoken = false;
  #lingers = true;

  /** Listens to the socket. */
  constructor(options: PeerSocketOptions) {
    const { socket, limits, now } = this.#options = options;
    this.#rate = new RateLimit(
      limits.framesPerSecond,
      limits.frameBurst,
      now(),
    );
    this.#opening = setTimeout(() => {
      this.#lingers = false;
      this.#end("lost");
      this.#closed.resolve();
    }, OPEN_MS);
    socket.onopen = () => {
      clearTimeout(this.#opening);
      // What was closed before it opened opens all the same.
      if (this.#gone) return socket.close(CLOSE.restarting, "too late");
      // Asked before it could hear.
      if (this.#sign) this.#tell({ type: "ping" });
      options.onOpen();
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => {
      this.#lingers = false;
      this.#end(this.#isGoodbye(code) ? "goodbye" : "lost");
      this.#closed.resolve();
    };
    // An idle timeout fires this first, then `close` with what looks like a goodbye.
    socket.onerror = () => this.#end("lost");
  }

  /** Resolves when the socket is closed, which a client that does not answer can put off. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Whether its connection may still be there when it is done with: until the client has closed it, too. */
  get lingers(): boolean {
    return this.#lingers;
  }

  /** Sends one encoded signal, unless half of what may wait unread does. */
  offer(frame: string): boolean {
    const { socket, limits } = this.#options;
    // Asked once a signal: each time is dear.
    if (socket.bufferedAmount > limits.unreadBytes / 2) return false;
    if (socket.readyState === WebSocket.OPEN) this.#write(frame);
    return true;
  }

  /** From now on frames of the client are taken. */
  welcomed(): void {
    this.#welcomed = true;
  }

  /** Sends one encoded message, and drops the peer if it does not read what it is sent. */
  send(frame: string): void {
    const { socket, limits } = this.#options;
    if (this.#gone || socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > limits.unreadBytes) {
      return this.#drop(CLOSE.tooSlow, "too much unread output");
    }
    this.#write(frame);
  }

  /** Says what was wrong with a frame. */
  fault(code: FaultCode, message: string, to?: string): void {
    this.#options.onFault(code);
    this.#tell({
      type: "error",
      code,
      message,
      ...(to !== undefined && { to }),
    });
  }

  /** Whether the client says anything within `ms`. It is asked to. */
  answers(ms: number): Promise<boolean> {
    return (this.#sign ??= this.#ask(ms)).promise;
  }

  /** Closes it with a code that tells the client whether to come back. */
  close(code: number, reason: string): void {
    const { socket } = this.#options;
    // It is gone when close is called: a client that never answers would hold its seat for ever.
    this.#end("lost");
    if (socket.readyState <= WebSocket.OPEN) socket.close(code, reason);
  }

  #ask(ms: number): PromiseWithResolvers<boolean> {
    const sign = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => sign.resolve(false), ms);
    void sign.promise.then(() => {
      clearTimeout(timer);
      this.#sign = undefined;
    });
    this.#tell({ type: "ping" });
    return sign;
  }

  #receive(frame: unknown): void {
    if (this.#gone) return;
    const { limits, now, tally, onMessage, onSignal } = this.#options;
    this.#spoken = true;
    this.#sign?.resolve(true);
    tally.add("bytes", "in", sizeOf(frame));
    if (!this.#rate.take(now())) {
      this.fault("rate-limited", "too many frames");
      return this.#drop(CLOSE.rateLimited, "too many frames");
    }
    if (this.#relay(frame)) return;
    const parsed = parseClientMessage(frame, limits.frameBytes);
    if (!parsed.ok) {
      switch (parsed.reason) {
        case "too-large":
          this.fault("frame-too-large", "frame too large");
          return this.#drop(CLOSE.frameTooLarge, "frame too large");
        case "not-text":
        case "not-an-object":
          this.fault("not-a-message", parsed.reason);
          return this.#drop(CLOSE.badFrame, parsed.reason);
        case "unknown-type":
        case "bad-field":
          return this.fault("bad-frame", parsed.reason);
        default:
          return parsed.reason satisfies never;
      }
    }
    const { message } = parsed;
    if (message.type === "pong") return;
    if (!this.#welcomed) {
      this.fault("not-joined", "wait for the welcome");
    } else if (message.type === "signal") {
      onSignal(message.to, JSON.stringify(message.data));
    } else {
      onMessage(message);
    }
  }

  /** The short way for what a server does most; `false` leaves the frame to the full parser. */
  #relay(frame: unknown): boolean {
    if (!this.#welcomed || typeof frame !== "string") return false;
    const { limits, onSignal } = this.#options;
    if (exceedsBytes(frame, limits.frameBytes)) return false;
    const signal = splitSignal(frame);
    if (signal) onSignal(signal.to, signal.literal);
    return signal !== undefined;
  }

  #write(frame: string): void {
    const { socket, tally } = this.#options;
    socket.send(frame);
    tally.add("bytes", "out", frame.length);
  }

  #tell(message: ServerMessage): void {
    this.send(encode(message));
  }

  /** What the client must know is sent before: Deno loses the close frame while the client is still sending. */
  #drop(code: number, reason: string): void {
    this.#options.onDrop(code, reason);
    this.#end("dropped");
    this.#options.socket.close(code, reason);
  }

  /** Idempotent: an idle timeout fires `error`, then `close` twice. */
  #end(reason: LeaveReason): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#opening);
    this.#sign?.resolve(false);
    this.#options.onGone(reason);
  }

  /**
   * A page that leaves says 1000 or nothing (1005) by itself, 1001 when the
   * browser unloads it (RFC 6455 §7.4.1). Before the first frame, all but 1000 is
   * also what a browser says that gave up a handshake, to begin another one.
   */
  #isGoodbye(code: number): boolean {
    return code === CLOSE.goodbye ||
      this.#spoken && (code === 1001 || code === 1005);
  }
}

/** Roughly its bytes: to know them a text would have to be encoded, which costs more than to hand it on. */
function sizeOf(frame: unknown): number {
  if (typeof frame === "string") return frame.length;
  return frame instanceof Blob ? frame.size : 0;
}
