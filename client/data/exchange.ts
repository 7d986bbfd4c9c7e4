import type { ConnectionEvents, Message } from "../events.ts";
import { Emitter } from "../emitter.ts";
import { type Channel, type ChannelParts, makeChannel } from "./channel.ts";
import {
  type ChannelOptions,
  isSameChannel,
  readChannelOptions,
} from "./channel_options.ts";
import { MAX_CHANNELS } from "./channels.ts";
import type { DataPlane } from "./data_plane.ts";
import { checkOwnSize, checkSize, deliver } from "./deliver.ts";
import { MessageQueue } from "./message_queue.ts";
import { Payload } from "./payload.ts";
import type { RequestHandler } from "./requests.ts";
import { NAME_CHARS, type Offer } from "./transfer_frame.ts";
import type { TransferProgress } from "./transfer_progress.ts";

/** How long an answer may take, unless the app says otherwise. */
const ANSWER_MS = 30_000;

/** What an exchange needs. */
export interface ExchangeOptions {
  /** Largest message that is sent and taken. */
  readonly maxMessageBytes: number;
  /** Ids of the peers that the app knows. */
  met(): string[];
  /** The data plane of a peer that the app knows. */
  plane(peerId: string): DataPlane | undefined;
  /** A peer does not get a message, though it is there. */
  onLost(peerId: string): void;
  /** Calls a listener at what was sent to us. */
  onMessage(listener: (message: Message) => void): () => void;
  /** Calls a listener of the app's connection. */
  on<Name extends "state" | "peer-disconnect">(
    event: Name,
    listener: ConnectionEvents[Name],
  ): () => void;
}

/** What {@linkcode Exchange.sendFile} takes. */
export interface SendFileSettings {
  readonly to?: string | readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one membership says to its peers, and hears from them. */
export class Exchange {
  readonly #options: ExchangeOptions;
  #handler: RequestHandler<string | ArrayBuffer> | undefined;
  readonly #channels = new Map<string, [Channel, ChannelParts]>();

  /** Says nothing yet. */
  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Who answers requests, if anybody does. */
  get handler(): RequestHandler<string | ArrayBuffer> | undefined {
    return this.#handler;
  }

  /** The channels that the app asks for. */
  get channels(): Iterable<ChannelParts> {
    return [...this.#channels.values()].map(([, parts]) => parts);
  }

  /** Sends a message to some peers; resolves with their number when it has left for all of them. */
  send(
    data: unknown,
    options: {
      to?: string | readonly string[] | undefined;
      signal?: AbortSignal | undefined;
    },
  ): Promise<number> {
    const { signal, to = this.#options.met() } = options;
    try {
      signal?.throwIfAborted();
      const payload = new Payload("send", data);
      const planes = new Map<string, DataPlane>();
      for (const id of typeof to === "string" ? [to] : to) {
        planes.set(id, this.#planeOf("send", id));
      }
      const { maxMessageBytes } = this.#options;
      return deliver(payload, planes, {
        maxMessageBytes,
        named: options.to !== undefined,
        signal,
        onLost: this.#options.onLost,
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends a file to some peers; resolves with their number when all of them have it. */
  async sendFile(
    source: unknown,
    options: SendFileSettings,
  ): Promise<number> {
    const { to = this.#options.met(), onProgress, signal } = options;
    const offer = readOfferOf(source, options);
    const ids = [...new Set([to].flat())];
    if (source instanceof ReadableStream && ids.length !== 1) {
      throw new RangeError(
        `Cannot send file: a stream is read once, so it goes to 1 peer, not to ${ids.length}`,
      );
    }
    signal?.throwIfAborted();
    const planes = ids.map((id) => this.#planeOf("send file", id));
    const sent = await Promise.allSettled(planes.map((plane) =>
      plane.sendFile({
        source: source as Blob | ReadableStream,
        offer,
        onProgress,
        signal,
      })
    ));
    const errors = sent.flatMap((each) =>
      each.status === "rejected" ? [each.reason] : []
    );
    if (errors.length === 0) return ids.length;
    signal?.throwIfAborted();
    if (ids.length === 1) throw errors[0];
    throw new AggregateError(
      errors,
      `Cannot send file to ${errors.length} of ${ids.length} peers`,
    );
  }

  /** Asks a peer, and resolves with its answer. */
  async request(
    data: unknown,
    options: {
      to: string;
      signal?: AbortSignal | undefined;
      timeoutMs?: number | undefined;
    },
  ): Promise<string | ArrayBuffer> {
    const { to, signal, timeoutMs = ANSWER_MS } = options;
    if (!(timeoutMs > 0)) {
      throw new RangeError(
        `Cannot request: "timeoutMs" must be positive, got ${timeoutMs}`,
      );
    }
    signal?.throwIfAborted();
    const payload = new Payload("request", data);
    const plane = this.#planeOf("request", to);
    checkOwnSize("request", payload, this.#options.maxMessageBytes);
    checkSize("request", payload, to, plane);
    return await plane.request(payload, { signal, timeoutMs });
  }

  /** Sets who answers requests, until the returned function is called. */
  onRequest(handler: RequestHandler<string | ArrayBuffer>): () => void {
    if (this.#handler) {
      throw new DOMException(
        "Cannot answer requests: somebody does already",
        "InvalidStateError",
      );
    }
    // A function of its own: the same one may be given again.
    const mine = this.#handler = (request) => handler(request);
    return () => {
      if (this.#handler === mine) this.#handler = undefined;
    };
  }

  /** The channel of that name, which is asked for if it is not there yet. */
  channel(name: string, options: ChannelOptions): Channel {
    const settings = readChannelOptions(name, options);
    const [known, { settings: before = settings } = {}] =
      this.#channels.get(name) ?? [];
    if (!isSameChannel(settings, before)) {
      throw new TypeError(
        `Cannot open channel: "${name}" is there already, with other options`,
      );
    }
    if (known) return known;
    if (this.#channels.size === MAX_CHANNELS) {
      throw new RangeError(
        `Cannot open channel: there are ${MAX_CHANNELS} already`,
      );
    }
    const { maxMessageBytes } = this.#options;
    const parts: ChannelParts = {
      name,
      settings,
      maxMessageBytes,
      events: new Emitter(),
      lines: new Map(),
      onClose: () => {
        // Another one may have its name by now.
        if (this.#channels.get(name)?.[1] !== parts) return;
        this.#channels.delete(name);
        for (const plane of this.#planes) plane.unask(parts);
      },
    };
    const channel = makeChannel(parts);
    this.#channels.set(name, [channel, parts]);
    for (const plane of this.#planes) plane.ask(parts);
    return channel;
  }

  /** The messages from now on. */
  messages(signal: AbortSignal | undefined): MessageQueue {
    return new MessageQueue({ ...this.#options, signal });
  }

  get #planes(): DataPlane[] {
    const { met, plane } = this.#options;
    return met().flatMap((id) => plane(id) ?? []);
  }

  #planeOf(action: string, peerId: string): DataPlane {
    const plane = this.#options.plane(peerId);
    if (plane) return plane;
    throw new DOMException(
      `Cannot ${action}: peer "${peerId}" is not connected`,
      "InvalidStateError",
    );
  }
}

function readOfferOf(source: unknown, options: SendFileSettings): Offer {
  const blob = source instanceof Blob ? source : undefined;
  if (!blob && !(source instanceof ReadableStream)) {
    throw new TypeError(
      "Cannot send file: it must be a File, a Blob or a ReadableStream",
    );
  }
  const {
    name = blob && "name" in blob ? String(blob.name) : "",
    type = blob?.type ?? "",
  } = options;
  for (const [option, value] of Object.entries({ name, type })) {
    if (typeof value !== "string") {
      throw new TypeError(
        `Cannot send file: "${option}" must be a string, got ${typeof value}`,
      );
    }
    if (value.length > NAME_CHARS) {
      throw new RangeError(
        `Cannot send file: "${option}" must have at most ${NAME_CHARS} characters, got ${value.length}`,
      );
    }
  }
  return { name, type, size: blob?.size ?? null };
}
