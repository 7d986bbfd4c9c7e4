import type { Mark } from "./node_message.ts";

/** Frames kept for a node that has not told that it has them, beside those with which the stream has begun. */
const MAX_FRAMES = 8_192;
/** The same in UTF-16 code units. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * The frames to one other node, kept until it has told that it has them: an
 * engine may lose some. When too many are kept the stream breaks, and has to
 * begin anew, in another epoch.
 */
export class Outbound {
  #epoch = 0;
  #last = 0;
  #kept: string[] = [];
  /** Of those that are not state, in UTF-16 code units. */
  #chars = 0;
  /** How many of those that are kept, the first ones, are state. */
  #state = 0;
  #broken = false;

  /** Whether frames were left out. */
  get broken(): boolean {
    return this.#broken;
  }

  /** How far it has come. */
  get mark(): Mark {
    return { epoch: this.#epoch, seq: this.#last };
  }

  /** The place of the next frame. */
  get next(): Mark {
    return { epoch: this.#epoch, seq: this.#last + 1 };
  }

  /** Whether so much is kept that what can be refused should be. */
  get busy(): boolean {
    return this.#broken || this.#frames > MAX_FRAMES / 2 ||
      this.#chars > MAX_CHARS / 2;
  }

  /** Begins anew: nothing is kept, and the next frame is the first. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#last = 0;
    this.#kept = [];
    this.#chars = 0;
    this.#state = 0;
    this.#broken = false;
  }

  /** Keeps the next frame, without a bound if the stream begins with it (`isState`); `false` when it is left out. */
  push(frame: string, isState: boolean): boolean {
    const { length } = frame;
    const isFull = this.#frames >= MAX_FRAMES ||
      this.#chars + length > MAX_CHARS;
    if (isFull && !isState) this.#broken = true;
    if (this.#broken) return false;
    this.#last++;
    this.#kept.push(frame);
    if (isState) this.#state++;
    else this.#chars += length;
    return true;
  }

  /** Forgets what the other node has. */
  acknowledge({ epoch, seq }: Mark): void {
    if (epoch !== this.#epoch) return;
    const first = this.#last - this.#kept.length + 1;
    for (const { length } of this.#kept.splice(0, seq - first + 1)) {
      if (this.#state > 0) this.#state--;
      else this.#chars -= length;
    }
  }

  /** The frames from a mark on; `undefined` if not all of them are kept. */
  since({ epoch, seq }: Mark): readonly string[] | undefined {
    const first = this.#last - this.#kept.length + 1;
    if (epoch !== this.#epoch || seq < first) return;
    return this.#kept.slice(seq - first);
  }

  get #frames(): number {
    return this.#kept.length - this.#state;
  }
}
