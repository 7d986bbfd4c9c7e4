import { Fifo } from "../../client/data/fifo.ts";
import { FakeDataChannel } from "./fake_peer_connection.ts";

// Under `deno test` (2.9) the first timer of all lets microtasks run amid whoever sets it: not in the middle of a lane.
clearTimeout(setTimeout(() => {}));

/** One end of a reliable, ordered data channel: what is sent leaves, and then arrives, when the test says so. */
export class JoinedChannel extends FakeDataChannel {
  override onmessage: ((event: { data: unknown }) => void) | null = null;
  /** Most that was ever buffered. */
  peakBytes = 0;
  /** Largest message that it sends; a larger one throws (W3C WebRTC §6.2, `send`, step 4). */
  maxBytes = Infinity;
  /** Whether what is sent arrives by itself, in a microtask. */
  flows = false;
  #other: JoinedChannel = this;
  readonly #buffered = new Fifo<Message>();
  readonly #flying = new Fifo<Message>();
  #due = false;

  /** Two ends that are joined, and not open yet. */
  static pair(): [JoinedChannel, JoinedChannel] {
    const ends = [0, 1].map(() => new JoinedChannel("joined", true));
    const [one, other] = ends as [JoinedChannel, JoinedChannel];
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  /** What to give where a channel is wanted. */
  get real(): RTCDataChannel {
    return this as unknown as RTCDataChannel;
  }

  /** The other end. */
  get other(): JoinedChannel {
    return this.#other;
  }

  /** How many messages this end has sent that have not arrived. */
  get pending(): number {
    return this.#buffered.length + this.#flying.length;
  }

  override send(data: Message): void {
    if (sizeOf(data) > this.maxBytes) throw new TypeError("Too large");
    // What the sender does with its buffer afterwards is its own affair.
    const copy = typeof data === "string" ? data : data.slice();
    super.send(copy);
    this.#buffered.push(copy);
    this.bufferedAmount += sizeOf(copy);
    this.peakBytes = Math.max(this.peakBytes, this.bufferedAmount);
    if (!this.flows || this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.flush();
    });
  }

  /** The network takes some messages of this end; tells whether there were any. */
  leave(count = Infinity): boolean {
    let left = 0;
    for (; left < count; left++) {
      const message = this.#buffered.shift();
      if (message === undefined) break;
      const before = this.bufferedAmount;
      this.bufferedAmount -= sizeOf(message);
      this.#flying.push(message);
      const low = this.bufferedAmountLowThreshold;
      if (before > low && this.bufferedAmount <= low) {
        this.dispatchEvent(new Event("bufferedamountlow"));
      }
    }
    return left > 0;
  }

  /** Some of what has left arrives at the other end; tells whether there was any. */
  arrive(count = Infinity): boolean {
    let arrived = 0;
    for (; arrived < count && this.readyState === "open"; arrived++) {
      const message = this.#flying.shift();
      if (message === undefined) break;
      const data = typeof message === "string" ? message : message.buffer;
      this.#other.onmessage?.({ data });
    }
    return arrived > 0;
  }

  /** Everything that both ends say, in answer to each other too, arrives. */
  flush(): void {
    let moved = true;
    while (moved) {
      moved = false;
      for (const end of [this, this.#other]) {
        if (end.leave(1)) moved = true;
        if (end.arrive()) moved = true;
      }
    }
  }

  /** Both ends open, this one first. */
  override open(): void {
    super.open();
    if (this.#other.readyState === "connecting") this.#other.open();
  }

  /** The connection is lost, with everything that is on its way. */
  die(): void {
    for (const end of [this, this.#other]) {
      end.#buffered.clear();
      end.#flying.clear();
    }
    for (const end of [this, this.#other]) {
      if (end.readyState !== "closed") end.end();
    }
  }
}

type Message = string | Uint8Array<ArrayBuffer>;

function sizeOf(message: Message): number {
  return typeof message === "string" ? message.length : message.byteLength;
}
