import type { RawSocket } from "./raw_socket.ts";
import { textFrame } from "./wire_frame.ts";

/** As long as the offer of a data channel with a few candidates. */
const DATA_CHARS = 1200;

/** Text as a client of ours sends it: JSON with an SDP in it, so full of what JSON escapes. */
function makeData(): string {
  const lines = Array.from(
    { length: 40 },
    (_, i) =>
      `a=candidate:${i} 1 udp 2113937151 192.0.2.${i} ${50000 + i} typ host`,
  );
  const sdp = `v=0\r\n${lines.join("\r\n")}\r\n`;
  const whole = JSON.stringify({
    to: 1700000000000,
    generation: 1,
    description: { type: "offer", sdp },
  });
  return whole.slice(0, DATA_CHARS);
}

const data = makeData();
const decoder = new TextDecoder();

/** Both sides send the very same frames: the floor does not care what they say. */
function frameTo(id: string): Uint8Array {
  return textFrame(JSON.stringify({ type: "signal", to: id, data }));
}

/** Ids of the two peers of a room. */
export type Ids = readonly [string, string];
/** Their sockets. */
export type Sockets = readonly [RawSocket, RawSocket];

/** Rooms of two that play ping-pong. Whoever gets a frame answers while there is something left to send. */
export class Rallies {
  readonly #serves: (() => void)[] = [];
  #checked = false;
  #toSend = 0;
  #toReceive = 0;
  #done: () => void = () => {};

  /** Adds a room: two sockets and the ids of their peers. */
  add([a, b]: Sockets, ids: Ids): void {
    const toA = frameTo(ids[0]);
    const toB = frameTo(ids[1]);
    this.#serves.push(() => this.#send(a, toB));
    a.onText = (payload) => this.#receive(payload, a, toB);
    b.onText = (payload) => this.#receive(payload, b, toA);
  }

  /** Sends `count` signals in all, one under way in each room, or in so many of them, until the last has arrived. */
  async play(count: number, rooms = Infinity): Promise<void> {
    this.#toSend = this.#toReceive = count;
    const done = new Promise<void>((resolve) => this.#done = resolve);
    for (const serve of this.#serves.slice(0, rooms)) serve();
    await done;
    this.#checked = true;
  }

  #send(socket: RawSocket, frame: Uint8Array): void {
    if (this.#toSend-- > 0) socket.send(frame);
  }

  #receive(payload: Uint8Array, socket: RawSocket, answer: Uint8Array): void {
    // In the first round only: a relay that changes what it carries is no relay.
    if (!this.#checked) {
      const text = decoder.decode(payload);
      if (JSON.parse(text).data !== data) {
        throw new Error(`Cannot measure: got ${text}`);
      }
    }
    this.#send(socket, answer);
    if (--this.#toReceive === 0) this.#done();
  }
}
