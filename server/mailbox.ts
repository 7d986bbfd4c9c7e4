/** Signals kept of those that were sent: a socket that dies silently takes a few with it. */
const MAX_SENT = 32;
/** The same of a peer that is sent more than that in a second: what is kept of a flood is dear to collect. */
const MAX_OF_FLOOD = 2;

/** What a mailbox holds. */
export interface Kept {
  /** {@linkcode Mailbox.gone} */
  readonly gone: number;
  /** {@linkcode Mailbox.frames} */
  readonly frames: readonly string[];
}

/**
 * The signals for one peer, kept until it has told that it has them. What was
 * written to a socket that died silently is not lost with it.
 */
export class Mailbox {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  readonly #frames: string[] = [];
  #gone = 0;
  #bytes = 0;
  /** When the present second began, and what was sent in it. */
  #secondAt = 0;
  #inSecond = 0;

  /**
   * An empty mailbox for so many frames and so many bytes (UTF-16 code units,
   * as good as bytes for SDP); or one that goes on with what another kept.
   */
  constructor(
    { queueFrames, queueBytes }: {
      readonly queueFrames: number;
      readonly queueBytes: number;
    },
    { frames, gone }: Kept = { frames: [], gone: 0 },
  ) {
    this.#maxFrames = queueFrames;
    this.#maxBytes = queueBytes;
    this.#gone = gone;
    for (const frame of frames) {
      this.#frames.push(frame);
      this.#bytes += frame.length;
    }
  }

  /** Keeps a signal that is being sent, at a time in milliseconds. The oldest ones make room: a peer that lives has most likely got those. */
  push(frame: string, now: number): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (now < this.#secondAt || now >= this.#secondAt + 1_000) {
      this.#secondAt = now;
      this.#inSecond = 0;
    }
    const most = ++this.#inSecond > MAX_SENT ? MAX_OF_FLOOD : MAX_SENT;
    while (this.#frames.length > most || this.#isOver()) this.#shift();
  }

  /** Keeps a signal for a peer that is away; `false` when there is no room. */
  offer(frame: string): boolean {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (!this.#isOver()) return true;
    this.#frames.pop();
    this.#bytes -= frame.length;
    return false;
  }

  /** Forgets the first `count` signals of the session: the peer has them. */
  seen(count: number): void {
    while (this.#gone < count && this.#frames.length > 0) this.#shift();
  }

  /** How many signals of the session came before those that are kept. */
  get gone(): number {
    return this.#gone;
  }

  /** What is kept, in order. */
  get frames(): readonly string[] {
    return this.#frames;
  }

  #isOver(): boolean {
    return this.#frames.length > this.#maxFrames ||
      this.#bytes > this.#maxBytes;
  }

  #shift(): void {
    this.#bytes -= this.#frames.shift()?.length ?? 0;
    this.#gone++;
  }
}
