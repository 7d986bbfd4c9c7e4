import type { Emitter } from "../emitter.ts";
import type { Message, Undelivered } from "../events.ts";
import type { SendableAs } from "../room_types.ts";
import { type ChannelSettings, isReliable } from "./channel_options.ts";
import { deliver, type Outlet } from "./deliver.ts";
import { Payload } from "./payload.ts";

/** A peer asks for a channel of the same name with other options. */
export interface ChannelMismatch {
  /** Id of the peer. */
  readonly peer: string;
  /** Why it does not open. */
  readonly code: "options-differ";
  /** What the peer asks for. */
  readonly settings: ChannelSettings;
}

/** The events of a {@linkcode Channel}, by name. */
export interface ChannelEvents<
  Data extends string | ArrayBuffer = string | ArrayBuffer,
> {
  /**
   * Both sides have asked for it, and it is open: fires before any message of that
   * peer, and after its `peer` event. Not again when the connection is made anew.
   */
  open: (peer: string) => void;
  /** A peer sent something: a string as it was, anything binary as an `ArrayBuffer`. */
  message: (message: Message<Data>) => void;
  /** Either side has closed it, or the pair is gone for good. Not while the connection is made anew. */
  close: (peer: string) => void;
  /** It does not open to a peer that asks for the same name with other options. */
  error: (mismatch: ChannelMismatch) => void;
  /** A reliable channel closed with messages on their way that the peer had not confirmed. Fires before its `close`. */
  undelivered: (undelivered: Undelivered) => void;
}

/** Options of {@linkcode Channel.send}. */
export interface ChannelSendOptions {
  /** Id or ids of the peers to send to. @default {all for which it is open} */
  readonly to?: string | readonly string[];
  /** Takes back what has not left when aborted. */
  readonly signal?: AbortSignal;
}

/** What a channel is made of, which its part in each pair shares. */
export interface ChannelParts {
  readonly name: string;
  readonly settings: ChannelSettings;
  /** Largest message that is sent and taken. */
  readonly maxMessageBytes: number;
  readonly events: Emitter<ChannelEvents>;
  /** The peers for which it is open. */
  readonly lines: Map<string, Outlet>;
  /** The app wants it no more. */
  onClose(): void;
}

/** Makes a channel. For {@linkcode Connection.channel} alone, so that the class shows no internals. */
export let makeChannel: (parts: ChannelParts) => Channel;

/**
 * A channel by name, to every peer that has asked for the same one. Made by
 * {@linkcode Connection.channel}.
 *
 * A reliable, ordered one carries messages as the connection does. Any other
 * carries datagrams, each a message of an `RTCDataChannel` as it is.
 */
export class Channel<
  Data extends string | ArrayBuffer = string | ArrayBuffer,
> {
  readonly #parts: ChannelParts;

  private constructor(parts: ChannelParts) {
    this.#parts = parts;
  }

  static {
    makeChannel = (parts) => new Channel(parts);
  }

  /** Its name. */
  get name(): string {
    return this.#parts.name;
  }

  /** Its options, complete. */
  get options(): ChannelSettings {
    return this.#parts.settings;
  }

  /** Ids of the peers for which it is open. */
  get peers(): string[] {
    return [...this.#parts.lines.keys()];
  }

  /**
   * Calls `listener` at every `event`, until the returned function is called.
   * A listener that throws stops no other; its error is reported as uncaught.
   */
  on<Name extends keyof ChannelEvents>(
    event: Name,
    listener: ChannelEvents<Data>[Name],
  ): () => void {
    return this.#parts.events.on(event, listener as ChannelEvents[Name]);
  }

  /** Calls `listener` at the next `event` only. The returned function takes it back. */
  once<Name extends keyof ChannelEvents>(
    event: Name,
    listener: ChannelEvents<Data>[Name],
  ): () => void {
    return this.#parts.events.once(event, listener as ChannelEvents[Name]);
  }

  /**
   * Sends a message to every peer for which it is open, or to those named.
   *
   * On a reliable, ordered channel it is as large as `maxMessageBytes` allows,
   * and arrives exactly once, in order, also when the connection has to be made
   * anew: as with {@linkcode Connection.send}. On any other it is a datagram, of
   * 256 KiB at most in today's browsers: it is handed to the network now, or
   * dropped for a peer for which more than 64 KiB wait already or whose
   * connection is being made anew; what was on its way then is lost.
   *
   * @returns The number of peers for which it has left.
   * @throws {TypeError} If it cannot be sent; of datagrams, a Blob cannot.
   * @throws {RangeError} If it is larger than we send, or than one named in `to` takes, or everybody; nothing was sent.
   * @throws {DOMException} `InvalidStateError` if it is not open for a peer in `to`, `QuotaExceededError` if more than `maxMessageBytes` would wait for one of those, or for everybody; nothing was sent.
   * @throws {SendError} If it closed, or a Blob could not be read, before all of it had left, or one of several takes less, or no more; `lost` says for whom. May be ignored: `undelivered` tells, too.
   */
  send(
    data: SendableAs<Data>,
    options: ChannelSendOptions = {},
  ): Promise<number> {
    const { lines, name, settings, maxMessageBytes, events } = this.#parts;
    const { to, signal } = options;
    try {
      signal?.throwIfAborted();
      const payload = new Payload("send", data);
      if (payload.raw === undefined && !isReliable(settings)) {
        throw new TypeError(
          "Cannot send: only a reliable, ordered channel takes a Blob",
        );
      }
      const ids = to === undefined ? lines.keys() : [to].flat();
      const outlets = new Map<string, Outlet>();
      for (const id of ids) {
        const line = lines.get(id);
        if (!line) {
          throw new DOMException(
            `Cannot send: channel "${name}" is not open for peer "${id}"`,
            "InvalidStateError",
          );
        }
        outlets.set(id, line);
      }
      return deliver(payload, outlets, {
        maxMessageBytes,
        named: to !== undefined,
        signal,
        onLost: (peer) => events.emit("undelivered", { peer, messages: 1 }),
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Closes it for all peers, which hear of it. What is still on its way may be
   * lost. Closing twice is fine; {@linkcode Connection.channel} opens it again.
   */
  close(): void {
    this.#parts.onClose();
  }
}
