import { Fifo } from "../../client/data/fifo.ts";
import type { Feed } from "../../client/data/lane.ts";
import { Ends, Lane } from "../../client/data/lane.ts";
import { COUNTED, viewOf } from "../../client/data/lane_frame.ts";
import { JoinedChannel } from "./joined_channels.ts";

/** A connection of which only this is known. */
export function connectionThatTakes(
  maxMessageSize?: number,
): RTCPeerConnection {
  const sctp = maxMessageSize === undefined ? null : { maxMessageSize };
  return { sctp } as unknown as RTCPeerConnection;
}

/** A lane that sends numbered frames of given sizes, and takes down what it hears. */
export class NumberedLane implements Feed {
  readonly lane: Lane;
  /** Numbers of the frames that came. */
  readonly heard: number[] = [];
  /** What else happened. */
  readonly events: ("reset" | "violation")[] = [];
  /** How many frames were made. */
  made = 0;
  /** Sizes of those that are to be made. */
  readonly sizes = new Fifo<number>();
  /** Called at each frame, with its number. */
  onHeard: (number: number) => void = () => {};
  /** Called when the other side begins anew. */
  onReset: () => void = () => {};

  /** Hears at once, unless it is `paused`. */
  constructor({ paused = false, maxMessageBytes = 65_536 } = {}) {
    this.lane = new Lane({
      ends: new Ends(),
      maxMessageBytes,
      onFrame: (frame) => {
        if (frame.byteLength < 5) return false;
        const number = viewOf(frame).getUint32(1);
        this.heard.push(number);
        this.onHeard(number);
        return true;
      },
      onRenewal: () => {
        this.events.push("reset");
        this.onReset();
        this.lane.reset();
      },
      onViolation: () => void this.events.push("violation"),
    });
    this.lane.add(this);
    if (!paused) this.lane.resume();
  }

  /** How much is kept. */
  get keptBytes(): number {
    return this.lane.unacknowledged.reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    );
  }

  /** {@linkcode Feed.next} */
  next(maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const size = this.sizes.shift();
    return size === undefined
      ? undefined
      : numbered(this.made++, Math.min(size, maxBytes));
  }

  /** Has frames of these sizes to send. */
  say(...sizes: number[]): void {
    for (const size of sizes) this.sizes.push(size);
    this.lane.wake();
  }
}

/** A counted frame with a number in it, of at least five bytes. */
export function numbered(number: number, size = 5): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(Math.max(5, size));
  frame[0] = COUNTED;
  viewOf(frame).setUint32(1, number);
  return frame;
}

/** Joins two lanes with a fresh channel, which is open. */
export function join(
  [one, other]: readonly [{ readonly lane: Lane }, { readonly lane: Lane }],
): JoinedChannel {
  const [end, end2] = JoinedChannel.pair();
  one.lane.attach(end.real, connectionThatTakes());
  other.lane.attach(end2.real, connectionThatTakes());
  end.open();
  return end;
}
