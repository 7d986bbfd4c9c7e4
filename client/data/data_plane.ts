import type { Line } from "../peer_connections.ts";
import { Assembler, type IncomingItem } from "./assembler.ts";
import type { ChannelParts } from "./channel.ts";
import { Channels } from "./channels.ts";
import { GONE, type Outlet } from "./deliver.ts";
import { KIND } from "./item_frame.ts";
import { ItemQueue, type OutgoingItem } from "./item_queue.ts";
import { Ends, Lane, type Names } from "./lane.ts";
import { MessageStream } from "./message_stream.ts";
import { Payload } from "./payload.ts";
import type { ReceivedFile } from "./received_file.ts";
import { type RequestHandler, Requests } from "./requests.ts";
import type { SafetyEmojiExchange } from "../trust/safety_emoji.ts";
import { type Shipment, Transfers } from "./transfers.ts";

/** Most texts of a comparison that wait until this side asks for it; there is one. */
const MAX_TEXTS = 4;
/** Most answers that wait to leave. */
const MAX_WAITING = 2 ** 16;

/** What a data plane needs, and whom it tells. */
export interface DataPlaneOptions {
  /** Id of the peer. */
  readonly peer: string;
  /** Whether the other side makes the RTCDataChannels of channels. */
  readonly polite: boolean;
  /** Largest message that is taken. */
  readonly maxMessageBytes: number;
  /** A message has come. */
  onMessage(data: string | ArrayBuffer): void;
  /** Messages that were taken to be sent, and that nobody has confirmed, will not be: there is nobody to send them to. */
  onUndelivered(messages: number): void;
  /** A file is offered; `false` if nobody hears of it. */
  onFile(file: ReceivedFile): boolean;
  /** The channels that the app asks for. */
  channels(): Iterable<ChannelParts>;
  /** Who answers requests, if anybody does. */
  requestHandler(): RequestHandler<string | ArrayBuffer> | undefined;
  /** The peer does what no honest peer does. */
  onViolation(): void;
  /** What the sides are called, where they prove who they are. */
  readonly names?: Names | undefined;
}

/** A comparison of emoji, as far as it concerns whoever carries its texts. */
export type Comparison = Pick<
  SafetyEmojiExchange,
  "start" | "receive" | "abort"
>;

/** Everything that is said and heard in one pair, over all its connections. */
export class DataPlane implements Outlet {
  readonly #options: DataPlaneOptions;
  readonly #messages: MessageStream;
  readonly #items: Lane;
  readonly #queue: ItemQueue;
  readonly #assembler: Assembler;
  readonly #requests: Requests;
  readonly #files: Lane;
  readonly #transfers: Transfers;
  readonly #channels: Channels;
  #comparison: Comparison | undefined;
  /** What the other side has said of it, before this side has asked. */
  #texts: string[] = [];
  /** Nothing is heard before the app knows the peer. */
  #holds = 1;
  #onNamed: () => void = () => {};

  /** Has no connection yet. */
  constructor(options: DataPlaneOptions) {
    const {
      peer,
      maxMessageBytes,
      names,
      onFile,
      requestHandler,
      onViolation,
    } = options;
    this.#options = options;
    const lane = {
      ends: new Ends(names),
      maxMessageBytes,
      onRenewal: () => this.#renew(),
      onViolation,
    };
    this.#messages = new MessageStream({
      ...options,
      ...lane,
      onGreeting: () => this.#onNamed(),
    });
    this.#assembler = new Assembler(maxMessageBytes);
    this.#items = new Lane({
      ...lane,
      onFrame: (frame) => {
        const item = this.#assembler.accept(frame);
        return item ? this.#receive(item) : item === null;
      },
    });
    const queue = this.#queue = new ItemQueue(this.#items);
    this.#items.add(queue);
    this.#requests = new Requests({
      peer,
      queue,
      maxAnswerBytes: () => this.maxMessageBytes,
      handler: requestHandler,
    });
    const files = this.#files = new Lane({
      ...lane,
      onFrame: (frame) => this.#transfers.receive(frame),
    });
    this.#transfers = new Transfers({ peer, lane: files, onFile });
    this.#channels = new Channels({
      ...options,
      say: (kind, text) =>
        queue.push({ kind, payload: new Payload("say", text) }),
    });
  }

  /** {@linkcode Outlet.maxMessageBytes} */
  get maxMessageBytes(): number {
    return this.#messages.maxMessageBytes;
  }

  /** {@linkcode Outlet.heldBytes} */
  get heldBytes(): number {
    return this.#messages.heldBytes;
  }

  /**
   * Uses a connection from now on, which need not be open. `onNamed` is called
   * when the other side has said over it who it is; at once where nobody does.
   */
  attach(
    { pc, messages, requests, files }: Line,
    onNamed: () => void = () => {},
  ): void {
    this.#onNamed = onNamed;
    if (!this.#options.names) onNamed();
    this.#messages.attach(messages, pc);
    this.#items.attach(requests, pc);
    this.#files.attach(files, pc);
    this.#channels.attach(pc);
  }

  /** The connection is no more. */
  detach(): void {
    this.#messages.detach();
    this.#items.detach();
    this.#files.detach();
    this.#channels.detach();
  }

  /** The app knows the peer, and hears of what it sends. */
  start(): void {
    this.release();
    this.#items.resume();
    this.#files.resume();
    // Not before: what it opens must not come before the app knows the peer.
    for (const channel of this.#options.channels()) this.ask(channel);
  }

  /** The app shall hear of no message for now: it is slow to read. */
  hold(): void {
    this.#holds++;
    this.#messages.hold();
  }

  /** Takes back one {@linkcode DataPlane.hold}. */
  release(): void {
    if (--this.#holds === 0) this.#messages.release();
  }

  /** The app asks for a channel. Asking twice is fine. */
  ask(channel: ChannelParts): void {
    this.#channels.ask(channel);
  }

  /** The app asks for a channel no more. */
  unask(channel: ChannelParts): void {
    this.#channels.unask(channel);
  }

  /** Takes an RTCDataChannel that the other side has made for a channel. */
  adopt(channel: RTCDataChannel): void {
    this.#channels.adopt(channel);
  }

  /** {@linkcode Outlet.push} */
  push(
    payload: Payload,
    onLeft: () => void,
    onFail: (error: unknown) => void,
  ): OutgoingItem {
    return this.#messages.push(payload, onLeft, onFail);
  }

  /** {@linkcode Outlet.remove} */
  remove(item: OutgoingItem): void {
    this.#messages.remove(item);
  }

  /** Asks the peer, and resolves with its answer. */
  request(
    payload: Payload,
    options: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<string | ArrayBuffer> {
    return this.#requests.ask(payload, options);
  }

  /** The comparison of emoji with this peer; made when it is first asked for. */
  compare(make: (send: (text: string) => void) => Comparison): Comparison {
    if (this.#comparison) return this.#comparison;
    const comparison = this.#comparison = make((text) =>
      this.#queue.push({
        kind: KIND.comparison,
        payload: new Payload("say", text),
      })
    );
    for (const text of this.#texts.splice(0)) comparison.receive(text);
    return comparison;
  }

  /** Sends a file; resolves when the peer has read all of it, and its digest is right. */
  sendFile(shipment: Shipment): Promise<void> {
    return this.#transfers.send(shipment);
  }

  /** Ends everything, for good. */
  end(): void {
    this.#reset();
    this.#messages.end();
    this.#items.end();
    this.#files.end();
    this.#channels.end();
  }

  #receive(item: IncomingItem): boolean {
    const { kind, bytes } = item;
    if (kind === KIND.channel || kind === KIND.channelEnd) {
      return this.#channels.receive(kind, bytes);
    }
    if (kind === KIND.comparison) {
      const text = new TextDecoder().decode(bytes);
      if (this.#comparison) this.#comparison.receive(text);
      else return this.#texts.push(text) <= MAX_TEXTS;
      return true;
    }
    // Who asks and does not take the answers keeps them waiting here.
    return this.#queue.length < MAX_WAITING && this.#requests.receive(item);
  }

  /** The other side has begun anew. */
  #renew(): void {
    const lost = this.#messages.reset();
    this.#items.reset();
    this.#files.reset();
    // Whoever hears of it may say something to the new one: all that is old is forgotten by now.
    this.#reset();
    this.#channels.reset();
    if (lost > 0) this.#options.onUndelivered(lost);
  }

  /** Gives up what was asked and offered: there is nobody to answer. */
  #reset(): void {
    this.#assembler.reset();
    // First: they know better what became of them.
    this.#requests.reset();
    this.#queue.fail(GONE);
    this.#transfers.reset();
    this.#comparison?.abort(GONE);
    this.#comparison = undefined;
    this.#texts = [];
  }
}
