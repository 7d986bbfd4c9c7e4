/**
 * Plays ping-pong in many rooms of two, over our server or over the floor, and
 * reads no frame that it gets. Takes the hosts of both as arguments, and orders
 * such as `ours 1000`, a number of signals, on standard input.
 *
 * @module
 */
import { SUBPROTOCOL } from "../../protocol.ts";
import { lines } from "./lines.ts";
import type { Side } from "./measurement.ts";
import { RawSocket } from "./raw_socket.ts";
import { textFrame } from "./wire_frame.ts";

const ROOMS = 200;
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

type Ids = readonly [string, string];
type Sockets = readonly [RawSocket, RawSocket];

/** All rooms of one side. Whoever gets a frame answers while there is something left to send. */
class Rallies {
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

  /** Sends `count` signals in all, one under way in each room, until the last has arrived. */
  async play(count: number): Promise<void> {
    this.#toSend = this.#toReceive = count;
    const done = new Promise<void>((resolve) => this.#done = resolve);
    for (const serve of this.#serves) serve();
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

const [ours = "", floor = ""] = Deno.args;

/** A room of two on our server, when both have heard that they are in it. */
async function openOurs(room: number, [a, b]: Ids): Promise<Sockets> {
  const path = `/parties/main/${room}?_pk=`;
  const first = await open(ours, path + a, SUBPROTOCOL);
  const joined = heard(first, "join");
  const second = await open(ours, path + b, SUBPROTOCOL);
  await Promise.all([joined, heard(second, "welcome")]);
  return [first, second];
}

async function openFloor(room: number): Promise<Sockets> {
  return [
    await open(floor, `/pair/${room}`),
    await open(floor, `/pair/${room}`),
  ];
}

function heard(socket: RawSocket, type: string): Promise<void> {
  return new Promise((resolve) => {
    socket.onText = (payload) => {
      if (JSON.parse(decoder.decode(payload)).type === type) resolve();
    };
  });
}

async function open(
  host: string,
  path: string,
  protocol?: string,
): Promise<RawSocket> {
  const { hostname, port } = new URL(`http://${host}`);
  return await RawSocket.open({
    hostname,
    port: Number(port),
    path,
    ...(protocol && { protocol }),
  });
}

async function openRallies(
  open: (room: number, ids: Ids) => Promise<Sockets>,
): Promise<Rallies> {
  const rallies = new Rallies();
  for (let room = 0; room < ROOMS; room++) {
    const ids: Ids = [crypto.randomUUID(), crypto.randomUUID()];
    rallies.add(await open(room, ids), ids);
  }
  return rallies;
}

const sides: Readonly<Record<Side, Rallies>> = {
  ours: await openRallies(openOurs),
  floor: await openRallies(openFloor),
};
console.log("ready");
for await (const order of lines(Deno.stdin.readable)) {
  const [side, count] = order.split(" ");
  await sides[side as Side].play(Number(count));
  console.log("done");
}
Deno.exit();
