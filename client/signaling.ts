import { PartySocket } from "partysocket";
import {
  type ClientMessage,
  comesBack,
  parseServerMessage,
  type ServerMessage,
  SUBPROTOCOL,
} from "../protocol.ts";
import { backoffMs } from "./backoff.ts";
import type { Debug } from "./debug.ts";
import type { Settings } from "./options.ts";
import { Outbox } from "./outbox.ts";

/** Who listens to a {@linkcode Signaling}. Replaced as a whole when the room has been joined. */
export interface SignalingListener {
  /** The socket opened; nothing may be sent before the welcome. */
  onOpen(): void;
  /** A frame arrived. */
  onMessage(message: ServerMessage): void;
  /** The socket closed, or an attempt failed. It is tried again if `comingBack`. */
  onDown(code: number, comingBack: boolean): void;
}

/** The socket to the server: PartySocket, speaking the wire, no faster than the server takes it. */
export class Signaling {
  /** The socket itself; its `id` is the own peer id. */
  readonly socket: PartySocket;
  listener: SignalingListener | undefined;
  readonly #outbox = new Outbox();
  readonly #debug: Debug;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #welcomed = false;

  /** Starts to connect. */
  constructor(settings: Settings, debug: Debug) {
    this.#debug = debug;
    const { address, room, party, id, WebSocket } = settings;
    const socket = this.socket = new PartySocket({
      ...address,
      // PartySocket puts the names into the path as they are.
      room: encodeURIComponent(room),
      party: encodeURIComponent(party),
      ...(id !== undefined && { id }),
      // Asked for before every attempt, which makes it the place to wait: unlike
      // PartySocket's own delay, this one ends with `close()`.
      protocols: () => this.#beforeAttempt(),
      minReconnectionDelay: 0,
      maxEnqueuedMessages: 0,
      shouldReconnectOnClose: ({ code }) => comesBack(code),
      ...(WebSocket && { WebSocket }),
    });
    socket.addEventListener("open", () => this.listener?.onOpen());
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code }) => {
      // What was meant for this membership must not reach a later one.
      this.#welcomed = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      debug("socket closed", code);
      this.listener?.onDown(code, socket.shouldReconnect);
    });
  }

  /** Must be called with every welcome: from then on frames are sent, within its limits. */
  welcomed(limits: { framesPerSecond: number; frameBurst: number }): void {
    this.#attempt = 0;
    this.#welcomed = true;
    this.#outbox.reset(limits, performance.now());
  }

  /** Sends a message as soon as the rate allows. Before the welcome it is dropped: the next welcome starts anew. */
  send(message: ClientMessage): void {
    if (!this.#welcomed) return;
    if (!this.#outbox.push(JSON.stringify(message))) {
      this.#debug("dropped", message.type);
    }
    if (this.#timer === undefined) this.#flush();
  }

  /** Says goodbye. Nothing is told to the listener any more. */
  close(): void {
    this.listener = undefined;
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    this.socket.close(1000);
  }

  async #beforeAttempt(): Promise<string[]> {
    const delayMs = backoffMs(this.#attempt++, Math.random());
    // PartySocket may ask once more after it was closed, and then does nothing.
    if (delayMs > 0 && this.socket.shouldReconnect) {
      await new Promise((resolve) =>
        this.#retry = setTimeout(resolve, delayMs)
      );
    }
    return [SUBPROTOCOL];
  }

  #receive(data: unknown): void {
    const parsed = parseServerMessage(data);
    if (parsed.ok) this.listener?.onMessage(parsed.message);
    // A newer server may say what this version does not know.
    else this.#debug("not understood", parsed.reason);
  }

  #flush(): void {
    const { frames, againInMs } = this.#outbox.take(performance.now());
    for (const frame of frames) this.socket.send(frame);
    this.#timer = againInMs === undefined ? undefined : setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, againInMs);
  }
}
