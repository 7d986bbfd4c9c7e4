import { Assembler } from "./assembler.ts";
import { GONE, type Outlet } from "./deliver.ts";
import { END, isMessage, KIND } from "./item_frame.ts";
import { ItemQueue, type OutgoingItem } from "./item_queue.ts";
import { type Ends, Lane } from "./lane.ts";
import type { Payload } from "./payload.ts";
import { toData } from "./to_data.ts";

/** What a stream needs, and whom it tells. */
export interface MessageStreamOptions {
  /** Shared by all lanes that begin together. */
  readonly ends: Ends;
  /** Largest message that is taken. */
  readonly maxMessageBytes: number;
  /** A message has come. */
  onMessage(data: string | ArrayBuffer): void;
  /** Messages that were taken to be sent, and that nobody has confirmed, will not be. */
  onUndelivered(messages: number): void;
  /** The other side has begun anew: each lane with these ends must be reset. */
  onRenewal(): void;
  /** The peer does what no honest peer does. */
  onViolation(): void;
  /** The other side has said who it is. */
  onGreeting?(): void;
}

/** Messages to one peer and from it: a lane of their own. */
export class MessageStream implements Outlet {
  readonly #options: MessageStreamOptions;
  readonly #lane: Lane;
  readonly #queue: ItemQueue;
  readonly #assembler: Assembler;

  /** Held, and without an RTCDataChannel. */
  constructor(options: MessageStreamOptions) {
    const { maxMessageBytes, onMessage } = options;
    this.#options = options;
    this.#assembler = new Assembler(maxMessageBytes);
    this.#lane = new Lane({
      ...options,
      onFrame: (frame) => {
        const item = this.#assembler.accept(frame);
        if (!item) return item === null;
        const { kind, bytes } = item;
        if (!isMessage(kind)) return false;
        onMessage(toData(bytes, kind === KIND.text));
        return true;
      },
    });
    this.#queue = new ItemQueue(this.#lane);
    this.#lane.add(this.#queue);
  }

  /** {@linkcode Outlet.maxMessageBytes} */
  get maxMessageBytes(): number {
    return this.#lane.peerMaxMessageBytes ?? this.#options.maxMessageBytes;
  }

  /** {@linkcode Outlet.heldBytes} */
  get heldBytes(): number {
    return this.#queue.heldBytes;
  }

  /** Uses an RTCDataChannel from now on, which need not be open. */
  attach(channel: RTCDataChannel, pc: RTCPeerConnection): void {
    this.#lane.attach(channel, pc);
  }

  /** Uses none, until the next one. */
  detach(): void {
    this.#lane.detach();
  }

  /** Tells of no message for now. */
  hold(): void {
    this.#lane.pause();
  }

  /** Tells of those that have come, and of all to come. */
  release(): void {
    this.#lane.resume();
  }

  /** {@linkcode Outlet.push} */
  push(
    payload: Payload,
    onLeft: () => void,
    onFail: (error: unknown) => void,
  ): OutgoingItem {
    const kind = payload.text ? KIND.text : KIND.binary;
    const item = { kind, payload, onLeft, onFail };
    this.#queue.push(item);
    return item;
  }

  /** {@linkcode Outlet.remove} */
  remove(item: OutgoingItem): void {
    this.#queue.remove(item);
  }

  /** Is done for good. */
  end(): void {
    const lost = this.reset();
    this.#lane.end();
    if (lost > 0) this.#options.onUndelivered(lost);
  }

  /** Gives up what is on its way: there is nobody to take it. Tells how many messages those are. */
  reset(): number {
    const left = this.#lane.unacknowledged.filter((frame) =>
      ((frame[0] ?? 0) & END) > 0 && frame.byteLength > 1
    );
    const messages = left.length + this.#queue.length;
    this.#lane.reset();
    this.#assembler.reset();
    this.#queue.fail(GONE);
    return messages;
  }
}
