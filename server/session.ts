import {
  CLOSE,
  exceedsBytes,
  type FaultCode,
  type LeaveReason,
  type Limits,
  parseClientMessage,
  type ServerMessage,
  VERSION,
} from "../protocol.ts";
import type { IceSource } from "./ice_source.ts";
import type { Log } from "./log_record.ts";
import { RateLimit } from "./rate_limit.ts";
import { encode, type Occupant, type Room } from "./room.ts";
import { splitSignal } from "./split_signal.ts";
import type { IceConfig } from "./turn_provider.ts";

/** How long a welcome waits for TURN credentials; what comes later follows in an `ice` message. */
const ICE_PATIENCE_MS = 1_000;

/** What a session needs of the world. */
export interface SessionOptions {
  /** Public id of the peer. */
  readonly id: string;
  /** Where it will sit. */
  readonly room: Room;
  /** Its socket, not yet open. */
  readonly socket: WebSocket;
  /** What the server takes. */
  readonly limits: Limits;
  /** Where STUN and TURN servers come from. */
  readonly ice: IceSource;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Takes what is worth telling an operator. */
  readonly log: Log;
  /** Called once, when the seat is free again. */
  readonly onEnd: () => void;
}

/** One peer's membership of one room, from the upgrade to its end. */
export class Session implements Occupant {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #rate: RateLimit;
  /** How every signal of this peer begins: the server says who speaks, the speaker never does. */
  readonly #stamp: string;
  readonly #closed = Promise.withResolvers<void>();
  #state: "opening" | "joined" | "ended" = "opening";

  /** Claims the seat and listens to the socket. */
  constructor(options: SessionOptions) {
    const { id, room, socket, limits, now } = options;
    this.id = id;
    this.#options = options;
    this.#stamp = `{"type":"signal","from":${JSON.stringify(id)},"data":`;
    this.#rate = new RateLimit(
      limits.framesPerSecond,
      limits.frameBurst,
      now(),
    );
    room.claim(this);
    socket.onopen = () => void this.#join();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => {
      this.#end(isGoodbye(code) ? "goodbye" : "lost");
      this.#closed.resolve();
    };
    socket.onerror = () => this.#end("lost");
  }

  /** Resolves when the socket is closed, which a client that does not answer can put off. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Sends one encoded message, and drops the peer if it does not read what it is sent. */
  deliver(frame: string): void {
    const { socket, limits } = this.#options;
    if (this.#state === "ended" || socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > limits.unreadBytes) {
      return this.#drop(CLOSE.tooSlow, "too much unread output");
    }
    socket.send(frame);
  }

  /** Sends one encoded message, unless half of what may wait unread does. */
  offer(frame: string): boolean {
    const { socket, limits } = this.#options;
    if (socket.bufferedAmount > limits.unreadBytes / 2) return false;
    if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    return true;
  }

  /** Closes the socket with a code that tells the client whether to come back. */
  close(code: number, reason: string): void {
    const { socket } = this.#options;
    // The room is left when close is called: a peer that never answers would hold its seat for ever.
    this.#end("lost");
    if (socket.readyState <= WebSocket.OPEN) socket.close(code, reason);
  }

  async #join(): Promise<void> {
    const { ice, room, now, limits } = this.#options;
    const fresh = ice.fresh();
    const inTime = await within(ICE_PATIENCE_MS, fresh);
    if (this.#state === "ended") return;
    const joined = room.join(this, now());
    if (!joined) return;
    this.#state = "joined";
    this.#send({
      type: "welcome",
      version: VERSION,
      id: this.id,
      ...joined,
      ...iceFields(inTime.value ?? ice.known),
      resume: null,
      limits,
    });
    if (!inTime.settled) {
      const late = await fresh;
      if (late) this.#send({ type: "ice", ...iceFields(late) });
    }
  }

  #receive(frame: unknown): void {
    if (this.#state === "ended") return;
    const { room, limits, now } = this.#options;
    if (!this.#rate.take(now())) {
      this.#fault("rate-limited", "too many frames");
      return this.#drop(CLOSE.rateLimited, "too many frames");
    }
    if (this.#relay(frame)) return;
    const parsed = parseClientMessage(frame, limits.frameBytes);
    if (!parsed.ok) {
      switch (parsed.reason) {
        case "too-large":
          this.#fault("frame-too-large", "frame too large");
          return this.#drop(CLOSE.frameTooLarge, "frame too large");
        case "not-text":
        case "not-an-object":
          this.#fault("not-a-message", parsed.reason);
          return this.#drop(CLOSE.badFrame, parsed.reason);
        case "unknown-type":
        case "bad-field":
          return this.#fault("bad-frame", parsed.reason);
        default:
          return parsed.reason satisfies never;
      }
    }
    if (this.#state === "opening") {
      return this.#fault("not-joined", "wait for the welcome");
    }
    const { message } = parsed;
    switch (message.type) {
      case "signal":
        return this.#signal(message.to, JSON.stringify(message.data));
      case "presence":
        if (
          message.presence !== null &&
          exceedsBytes(message.presence, limits.presenceBytes)
        ) {
          return this.#fault(
            "presence-too-large",
            `presence takes at most ${limits.presenceBytes} bytes`,
          );
        }
        return room.publish(this, message.presence);
      default:
        return message satisfies never;
    }
  }

  /** The short way for what a server does most; `false` leaves the frame to the full parser. */
  #relay(frame: unknown): boolean {
    if (this.#state !== "joined" || typeof frame !== "string") return false;
    if (exceedsBytes(frame, this.#options.limits.frameBytes)) return false;
    const signal = splitSignal(frame);
    if (signal) this.#signal(signal.to, signal.literal);
    return signal !== undefined;
  }

  #signal(to: string, literal: string): void {
    const refused = this.#options.room.tell(to, `${this.#stamp}${literal}}`);
    if (refused) this.#fault(refused, "not delivered", to);
  }

  #send(message: ServerMessage): void {
    this.deliver(encode(message));
  }

  #fault(code: FaultCode, message: string, to?: string): void {
    this.#send({
      type: "error",
      code,
      message,
      ...(to !== undefined && { to }),
    });
  }

  /** What the client must know is sent before: Deno loses the close frame while the client is still sending. */
  #drop(code: number, reason: string): void {
    this.#options.log({ level: "info", event: "peer-dropped", code, reason });
    this.#end("dropped");
    this.#options.socket.close(code, reason);
  }

  /** Idempotent: an idle timeout fires `error`, then `close` twice. */
  #end(reason: LeaveReason): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#options.room.leave(this, reason);
    this.#options.onEnd();
  }
}

/** A page that leaves says 1000 or nothing (1005) by itself, 1001 when the browser unloads it (RFC 6455 §7.4.1). */
function isGoodbye(code: number): boolean {
  return code === CLOSE.goodbye || code === 1001 || code === 1005;
}

function iceFields({ iceServers, expiresAt }: IceConfig): {
  iceServers: IceConfig["iceServers"];
  iceExpiresAt: number | null;
} {
  return { iceServers, iceExpiresAt: expiresAt };
}

/** What `promise` came to within `ms`. The promise must not reject. */
async function within<T>(
  ms: number,
  promise: Promise<T>,
): Promise<{ settled: true; value: T } | { settled: false; value: undefined }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<{ settled: false; value: undefined }>(
    (resolve) => {
      timer = setTimeout(
        () => resolve({ settled: false, value: undefined }),
        ms,
      );
    },
  );
  const value = promise.then((value) => ({ settled: true as const, value }));
  try {
    return await Promise.race([value, patience]);
  } finally {
    clearTimeout(timer);
  }
}
