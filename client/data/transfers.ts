import { ContentDigest } from "./content_digest.ts";
import { IncomingFile } from "./incoming_file.ts";
import type { Feed, Lane } from "./lane.ts";
import { viewOf } from "./lane_frame.ts";
import { OutgoingFile } from "./outgoing_file.ts";
import type { ReceivedFile } from "./received_file.ts";
import { TransferError } from "./transfer_error.ts";
import {
  grantFrame,
  jsonFrame,
  type Offer,
  readEnding,
  readGrant,
  readOffer,
  readRefusal,
  TRANSFER,
  TRANSFER_HEAD_BYTES,
  transferFrame,
} from "./transfer_frame.ts";
import type { TransferProgress } from "./transfer_progress.ts";

/** Most files of one side that are offered or on their way. */
const MAX_OPEN = 16;
/** Most last words that wait to leave: who lets them wait while it offers on is no honest peer. */
const MAX_WAITING = 1024;

/** What to send. */
export interface Shipment {
  readonly source: Blob | ReadableStream<unknown>;
  readonly offer: Offer;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file that is not offered yet. */
interface Waiting {
  start(): void;
  reject(error: unknown): void;
}

/** What transfers need, and whom they tell. */
export interface TransfersOptions {
  /** Id of the peer. */
  readonly peer: string;
  readonly lane: Pick<Lane, "add" | "remove" | "wake">;
  /** A file is offered; `false` if nobody hears of it. */
  onFile(file: ReceivedFile): boolean;
}

/** The files of one pair, in both directions; as a feed, what there is to say of those that come. */
export class Transfers implements Feed {
  readonly #options: TransfersOptions;
  #lastNumber = 0;
  readonly #outgoing = new Map<number, OutgoingFile>();
  /** Those that begin when others have ended. */
  readonly #waiting = new Set<Waiting>();
  #lastOffered = 0;
  readonly #incoming = new Map<number, IncomingFile>();
  readonly #words: Uint8Array<ArrayBuffer>[] = [];
  /** Numbers of those that may go further. */
  readonly #grants = new Set<number>();

  /** Nothing is on its way. */
  constructor(options: TransfersOptions) {
    this.#options = options;
    options.lane.add(this);
  }

  /** Sends a file; resolves when the peer has read all of it, and its digest is right. */
  async send(shipment: Shipment): Promise<void> {
    const { peer } = this.#options;
    const { signal } = shipment;
    signal?.throwIfAborted();
    if (!ContentDigest.supported) throw unsupported(peer);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let file: OutgoingFile | undefined;
    const start = () => {
      try {
        file = this.#begin(shipment, (error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      } catch (error) {
        // The stream is locked.
        reject(error);
      }
    };
    const waiting = { start, reject };
    const abort = () => {
      this.#waiting.delete(waiting);
      if (file) file.cancel(signal?.reason);
      else reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort);
    try {
      this.#waiting.add(waiting);
      this.#startWaiting();
      await promise;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#waiting.delete(waiting);
    }
  }

  /** Takes the next frame; `false` if no honest peer sends that. */
  receive(frame: Uint8Array<ArrayBuffer>): boolean {
    if (frame.byteLength < TRANSFER_HEAD_BYTES) return false;
    const number = viewOf(frame).getUint32(1);
    // Its own, as the frame is: the app gets it.
    const body = frame.subarray(TRANSFER_HEAD_BYTES);
    const outgoing = this.#outgoing.get(number);
    const incoming = this.#incoming.get(number);
    // What has ended here may have been on its way.
    switch (frame[0]) {
      case TRANSFER.offer:
        return this.#receiveOffer(number, body);
      case TRANSFER.data:
        return incoming?.receive(body) ?? number <= this.#lastOffered;
      case TRANSFER.end: {
        const ending = readEnding(body);
        if (!ending) return false;
        return incoming?.end(ending) ?? number <= this.#lastOffered;
      }
      case TRANSFER.abandon: {
        const refusal = readRefusal(body);
        if (refusal) incoming?.abandon(refusal);
        return refusal !== undefined && number <= this.#lastOffered;
      }
      case TRANSFER.grant: {
        const grant = readGrant(body);
        if (!grant) return false;
        return outgoing?.grant(grant) ?? number <= this.#lastNumber;
      }
      case TRANSFER.done:
        return outgoing?.finish() ?? number <= this.#lastNumber;
      case TRANSFER.refuse: {
        const refusal = readRefusal(body);
        if (refusal) outgoing?.refuse(refusal);
        return refusal !== undefined && number <= this.#lastNumber;
      }
      default:
        return false;
    }
  }

  /** {@linkcode Feed.next} */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const [number] = this.#grants;
    const incoming = number === undefined
      ? undefined
      : this.#incoming.get(number);
    if (number === undefined || !incoming) return this.#words.shift();
    this.#grants.delete(number);
    return grantFrame(number, incoming.grant);
  }

  /** Ends all of them: the other side has begun anew, or is gone. */
  reset(): void {
    const { peer } = this.#options;
    const error = new TransferError("peer-left", { peer });
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
    for (const file of [...this.#outgoing.values()]) file.fail(error);
    for (const file of [...this.#incoming.values()]) file.fail(error);
    this.#words.length = 0;
    this.#grants.clear();
    this.#lastOffered = 0;
  }

  #begin(
    { source, offer, onProgress }: Shipment,
    onEnd: (error?: unknown) => void,
  ): OutgoingFile {
    const { peer, lane } = this.#options;
    const number = ++this.#lastNumber;
    const file = new OutgoingFile({
      peer,
      lane,
      number,
      source,
      offer,
      onProgress,
      // Else the peer would hear of another one before it hears that one has ended.
      mayOffer: () => this.#words.length === 0,
      say: (frame) => this.#say(frame),
      onEnd: (error) => {
        this.#outgoing.delete(number);
        lane.remove(file);
        onEnd(error);
        this.#startWaiting();
      },
    });
    this.#outgoing.set(number, file);
    lane.add(file);
    lane.wake();
    return file;
  }

  #startWaiting(): void {
    for (const waiting of this.#waiting) {
      if (this.#outgoing.size === MAX_OPEN) return;
      this.#waiting.delete(waiting);
      waiting.start();
    }
  }

  #receiveOffer(number: number, body: Uint8Array<ArrayBuffer>): boolean {
    const offer = readOffer(body);
    const honest = offer && number > this.#lastOffered &&
      this.#words.length < MAX_WAITING;
    if (!honest) return false;
    this.#lastOffered = number;
    const refuse = (code: TransferError["code"]) => {
      this.#say(jsonFrame(TRANSFER.refuse, number, { code, reason: "" }));
      return true;
    };
    if (!ContentDigest.supported) return refuse("unsupported");
    if (this.#incoming.size === MAX_OPEN) return refuse("busy");
    const incoming = new IncomingFile({
      peer: this.#options.peer,
      offer,
      onGrant: () => {
        this.#grants.add(number);
        this.#options.lane.wake();
      },
      onEnd: (last) => {
        this.#incoming.delete(number);
        this.#grants.delete(number);
        if (last === "done") this.#say(transferFrame(TRANSFER.done, number));
        else if (last) this.#say(jsonFrame(TRANSFER.refuse, number, last));
      },
    });
    this.#incoming.set(number, incoming);
    if (!this.#options.onFile(incoming.file)) incoming.refuse("no-listener");
    return true;
  }

  #say(frame: Uint8Array<ArrayBuffer>): void {
    this.#words.push(frame);
    this.#options.lane.wake();
  }
}

function unsupported(peer: string): TransferError {
  const message =
    "There is no WebCrypto: a page needs HTTPS, or to be on localhost";
  return new TransferError("unsupported", { peer, message });
}
