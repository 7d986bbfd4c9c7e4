/** A frame that has passed, or the request that opened the socket. */
export interface RecordedFrame {
  /** Room of the page. */
  readonly room: string;
  /** Id of the page. */
  readonly page: string;
  /** Where it went. */
  readonly to: "server" | "page";
  /** The frame as it came, before any attack. */
  readonly frame: string;
}

/** Everything that a signaling server gets to see. */
export class Recorder {
  readonly #frames: RecordedFrame[] = [];

  /** Keeps a frame. */
  record(frame: RecordedFrame): void {
    this.#frames.push(frame);
  }

  /** The frames of a room, oldest first. */
  frames(room: string): RecordedFrame[] {
    return this.#frames.filter((frame) => frame.room === room);
  }
}
