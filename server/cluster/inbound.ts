import type { Mark } from "./node_message.ts";

/** After so many frames, or UTF-16 code units of them, the sender is told that they are here. */
const ACK_FRAMES = 64;
const ACK_CHARS = 256 * 1024;

/** The frames from one other node: each once, in order, none left out. */
export class Inbound {
  #epoch = 0;
  #seq = 0;
  #asked = 0;
  #frames = 0;
  #chars = 0;

  /** How far it has come. */
  get mark(): Mark {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** Whether a frame is the next one, and then counts it; `known` if it was here before, `gap` if others are missing. */
  take({ epoch, seq }: Mark, chars: number): "next" | "known" | "gap" {
    if (epoch < this.#epoch) return "known";
    if (epoch > this.#epoch) {
      if (seq !== 1) return "gap";
      this.#epoch = epoch;
      this.#seq = 0;
      this.#asked = 0;
    }
    if (seq <= this.#seq) return "known";
    if (seq > this.#seq + 1) return "gap";
    this.#seq = seq;
    this.#frames++;
    this.#chars += chars;
    return "next";
  }

  /** The first frame that is missing up to a mark, unless it was asked for already; `anew` asks in any case. */
  missing({ epoch, seq }: Mark, anew: boolean): Mark | undefined {
    const first = epoch === this.#epoch ? this.#seq + 1 : 1;
    if (epoch < this.#epoch || first > seq) return;
    if (!anew && this.#asked === first) return;
    this.#asked = first;
    return { epoch, seq: first };
  }

  /** What to tell the sender, when it is time to. */
  acknowledgement(): Mark | undefined {
    if (this.#frames < ACK_FRAMES && this.#chars < ACK_CHARS) return;
    this.#frames = 0;
    this.#chars = 0;
    return this.mark;
  }
}
