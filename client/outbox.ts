import type { Welcome } from "../protocol.ts";

/** Most signals that are kept; a peer that makes us answer more than that loses them. */
const MAX_KEPT = 2048;

/**
 * Signals, kept until the server has them: what was written to a socket that
 * died is written to the next one of the same session. And the last presence,
 * which replaces the one before. Paces both,
 * too, so that a join of a full room stays below the rate at which the server
 * drops a peer. Holds no clock: whoever asks says what time it is, by a clock
 * that never goes back.
 */
export class Outbox {
  readonly #kept: string[] = [];
  #presence: string | undefined;
  /** How many of the kept signals were written to the present socket. */
  #written = 0;
  /** How many signals of this session the server had before those that are kept. */
  #gone = 0;
  #perMs = 0;
  #burst = 0;
  #tokens = 0;
  #at = 0;

  /**
   * Goes on as a welcome says: with what the server has not seen of a session
   * that was resumed, with what was never written in one that was restored, else
   * with nothing. Uses four fifths of the rate and half of the burst: what leaves
   * here evenly may arrive in one heap.
   */
  begin(
    { session, seen, limits }: Pick<Welcome, "session" | "seen" | "limits">,
    now: number,
  ): void {
    this.acknowledge(seen);
    if (session !== "resumed") {
      // Who did not get what was written to another server is asked anew by its pair.
      this.#kept.splice(0, session === "new" ? Infinity : this.#written);
      this.#gone = 0;
    }
    this.#written = 0;
    this.#perMs = limits.framesPerSecond * 0.8 / 1000;
    this.#burst = Math.max(1, limits.frameBurst / 2);
    this.#tokens = this.#burst;
    this.#at = now;
  }

  /** Forgets what the server has seen: the first `seen` signals of the session. */
  acknowledge(seen: number): void {
    const count = Math.min(Math.max(0, seen - this.#gone), this.#written);
    this.#kept.splice(0, count);
    this.#written -= count;
    this.#gone += count;
  }

  /** Takes a presence. It overtakes signals, and is not kept: who resumes publishes again. */
  publish(frame: string): void {
    this.#presence = frame;
  }

  /** Keeps a signal; `false` when it was dropped because too many are kept. */
  push(frame: string): boolean {
    return this.#kept.length < MAX_KEPT && this.#kept.push(frame) > 0;
  }

  /** Takes the frames that may leave now, and says after how many milliseconds to ask again, if any wait. */
  take(now: number): { frames: string[]; againInMs: number | undefined } {
    const refilled = this.#tokens + (now - this.#at) * this.#perMs;
    this.#tokens = Math.min(this.#burst, refilled);
    this.#at = now;
    const waiting = this.#kept.slice(this.#written);
    if (this.#presence !== undefined) waiting.unshift(this.#presence);
    const frames = waiting.slice(0, this.#tokens);
    this.#tokens -= frames.length;
    this.#written += frames.length;
    if (this.#presence !== undefined && frames.length > 0) {
      this.#presence = undefined;
      this.#written--;
    }
    const againInMs = waiting.length > frames.length
      ? Math.ceil((1 - this.#tokens) / this.#perMs)
      : undefined;
    return { frames, againInMs };
  }
}
