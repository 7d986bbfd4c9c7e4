/** First bytes of whole frames: FIN and the opcode (RFC 6455 §5.2). */
export const OPCODE = {
  text: 0x81,
  binary: 0x82,
  close: 0x88,
  ping: 0x89,
  pong: 0x8a,
} as const;

/** Any key does, but none of zeros: unmasking is work that a server has (RFC 6455 §5.3). */
const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

/** A masked frame, as clients send them (RFC 6455 §5.2). */
export function wireFrame(
  opcode: typeof OPCODE[keyof typeof OPCODE],
  payload: Uint8Array,
): Uint8Array {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length <= 0xffff ? 2 : 8;
  const start = 2 + lengthBytes + MASK.length;
  const frame = new Uint8Array(start + length);
  const view = new DataView(frame.buffer);
  frame[0] = opcode;
  switch (lengthBytes) {
    case 0:
      frame[1] = 0x80 | length;
      break;
    case 2:
      frame[1] = 0x80 | 126;
      view.setUint16(2, length);
      break;
    case 8:
      frame[1] = 0x80 | 127;
      view.setBigUint64(2, BigInt(length));
      break;
    default:
      lengthBytes satisfies never;
  }
  frame.set(MASK, start - MASK.length);
  for (let i = 0; i < length; i++) {
    frame[start + i] = (payload[i] ?? 0) ^ (MASK[i % 4] ?? 0);
  }
  return frame;
}

/** A masked text frame. */
export function textFrame(text: string): Uint8Array {
  return wireFrame(OPCODE.text, new TextEncoder().encode(text));
}
