import {
  type ClientMessage,
  comesBack,
  exceedsBytes,
  parseServerMessage,
  RESUME,
  SEEN,
  type ServerMessage,
  SUBPROTOCOL,
  type Welcome,
} from "../protocol.ts";
import { backoffMs, HIDDEN_PATIENCE, OFFLINE_PATIENCE } from "./backoff.ts";
import { bearerProtocol } from "./bearer_protocol.ts";
import type { ConnectError } from "./connect_error.ts";
import type { Names } from "./data/lane.ts";
import type { Debug } from "./debug.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Settings } from "./options.ts";
import { Outbox } from "./outbox.ts";
import type { PairReason } from "./pair_reason.ts";
import { RoomSocket } from "./room_socket.ts";
import type { PeerIdentity } from "./trust/identity.ts";
import type { UntrustedCode } from "./untrusted.ts";
import { whyDown } from "./why_down.ts";

/** What the server says of the room; the rest is between it and the socket. */
export type RoomMessage = Exclude<
  ServerMessage,
  { readonly type: "ping" | "pong" | "drain" }
>;

/** Who listens to a {@linkcode Signaling}. Replaced as a whole when the room has been joined. */
export interface SignalingListener {
  /** The socket opened; the welcome is next. */
  onOpen(): void;
  /** A frame arrived. */
  onMessage(message: RoomMessage): void;
  /** The socket closed. It is tried again if `comingBack`. */
  onDown(code: number, comingBack: boolean): void;
  /** An attempt failed: the socket never opened, or there was no token for it (`cause`). It is tried again. */
  onFail(cause?: unknown): void;
  /** The page may be back, or the network, which may be another then (`changed`). */
  onWake(changed: boolean): void;
  /** In a protected room: a peer is trusted, or has asked for what it may have missed. */
  onTrusted?(peer: string): void;
  /** There: something that was said in the name of a peer was refused. */
  onUntrusted?(peer: string, code: UntrustedCode): void;
}

/** What a connection needs of the signaling, which protects what is said, or not. */
export interface RoomSignaling extends
  Pick<
    Signaling,
    | "socket"
    | "listener"
    | "whyDown"
    | "welcomed"
    | "doubt"
    | "publish"
    | "close"
  > {
  /** {@linkcode Signaling.signal}, and the generation of the pair that says it. */
  signal(to: string, data: string, generation: number): void;
  /** Whether a presence can be published where so many bytes are taken. */
  fits(presence: string, maxBytes: number): boolean;
}

/** Who is who in a protected room. */
export interface RoomTrust {
  /** Why there can be no pair with a peer now, if so. */
  whyNot(peer: string): PairReason | undefined;
  /** What is known of a peer that has introduced itself. */
  session(
    peer: string,
  ): { readonly identity: PeerIdentity | null } | undefined;
  /** What we and a peer have to call ourselves over a connection, if we prove who we are. */
  names(peer: string): Omit<Names, "onImpostor"> | undefined;
  /** Admits a peer, or not, whatever was decided before. */
  trust(peer: string, trusted: boolean): void;
  /** A peer is no longer in the room. */
  forget(peer: string): void;
}

/** How long an attempt may take before an event that makes another one worth it counts. */
const ATTEMPT_MS = 1_000;
/** How long a server may take to welcome an open socket. */
const WELCOME_MS = 5_000;
/** A socket that has lasted so long was no failure. */
const UPTIME_MS = 10_000;
/** How long a server that is about to stop may wait for us to go, so that not everybody goes at once. */
const DRAIN_MS = 1_000;

/** After these events a new attempt may succeed, or an old socket be dead. When a page hides, one attempt more harms nobody. */
const WAKING = ["online", "pageshow", "visibilitychange"];

/** The socket to the server: speaking the wire, going on with the same session whatever happens to it. */
export class Signaling {
  /** The socket itself; its `id` is the own peer id. */
  readonly socket: RoomSocket;
  listener: SignalingListener | undefined;
  readonly #token: Settings["token"];
  readonly #outbox = new Outbox();
  readonly #heartbeat: Heartbeat;
  readonly #debug: Debug;
  readonly #over = new AbortController();
  /** The last token that was offered. */
  #bearer: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: { timer: ReturnType<typeof setTimeout>; now: () => void } | undefined;
  #attempt = 0;
  /** When the last one was begun. */
  #attemptAt = -Infinity;
  #welcomedAt = 0;
  #frameBytes = Infinity;
  #resume: string | undefined;
  /** Signals received in this session. */
  #seen = 0;
  #state: "down" | "open" | "welcomed" = "down";
  /** What the server has said since it is held. */
  #held: unknown[] | undefined;

  /** Starts to connect. */
  constructor(settings: Settings, debug: Debug) {
    this.#debug = debug;
    this.#token = settings.token;
    const socket = this.socket = new RoomSocket({
      ...settings,
      // Asked for before every attempt, which makes it the place to wait: unlike
      // the socket's own delay, this one ends with `close()`.
      protocols: () => this.#beforeAttempt(),
      minReconnectionDelay: 0,
      maxEnqueuedMessages: 0,
      shouldReconnectOnClose: ({ code }) => comesBack(code),
    });
    this.#heartbeat = new Heartbeat({
      ping: () => this.#say({ type: "ping", seen: this.#seen }),
      // The code tells the server that this is no goodbye (a literal, as in `comesBack`).
      onDead: () => socket.reconnect(4003),
    });
    socket.addEventListener("open", () => {
      this.#state = "open";
      // No welcome, no socket.
      this.#heartbeat.expire(WELCOME_MS);
      this.listener?.onOpen();
    });
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code }) => this.#down(code));
    const { signal } = this.#over;
    for (const event of WAKING) {
      const wake = () => this.#wake(event === "online");
      globalThis.addEventListener?.(event, wake, { signal });
    }
    // Without this a tab that is closed may vanish before its browser says goodbye. One that is shown again joins anew.
    globalThis.addEventListener?.("pagehide", () => socket.reconnect(1000), {
      signal,
    });
  }

  /** Why an attempt failed, as far as the server tells. */
  whyDown(): Promise<ConnectError> {
    return whyDown({
      socket: this.socket,
      bearer: this.#bearer,
      signal: this.#over.signal,
    });
  }

  /** Tells the listener nothing of what the server says, for a moment: who listens is not ready. */
  hold(): void {
    this.#held = [];
  }

  /** Tells it now, and whatever comes. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const data of held) this.#receive(data);
  }

  /** Must be called with every welcome: from then on frames are sent, within its limits. */
  welcomed(welcome: Welcome): void {
    this.#welcomedAt = performance.now();
    this.#frameBytes = welcome.limits.frameBytes;
    this.#resume = welcome.resume;
    this.#seen = welcome.sent;
    this.#state = "welcomed";
    this.#outbox.begin(welcome, performance.now());
    // First of all it tells that the new token has arrived.
    this.#heartbeat.start();
    this.#flush();
  }

  /** Looks whether the socket lives: one that says nothing for so long is given up. */
  doubt(ms?: number): void {
    if (this.#state === "welcomed") this.#heartbeat.hurry(ms);
  }

  /** Signals a peer as soon as there is a socket and the rate allows; once more should that socket die under it. */
  signal(to: string, data: string): void {
    const frame = encode({ type: "signal", to, data });
    // One that is too large would cost us the socket.
    if (exceedsBytes(frame, this.#frameBytes) || !this.#outbox.push(frame)) {
      this.#debug("signal dropped", to);
    }
    this.#flush();
  }

  /** Publishes a presence as soon as there is a socket and the rate allows. Must be called again after a welcome. */
  publish(presence: string | null): void {
    this.#outbox.publish(encode({ type: "presence", presence }));
    this.#flush();
  }

  /** {@linkcode RoomSignaling.fits} */
  fits(presence: string, maxBytes: number): boolean {
    return !exceedsBytes(presence, maxBytes);
  }

  /** Says goodbye. Nothing is told to the listener any more. */
  close(): void {
    this.listener = undefined;
    this.#over.abort();
    this.#rest();
    clearTimeout(this.#retry?.timer);
    this.socket.close(1000);
  }

  async #beforeAttempt(): Promise<string[]> {
    const patience = globalThis.navigator?.onLine === false
      ? OFFLINE_PATIENCE
      : globalThis.document?.hidden
      ? HIDDEN_PATIENCE
      : Infinity;
    const delayMs = backoffMs(this.#attempt++, Math.random(), patience);
    // The socket may ask once more after it was closed, and then does nothing.
    if (delayMs > 0 && this.socket.shouldReconnect) {
      await new Promise<void>((now) => {
        this.#retry = { now, timer: setTimeout(now, delayMs) };
      });
      clearTimeout(this.#retry?.timer);
      this.#retry = undefined;
    }
    this.#attemptAt = performance.now();
    const protocols = [SUBPROTOCOL];
    if (this.#resume) {
      protocols.push(RESUME + this.#resume, SEEN + this.#seen);
    }
    if (this.#token !== undefined) {
      try {
        this.#bearer = typeof this.#token === "string"
          ? this.#token
          : await this.#token();
        protocols.push(bearerProtocol(this.#bearer));
      } catch (error) {
        this.listener?.onFail(error);
        throw new Error("no token");
      }
    }
    return protocols;
  }

  #receive(data: unknown): void {
    this.#heartbeat.heard();
    if (this.#held) return void this.#held.push(data);
    // A hostile peer can make this frame one that is no JSON; the server counts it all the same.
    if (/^{"type":"signal"/.test(data as string)) this.#seen++;
    const parsed = parseServerMessage(data);
    // A newer server may say what this version does not know.
    if (!parsed.ok) return this.#debug("not understood", parsed.reason);
    const { message } = parsed;
    switch (message.type) {
      case "ping":
        return this.#say({ type: "pong" });
      case "pong":
        return this.#outbox.acknowledge(message.seen);
      case "drain":
        return this.#heartbeat.expire(Math.random() * DRAIN_MS);
    }
    this.listener?.onMessage(message);
  }

  #down(code: number): void {
    const before = this.#state;
    this.#state = "down";
    // It was of this socket.
    if (this.#held) this.#held = [];
    this.#rest();
    if (before !== "down") {
      // A server that lets us in and drops us again is given ever more time.
      const lasted = performance.now() - this.#welcomedAt;
      if (lasted > UPTIME_MS) this.#attempt = 1;
      this.listener?.onDown(code, this.socket.shouldReconnect);
    } else this.listener?.onFail();
  }

  /** Something happened that makes it worth trying now, or looking whether the socket lives: on another network it does not. */
  #wake(changed: boolean): void {
    // What has failed so far did so elsewhere.
    if (changed) this.#attempt = 0;
    if (this.#retry) this.#retry.now();
    else if (changed) this.#reconnect();
    else this.doubt();
    this.listener?.onWake(changed);
  }

  /** Replaces the socket, or an attempt that was begun on another network. */
  #reconnect(): void {
    const now = performance.now();
    if (this.#state === "down" && now - this.#attemptAt < ATTEMPT_MS) return;
    this.#attemptAt = now;
    this.socket.reconnect(4003);
  }

  #rest(): void {
    this.#heartbeat.stop();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #say(message: ClientMessage): void {
    this.socket.send(encode(message));
  }

  #flush(): void {
    if (this.#state !== "welcomed" || this.#timer !== undefined) return;
    const { frames, againInMs } = this.#outbox.take(performance.now());
    for (const frame of frames) this.socket.send(frame);
    this.#timer = againInMs === undefined ? undefined : setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, againInMs);
  }
}

function encode(message: ClientMessage): string {
  return JSON.stringify(message);
}
