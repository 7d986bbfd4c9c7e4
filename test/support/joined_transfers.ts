import { assertEquals } from "@std/assert";
import { ContentDigest } from "../../client/data/content_digest.ts";
import { Ends, type Feed, Lane } from "../../client/data/lane.ts";
import { FRAME_BYTES, viewOf } from "../../client/data/lane_frame.ts";
import type { ReceivedFile } from "../../client/data/received_file.ts";
import type { TRANSFER } from "../../client/data/transfer_frame.ts";
import type { TransferProgress } from "../../client/data/transfer_progress.ts";
import { Transfers } from "../../client/data/transfers.ts";
import { JoinedChannel } from "./joined_channels.ts";
import { connectionThatTakes } from "./joined_lanes.ts";

/** What a test sends. */
export interface SentFile {
  readonly name?: string;
  readonly type?: string;
  readonly size?: number | null;
  readonly onProgress?: (progress: TransferProgress) => void;
  readonly signal?: AbortSignal;
}

/** Bytes that say where they stand: those from the first one on. */
export function contentOf(byteLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  // The period divides no size of a frame: what is lost, doubled or moved shows.
  for (let at = 0; at < byteLength; at++) bytes[at] = at % 65_521 * 31 >> 3;
  return bytes;
}

/** Throws if bytes are not those of {@linkcode contentOf}. */
export function assertContent(bytes: Uint8Array, byteLength: number): void {
  assertEquals(bytes.byteLength, byteLength);
  const content = contentOf(byteLength);
  const at = bytes.findIndex((byte, index) => byte !== content[index]);
  assertEquals(at, -1, "they differ");
}

/** A stream of bytes in chunks of a size. */
export function streamOf(
  bytes: Uint8Array,
  chunkBytes = 100_003,
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const chunk = bytes.subarray(at, at += chunkBytes);
      if (chunk.byteLength > 0) controller.enqueue(chunk);
      if (at >= bytes.byteLength) controller.close();
    },
  }, { highWaterMark: 0 });
}

/** What is digested meanwhile, which a test has to wait for before it ends. */
class Digests implements AsyncDisposable {
  readonly #begun: Promise<unknown>[] = [];
  readonly #digest = crypto.subtle.digest;
  readonly #end = ContentDigest.prototype.end;

  /** From now on. */
  constructor() {
    const begun = this.#begun;
    const [digest, end] = [this.#digest, this.#end];
    crypto.subtle.digest = function (...parameters) {
      const digested = digest.apply(this, parameters);
      begun.push(digested);
      return digested;
    };
    ContentDigest.prototype.end = function () {
      const ended = end.call(this);
      begun.push(ended);
      return ended;
    };
  }

  /** All have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    crypto.subtle.digest = this.#digest;
    ContentDigest.prototype.end = this.#end;
    await Promise.allSettled(this.#begun);
  }
}

/** Sends something with a side's transfers. */
function sendWith(
  transfers: Transfers,
  source: Blob | ReadableStream<unknown>,
  options: SentFile,
): Promise<void> {
  const { name = "", type = "", onProgress, signal } = options;
  const { size = source instanceof Blob ? source.size : null } = options;
  return transfers.send({
    source,
    offer: { name, type, size },
    onProgress,
    signal,
  });
}

/** One of two sides that send each other files. */
export class TransferSide {
  readonly lane: Lane;
  readonly transfers: Transfers;
  /** What it told. */
  readonly events: string[] = [];
  /** Files that were offered to it. */
  readonly offered: ReceivedFile[] = [];
  /** Called with each of them; nobody listens if it is undefined. */
  onFile: ((file: ReceivedFile) => void) | undefined = () => {};

  /** Hears at once. */
  constructor(peer: string) {
    this.lane = new Lane({
      ends: new Ends(),
      maxMessageBytes: FRAME_BYTES,
      onFrame: (frame) => this.transfers.receive(frame),
      onRenewal: () => {
        this.events.push("reset");
        this.transfers.reset();
        this.lane.reset();
      },
      onViolation: () => void this.events.push("violation"),
    });
    this.transfers = new Transfers({
      peer,
      lane: this.lane,
      onFile: (file) => {
        this.offered.push(file);
        this.onFile?.(file);
        return this.onFile !== undefined;
      },
    });
    this.lane.resume();
  }

  /** Sends something. */
  send(
    source: Blob | ReadableStream<unknown>,
    options: SentFile = {},
  ): Promise<void> {
    return sendWith(this.transfers, source, options);
  }

  /** Resolves with the next file that is offered. */
  file(): Promise<ReceivedFile> {
    return new Promise((resolve) => this.onFile = resolve);
  }

  /** The pair has ended. */
  end(): void {
    this.transfers.reset();
    this.lane.end();
  }
}

/** Two sides that send each other files, and the connection that joins them. */
export class JoinedTransfers implements AsyncDisposable {
  readonly #digests = new Digests();
  readonly a: TransferSide = new TransferSide("b");
  b: TransferSide = new TransferSide("a");
  #channel: JoinedChannel | undefined;

  /** What `a` says. */
  get channel(): JoinedChannel {
    if (!this.#channel) throw new Error("They are not joined");
    return this.#channel;
  }

  /** Joins them with a fresh connection, on which what is sent arrives by itself if it `flows`. */
  join({ flows = true } = {}): this {
    const [end, end2] = JoinedChannel.pair();
    end.flows = end2.flows = flows;
    this.#channel = end;
    this.a.lane.attach(end.real, connectionThatTakes());
    this.b.lane.attach(end2.real, connectionThatTakes());
    end.open();
    return this;
  }

  /** The connection is lost, with all that is on its way. */
  cut(): void {
    this.channel.die();
    for (const { lane } of [this.a, this.b]) lane.detach();
  }

  /** The page of `b` is lost, and there is another one, which knows nothing. */
  renew(): void {
    this.cut();
    this.b.end();
    this.b = new TransferSide("a");
  }

  /** Ends both. */
  [Symbol.asyncDispose](): Promise<void> {
    for (const side of [this.a, this.b]) side.end();
    return this.#digests[Symbol.asyncDispose]();
  }
}

/** Transfers that hear what a peer says that is written by hand. */
export class SpokenTo implements AsyncDisposable {
  readonly #digests = new Digests();
  readonly transfers: Transfers;
  /** Files that were offered to them. */
  readonly offered: ReceivedFile[] = [];
  /** Called with each of them. */
  onFile: (file: ReceivedFile) => void = () => {};
  /** What they said, in order. */
  readonly said: Uint8Array[] = [];
  /** Whether what they have to say is taken. */
  listens = true;
  readonly #feeds = new Set<Feed>();
  #listening = false;
  #onSaid: () => void = () => {};

  /** Nothing was said. */
  constructor() {
    this.transfers = new Transfers({
      peer: "hand",
      lane: {
        add: (feed) => void this.#feeds.add(feed),
        remove: (feed) => void this.#feeds.delete(feed),
        wake: () => this.listen(),
      },
      onFile: (file) => {
        this.offered.push(file);
        this.onFile(file);
        return true;
      },
    });
  }

  /** Takes what they have to say. */
  listen(): void {
    // A feed may wake its lane while it is asked.
    if (!this.listens || this.#listening) return;
    this.#listening = true;
    for (const feed of this.#feeds) {
      while (true) {
        const frame = feed.next(FRAME_BYTES);
        if (!frame) break;
        this.said.push(frame);
        this.#feeds.delete(feed);
        this.#feeds.add(feed);
      }
    }
    this.#listening = false;
    this.#onSaid();
  }

  /** They hear something; `false` if no honest peer says that. */
  hear(frame: Uint8Array<ArrayBuffer>): boolean {
    return this.transfers.receive(frame);
  }

  /** Sends something. */
  send(
    source: Blob | ReadableStream<unknown>,
    options: SentFile = {},
  ): Promise<void> {
    return sendWith(this.transfers, source, options);
  }

  /** The frames of a type that they said about a file. */
  saidOf(type: Type, number = 1): Uint8Array[] {
    return this.said.filter((frame) =>
      frame[0] === type && viewOf(frame).getUint32(1) === number
    );
  }

  /** Resolves with the first frame of a type that they say about a file. */
  until(type: Type, number = 1): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#onSaid = () => {
        const [frame] = this.saidOf(type, number);
        if (frame) resolve(frame);
      };
      this.#onSaid();
    });
  }

  /** The pair has ended. */
  [Symbol.asyncDispose](): Promise<void> {
    this.transfers.reset();
    return this.#digests[Symbol.asyncDispose]();
  }
}

type Type = typeof TRANSFER[keyof typeof TRANSFER];
