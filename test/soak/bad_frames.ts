import { CLOSE, type FaultCode, LIMITS } from "../../protocol.ts";
import { OPCODE, textFrame, wireFrame } from "../bench/wire_frame.ts";

/** Bytes that a client must not send, and what the server does about it. */
export interface BadFrame {
  readonly bytes: Uint8Array;
  /** What it answers. */
  readonly fault: FaultCode;
  /** With what it closes the socket, if it does. */
  readonly close?: number;
  /** Whether the client may hear neither: a connection that is ended while the client still sends is reset. */
  readonly untold?: boolean;
}

/** A ping, so many times that no bucket holds them. */
function flood(): Uint8Array {
  const ping = textFrame('{"type":"ping","seen":0}');
  const count = LIMITS.frameBurst * 2;
  const all = new Uint8Array(ping.length * count);
  for (let i = 0; i < count; i++) all.set(ping, i * ping.length);
  return all;
}

/** Each thing that can be wrong with a frame. */
export const BAD_FRAMES: readonly BadFrame[] = [
  { bytes: textFrame('{"type":"hello"}'), fault: "bad-frame" },
  { bytes: textFrame('{"type":"signal","to":1}'), fault: "bad-frame" },
  {
    bytes: textFrame(JSON.stringify({
      type: "presence",
      presence: "x".repeat(LIMITS.presenceBytes + 1),
    })),
    fault: "presence-too-large",
  },
  {
    bytes: textFrame("{"),
    fault: "not-a-message",
    close: CLOSE.badFrame,
  },
  {
    bytes: wireFrame(OPCODE.binary, new Uint8Array([1, 2, 3])),
    fault: "not-a-message",
    close: CLOSE.badFrame,
  },
  {
    bytes: textFrame("x".repeat(LIMITS.frameBytes + 1)),
    fault: "frame-too-large",
    close: CLOSE.frameTooLarge,
  },
  {
    bytes: flood(),
    fault: "rate-limited",
    close: CLOSE.rateLimited,
    untold: true,
  },
];
