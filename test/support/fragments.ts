import { OPCODE, wireFrame } from "../bench/wire_frame.ts";

/** FIN, without which more fragments follow, and the opcode of those (RFC 6455 §5.2). */
const FIN = 0x80;
const CONTINUATION = 0x00;

/** A text message of so many bytes, in fragments of at most `size`. Yields them one by one, as nobody holds such a message whole. */
export function* fragments(bytes: number, size: number): Generator<Uint8Array> {
  for (let sent = 0; sent < bytes; sent += size) {
    const length = Math.min(size, bytes - sent);
    const frame = wireFrame(OPCODE.text, new Uint8Array(length).fill(0x20));
    const opcode = sent === 0 ? OPCODE.text & ~FIN : CONTINUATION;
    frame[0] = opcode | (sent + length < bytes ? 0 : FIN);
    yield frame;
  }
}
