/** Most frames that wait; a peer that makes us answer more than that loses them. */
const MAX_WAITING = 2048;

/**
 * Paces what is sent to the server, so that a join of a full room stays below
 * the rate at which the server drops a peer. Holds no clock: whoever asks says
 * what time it is, by a clock that never goes back.
 */
export class Outbox {
  readonly #waiting: string[] = [];
  #perMs = 0;
  #burst = 0;
  #tokens = 0;
  #at = 0;

  /**
   * Starts anew under the limits of a server. Uses four fifths of the rate and
   * half of the burst: what leaves here evenly may arrive in one heap.
   */
  reset(
    limits: { readonly framesPerSecond: number; readonly frameBurst: number },
    now: number,
  ): void {
    this.#waiting.length = 0;
    this.#perMs = limits.framesPerSecond * 0.8 / 1000;
    this.#burst = Math.max(1, Math.floor(limits.frameBurst / 2));
    this.#tokens = this.#burst;
    this.#at = now;
  }

  /** Queues a frame; `false` when it was dropped because too many wait. */
  push(frame: string): boolean {
    return this.#waiting.length < MAX_WAITING && this.#waiting.push(frame) > 0;
  }

  /** Takes the frames that may leave now, and says after how many milliseconds to ask again, if any wait. */
  take(now: number): { frames: string[]; againInMs: number | undefined } {
    const refilled = this.#tokens + (now - this.#at) * this.#perMs;
    this.#tokens = Math.min(this.#burst, refilled);
    this.#at = now;
    const frames = this.#waiting.splice(0, Math.floor(this.#tokens));
    this.#tokens -= frames.length;
    const againInMs = this.#waiting.length > 0
      ? Math.ceil((1 - this.#tokens) / this.#perMs)
      : undefined;
    return { frames, againInMs };
  }
}
