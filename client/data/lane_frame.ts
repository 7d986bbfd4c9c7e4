/**
 * What travels on a lane: one binary message of an ordered, reliable data
 * channel is one frame, whose first byte is its type. Numbers are big-endian;
 * counts are 64-bit floats, exact up to 2^53.
 *
 * | type        | then                                                             | sent                                             |
 * | ----------- | ---------------------------------------------------------------- | ------------------------------------------------ |
 * | `0` greet   | own token u64, token of the other side u64 or 0, received f64, largest message f64, own name if sides have names | first, on every channel         |
 * | `1` ack     | received f64                                                     | now and then                                     |
 * | 16 to 255   | up to whoever uses the lane                                      | is counted, kept until acknowledged, and replayed |
 *
 * `received` is how many counted frames of the other side, since its token was
 * first seen, have been taken; what comes after them is sent again on the next
 * channel. An unknown token is a side that has begun anew, at zero.
 *
 * @module
 */

/** Type of a frame that opens a channel. */
export const GREET = 0;
/** Type of a frame that acknowledges others. */
export const ACK = 1;
/** First type of a counted frame. */
export const COUNTED = 16;

/** Bytes of a greeting before the name. */
const GREETING_BYTES = 33;

/** Largest frame: what serves best, and every browser takes. */
export const FRAME_BYTES = 65_536;
/** How much a frame costs a browser that keeps it, beside its bytes. */
const OVERHEAD_BYTES = 1024;
/** Most that may be on its way without being acknowledged. */
export const WINDOW_BYTES = 4 * 2 ** 20;

/** What opens a channel. */
export interface Greeting {
  /** Who speaks: a random number of this side of the lane. */
  readonly mine: bigint;
  /** Who is spoken to, as far as known; else 0. */
  readonly yours: bigint;
  /** How many counted frames of the other side were taken. */
  readonly received: number;
  /** Largest message that is taken: at least what fits into a frame. */
  readonly maxMessageBytes: number;
  /** What the speaker is called; empty where nobody has a name. */
  readonly name: Uint8Array;
}

/** What a frame counts for in a window. */
export function costOf(frame: Uint8Array): number {
  return frame.byteLength + OVERHEAD_BYTES;
}

/** Writes a greeting. */
export function greetFrame(greeting: Greeting): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(GREETING_BYTES + greeting.name.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, GREET);
  view.setBigUint64(1, greeting.mine);
  view.setBigUint64(9, greeting.yours);
  view.setFloat64(17, greeting.received);
  view.setFloat64(25, greeting.maxMessageBytes);
  frame.set(greeting.name, GREETING_BYTES);
  return frame;
}

/** Reads a greeting; `undefined` for anything else. */
export function readGreeting(frame: Uint8Array): Greeting | undefined {
  if (frame.byteLength < GREETING_BYTES) return;
  const view = viewOf(frame);
  const greeting = {
    name: frame.slice(GREETING_BYTES),
    mine: view.getBigUint64(1),
    yours: view.getBigUint64(9),
    received: view.getFloat64(17),
    maxMessageBytes: view.getFloat64(25),
  };
  const { mine, received, maxMessageBytes } = greeting;
  return mine && isCount(received) && maxMessageBytes >= FRAME_BYTES
    ? greeting
    : undefined;
}

/** Writes an acknowledgement. */
export function ackFrame(received: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(9);
  const view = new DataView(frame.buffer);
  view.setUint8(0, ACK);
  view.setFloat64(1, received);
  return frame;
}

/** Reads an acknowledgement; `undefined` for anything else. */
export function readAck(frame: Uint8Array): number | undefined {
  if (frame.byteLength !== 9) return;
  const received = viewOf(frame).getFloat64(1);
  return isCount(received) ? received : undefined;
}

/** A view of the bytes of a frame. */
export function viewOf(frame: Uint8Array): DataView {
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
}

/** Whether a number that a peer sent counts something. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
