import type { Line } from "../peer_connections.ts";
import { Assembler, type IncomingItem } from "./assembler.ts";
import { END, isMessage, KIND, slotOf, START } from "./item_frame.ts";
import { ItemQueue, type OutgoingItem } from "./item_queue.ts";
import { Lane } from "./lane.ts";
import type { Payload } from "./payload.ts";
import type { ReceivedFile } from "./received_file.ts";
import { type RequestHandler, Requests } from "./requests.ts";
import { toData } from "./to_data.ts";
import { type Shipment, Transfers } from "./transfers.ts";

/** Most answers that wait to leave. */
const MAX_WAITING = 2 ** 16;

/** What a data plane needs, and whom it tells. */
export interface DataPlaneOptions {
  /** Id of the peer. */
  readonly peer: string;
  /** Largest message that is taken. */
  readonly maxMessageBytes: number;
  /** A message has come. */
  onMessage(data: string | ArrayBuffer): void;
  /** Messages that were taken to be sent, and that nobody has confirmed, will not be: there is nobody to send them to. */
  onUndelivered(messages: number): void;
  /** A file is offered; `false` if nobody hears of it. */
  onFile(file: ReceivedFile): boolean;
  /** Who answers requests, if anybody does. */
  requestHandler(): RequestHandler<string | ArrayBuffer> | undefined;
  /** The peer does what no honest peer does. */
  onViolation(): void;
}

/** Everything that is said and heard in one pair, over all its connections. */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #messages: Lane;
  readonly #assembler: Assembler;
  readonly #sends: ItemQueue;
  readonly #others: ItemQueue;
  readonly #requests: Requests;
  readonly #files: Lane;
  readonly #transfers: Transfers;
  /** Nothing is heard before the app knows the peer. */
  #holds = 1;

  /** Has no connection yet. */
  constructor(options: DataPlaneOptions) {
    const { peer, maxMessageBytes, onFile, requestHandler, onViolation } =
      options;
    this.#options = options;
    this.#assembler = new Assembler(maxMessageBytes);
    const messages = this.#messages = new Lane({
      maxMessageBytes,
      onFrame: (frame) => {
        const item = this.#assembler.accept(frame);
        return item ? this.#receive(item) : item === null;
      },
      onReset: () => this.#reset(),
      onViolation,
    });
    this.#sends = new ItemQueue(messages);
    const others = this.#others = new ItemQueue(messages);
    this.#requests = new Requests({
      peer,
      queue: others,
      maxAnswerBytes: () => this.maxMessageBytes,
      handler: requestHandler,
    });
    messages.add(this.#sends);
    messages.add(others);
    const files = this.#files = new Lane({
      maxMessageBytes,
      onFrame: (frame) => this.#transfers.receive(frame),
      onReset: () => this.#transfers.reset(),
      onViolation,
    });
    this.#transfers = new Transfers({ peer, lane: files, onFile });
  }

  /** Largest message that the peer takes, as far as it is known. */
  get maxMessageBytes(): number {
    return this.#messages.peerMaxMessageBytes ?? this.#options.maxMessageBytes;
  }

  /** How much memory messages take that have not left. */
  get heldBytes(): number {
    return this.#sends.heldBytes;
  }

  /** Uses a connection from now on, which need not be open. */
  attach({ pc, messages, files }: Line): void {
    this.#messages.attach(messages, pc);
    this.#files.attach(files, pc);
  }

  /** The connection is no more. */
  detach(): void {
    this.#messages.detach();
    this.#files.detach();
  }

  /** The app knows the peer, and hears of what it sends. */
  start(): void {
    this.release();
    this.#files.resume();
  }

  /** The app shall hear of no message for now: it is slow to read. */
  hold(): void {
    this.#holds++;
    this.#messages.pause();
  }

  /** Takes back one {@linkcode DataPlane.hold}. */
  release(): void {
    if (--this.#holds === 0) this.#messages.resume();
  }

  /** Puts a message at the end of those that leave. */
  push(
    payload: Payload,
    onLeft: () => void,
    onFail: (error: unknown) => void,
  ): OutgoingItem {
    const kind = payload.text ? KIND.text : KIND.binary;
    const item = { kind, payload, onLeft, onFail };
    this.#sends.push(item);
    return item;
  }

  /** Takes back a message, or what has not left of it. Nobody is told. */
  remove(item: OutgoingItem): void {
    this.#sends.remove(item);
  }

  /** Asks the peer, and resolves with its answer. */
  request(
    payload: Payload,
    options: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<string | ArrayBuffer> {
    return this.#requests.ask(payload, options);
  }

  /** Sends a file; resolves when the peer has read all of it, and its digest is right. */
  sendFile(shipment: Shipment): Promise<void> {
    return this.#transfers.send(shipment);
  }

  /** Ends everything, for good. */
  end(): void {
    this.#reset();
    this.#transfers.reset();
    this.#messages.end();
    this.#files.end();
  }

  #receive(item: IncomingItem): boolean {
    const { kind, bytes } = item;
    if (isMessage(kind)) {
      this.#options.onMessage(toData(bytes, kind === KIND.text));
      return true;
    }
    // Who asks and does not take the answers keeps them waiting here.
    return this.#others.length < MAX_WAITING && this.#requests.receive(item);
  }

  /** Gives up what is on its way: there is nobody to take it. */
  #reset(): void {
    const ends = slotOf(KIND.text) | END;
    const left = this.#messages.unacknowledged.filter((frame) =>
      ((frame[0] ?? 0) & ~START) === ends && frame.byteLength > 1
    );
    const messages = left.length + this.#sends.length;
    this.#assembler.reset();
    const error = new DOMException("The peer is gone", "NetworkError");
    this.#sends.fail(error);
    this.#others.fail(error);
    this.#requests.reset();
    if (messages > 0) this.#options.onUndelivered(messages);
  }
}
