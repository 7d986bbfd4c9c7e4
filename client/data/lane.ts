import { Fifo } from "./fifo.ts";
import { freeFrame } from "./frame_pool.ts";
import {
  ACK,
  ackFrame,
  costOf,
  COUNTED,
  FRAME_BYTES,
  GREET,
  greetFrame,
  readAck,
  readGreeting,
  WINDOW_BYTES,
} from "./lane_frame.ts";

/** Most that the browser is left to buffer. More serves nobody: it only makes what is said next wait. */
const HIGH_WATER_BYTES = 2 * FRAME_BYTES;
/** When the browser says that it wants more. */
const LOW_WATER_BYTES = FRAME_BYTES;
/** How much is taken before it is acknowledged at once. */
const ACK_BYTES = 256 * 1024;
/** When it is acknowledged at the latest. */
const ACK_MS = 100;
/** No browser takes less a message. */
const LEAST_FRAME_BYTES = 1024;

/** Something that has frames to send, when asked. */
export interface Feed {
  /** The next frame, counted and of `maxBytes` at most; `undefined` while there is none: the lane is woken when there is. */
  next(maxBytes: number): Uint8Array<ArrayBuffer> | undefined;
}

/** What the two sides are called, where they prove who they are: whoever is at the other end of a connection has to say it there itself. */
export interface Names {
  /** This side. */
  readonly mine: Uint8Array;
  /** The other one, as it has signed it. */
  theirs(): Uint8Array | undefined;
  /** The other side calls itself otherwise. */
  onImpostor(): void;
}

/** Who is at the two ends of some lanes: by random numbers, so that a side that has begun anew is known as such. */
export class Ends {
  /** This side. */
  readonly mine: bigint = randomToken();
  /** The other one; 0 before it is known. */
  theirs = 0n;
  /** Their names, if they have any. */
  readonly names: Names | undefined;

  /** Of this side, as it begins. */
  constructor(names?: Names) {
    this.names = names;
  }
}

/** What a lane needs, and whom it tells. */
export interface LaneOptions {
  /** Shared by all lanes that begin together. */
  readonly ends: Ends;
  /** Largest message that this side takes. */
  readonly maxMessageBytes: number;
  /** Takes the next counted frame; `false` if no honest peer sends that. */
  onFrame(frame: Uint8Array<ArrayBuffer>): boolean;
  /** The other side has begun anew: each lane with these ends must be reset. */
  onRenewal(): void;
  /** The other side does what no honest peer does. The lane is silent from here on. */
  onViolation(): void;
  /** The other side has greeted, and is who it should be. */
  onGreeting?(): void;
}

/**
 * A stream of frames to one peer and from it, each exactly once and in order,
 * over one data channel after the other: what was not acknowledged on one is
 * sent again on the next. Bounds what is on its way, and shares the channel
 * evenly between those who have something to send.
 */
export class Lane {
  readonly #options: LaneOptions;
  #peerMaxMessageBytes: number | undefined;
  #channel: RTCDataChannel | undefined;
  #frameBytes = FRAME_BYTES;
  /** Whether the other side has greeted on this channel. */
  #greeted = false;
  /** Whether what it has taken is known, or cannot be anything. */
  #ready = false;
  #attached = false;
  /** Frames that are not acknowledged; the first `#written` of them were handed to this channel. */
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];
  #written = 0;
  #keptBytes = 0;
  /** How many were acknowledged before those. */
  #acknowledged = 0;
  #feeds: Feed[] = [];
  #pumping = false;
  #received = 0;
  /** What has been taken since it was last acknowledged. */
  #unansweredBytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #paused = true;
  /** Whether it goes on with what was held. */
  #resuming = false;
  readonly #held = new Fifo<Uint8Array<ArrayBuffer>>();
  #heldBytes = 0;
  #ended = false;
  readonly #wanted = () => this.#pump();

  /** Paused, and without a channel. */
  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Largest message that the other side takes; `undefined` before it has said so. */
  get peerMaxMessageBytes(): number | undefined {
    return this.#peerMaxMessageBytes;
  }

  /** Frames that were not acknowledged. */
  get unacknowledged(): readonly Uint8Array[] {
    return this.#kept;
  }

  /** Uses a channel from now on, which need not be open. `pc` tells what it takes. */
  attach(channel: RTCDataChannel, pc: RTCPeerConnection): void {
    if (this.#ended) return;
    this.detach();
    this.#channel = channel;
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onopen = () => this.#open(channel, pc);
    // An RTCPeerConnection that was injected need not know the attribute.
    channel.addEventListener("bufferedamountlow", this.#wanted);
    channel.onmessage = ({ data }) => this.#receive(data);
    if (channel.readyState === "open") this.#open(channel, pc);
  }

  /** Uses no channel, until the next one. */
  detach(): void {
    const channel = this.#channel;
    if (!channel) return;
    channel.onopen = channel.onmessage = null;
    channel.removeEventListener("bufferedamountlow", this.#wanted);
    this.#channel = undefined;
    this.#greeted = this.#ready = false;
    this.#written = 0;
    // They were not acknowledged, so they come again.
    this.#held.clear();
    this.#heldBytes = 0;
    this.#unansweredBytes = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Gives nothing to `onFrame` and acknowledges nothing: the other side soon has to wait. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on with what has come meanwhile. */
  resume(): void {
    this.#paused = false;
    // Who is told of a frame may pause and resume: the next one still has to wait until everybody has heard.
    if (this.#resuming) return;
    this.#resuming = true;
    try {
      while (!this.#paused) {
        const frame = this.#held.shift();
        if (!frame) return;
        this.#heldBytes -= costOf(frame);
        this.#take(frame);
      }
    } finally {
      this.#resuming = false;
    }
  }

  /** Takes turns with the others in asking `feed` for frames, until it is removed. */
  add(feed: Feed): void {
    this.#feeds.push(feed);
  }

  /** Asks `feed` no more. */
  remove(feed: Feed): void {
    this.#feeds = this.#feeds.filter((each) => each !== feed);
  }

  /** A feed has something to send. */
  wake(): void {
    this.#pump();
  }

  /** The other side has begun anew: what it had not acknowledged is lost. */
  reset(): void {
    this.#received = 0;
    this.#forget();
  }

  /** Is done for good. */
  end(): void {
    this.#stop();
    this.#forget();
  }

  #open(channel: RTCDataChannel, pc: RTCPeerConnection): void {
    // Chromium says so once more of one that it gave to us open.
    channel.onopen = null;
    const { ends, maxMessageBytes } = this.#options;
    const { maxMessageSize } = pc.sctp ?? {};
    this.#frameBytes = Math.max(
      LEAST_FRAME_BYTES,
      Math.min(FRAME_BYTES, maxMessageSize || FRAME_BYTES),
    );
    this.#write(
      channel,
      greetFrame({
        mine: ends.mine,
        yours: ends.theirs,
        received: this.#received,
        maxMessageBytes,
        name: ends.names?.mine ?? new Uint8Array(),
      }),
    );
    // Of the first channel nobody can have taken anything.
    this.#ready ||= !this.#attached && ends.theirs === 0n;
    this.#attached = true;
    this.#pump();
  }

  #receive(data: unknown): void {
    const frame = bytesOf(data);
    const type = frame?.[0];
    if (!frame || type === undefined) return this.#accuse();
    if (type === GREET) return this.#greet(frame);
    if (!this.#greeted) return this.#accuse();
    if (type === ACK) return this.#acknowledge(readAck(frame));
    if (type < COUNTED || frame.byteLength > FRAME_BYTES) return this.#accuse();
    if (!this.#paused) return this.#take(frame);
    this.#held.push(frame);
    this.#heldBytes += costOf(frame);
    // One frame may begin below the bound and end above.
    if (this.#heldBytes > WINDOW_BYTES + costOf(frame)) this.#accuse();
  }

  #greet(frame: Uint8Array): void {
    const greeting = readGreeting(frame);
    if (!greeting || this.#greeted) return this.#accuse();
    const { mine, yours, received, maxMessageBytes, name } = greeting;
    const { ends, onRenewal, onGreeting } = this.#options;
    const { names } = ends;
    if (`${names?.theirs() ?? ""}` !== `${name}`) {
      this.#stop();
      return names ? names.onImpostor() : this.#options.onViolation();
    }
    this.#greeted = true;
    this.#peerMaxMessageBytes = maxMessageBytes;
    const anew = ends.theirs !== 0n && ends.theirs !== mine;
    ends.theirs = mine;
    if (anew) onRenewal();
    this.#ready = true;
    this.#acknowledge(
      yours === ends.mine ? received : this.#acknowledged,
    );
    onGreeting?.();
  }

  /** The other side has taken that many. */
  #acknowledge(received: number | undefined): void {
    const count = (received ?? -1) - this.#acknowledged;
    // What it has taken on an earlier channel need not have been written to this one.
    if (count < 0 || count > this.#kept.length) return this.#accuse();
    for (const frame of this.#kept.splice(0, count)) {
      this.#keptBytes -= costOf(frame);
      freeFrame(frame);
    }
    this.#acknowledged += count;
    this.#written = Math.max(0, this.#written - count);
    this.#pump();
  }

  #take(frame: Uint8Array<ArrayBuffer>): void {
    this.#received++;
    this.#unansweredBytes += costOf(frame);
    let taken = false;
    try {
      taken = this.#options.onFrame(frame);
    } finally {
      // Also if there is no room for it: what is lost here does not come again.
      if (!taken) this.#accuse();
    }
    // A listener may have ended it.
    if (!this.#channel) return;
    if (this.#unansweredBytes >= ACK_BYTES) this.#answer();
    else this.#timer ??= setTimeout(() => this.#answer(), ACK_MS);
  }

  #answer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unansweredBytes = 0;
    const channel = this.#channel;
    if (channel) this.#write(channel, ackFrame(this.#received));
  }

  /** Hands the channel what it takes: first what it has not got of what is kept, then what is new. */
  #pump(): void {
    // A feed may wake its lane while it is asked.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#ready) {
        const channel = this.#channel;
        if (!channel || channel.bufferedAmount >= HIGH_WATER_BYTES) return;
        const frame = this.#kept[this.#written] ?? this.#pull();
        // What the channel does not take now is kept for the next one.
        if (!frame || !this.#write(channel, frame)) return;
        this.#written++;
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** A new frame, of the feed whose turn it is. */
  #pull(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#keptBytes >= WINDOW_BYTES) return;
    for (const feed of [...this.#feeds]) {
      const frame = feed.next(this.#frameBytes);
      if (!frame) continue;
      // It may have had its last word.
      if (this.#feeds.includes(feed)) {
        this.remove(feed);
        this.add(feed);
      }
      this.#kept.push(frame);
      this.#keptBytes += costOf(frame);
      return frame;
    }
  }

  #write(channel: RTCDataChannel, frame: Uint8Array<ArrayBuffer>): boolean {
    try {
      channel.send(frame);
      return true;
    } catch {
      // It closes, or its buffer is full, which is told by events.
      return false;
    }
  }

  #forget(): void {
    this.#kept.length = this.#written = this.#keptBytes = 0;
    this.#acknowledged = 0;
  }

  #stop(): void {
    this.detach();
    this.#ended = true;
    this.#feeds = [];
  }

  #accuse(): void {
    if (this.#ended) return;
    // What was not acknowledged is kept: whoever ends it tells of that.
    this.#stop();
    this.#options.onViolation();
  }
}

/** The bytes of a message: an `ArrayBuffer` in a browser, elsewhere perhaps a view of one that is used for others, too. */
function bytesOf(data: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return data instanceof Uint8Array ? new Uint8Array(data) : undefined;
}

function randomToken(): bigint {
  const [token = 1n] = crypto.getRandomValues(new BigUint64Array(1));
  return token || 1n;
}
