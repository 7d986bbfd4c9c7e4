/**
 * Holds sockets in rooms of two and says nothing more than a client that has
 * just joined. Takes the side and its host as arguments, and orders on standard
 * input: `open 100`, a number of sockets, `hold 2`, until the server has pinged each
 * of them so often, and `close`.
 *
 * @module
 */
import { CLOSE, SUBPROTOCOL } from "../../protocol.ts";
import { lines } from "./lines.ts";
import { RawSocket } from "./raw_socket.ts";
import { textFrame } from "./wire_frame.ts";

const [side, host] = Deno.args;
const { hostname, port } = new URL(`http://${host}`);
const decoder = new TextDecoder();
const hello = textFrame('{"type":"ping","seen":0}');
const sockets: RawSocket[] = [];
/** How many rooms are opened at once: what a crowd at the door costs is another question. */
const LANES = 10;
let rooms = 0;

function open(path: string, protocol?: string): Promise<RawSocket> {
  return RawSocket.open({
    hostname,
    port: Number(port),
    path,
    ...(protocol && { protocol }),
  });
}

/** A socket that was welcomed, and has heard the answer to the ping that every client sends then. */
async function openOurs(room: number): Promise<RawSocket> {
  const path = `/parties/main/${room}?_pk=${crypto.randomUUID()}`;
  const socket = await open(path, SUBPROTOCOL);
  await new Promise<void>((resolve) => {
    socket.onText = (payload) => {
      const { type } = JSON.parse(decoder.decode(payload));
      if (type === "welcome") socket.send(hello);
      if (type === "pong") resolve();
    };
  });
  socket.onText = () => {};
  return socket;
}

const openIn = side === "ours"
  ? openOurs
  : (room: number) => open(`/pair/${room}`);

async function openUpTo(last: number): Promise<void> {
  while (rooms < last) {
    const room = ++rooms;
    sockets.push(await openIn(room), await openIn(room));
  }
}

/** Resolves when the server has pinged a socket `count` times. */
function pinged(socket: RawSocket, count: number): Promise<void> {
  return new Promise((resolve) => {
    socket.onPing = () => {
      if (--count === 0) resolve();
    };
  });
}

/** Says goodbye, and resolves when the server has ended the connection. */
function close(socket: RawSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.onEnd = () => resolve();
    socket.close(CLOSE.goodbye);
  });
}

for await (const order of lines(Deno.stdin.readable)) {
  const [what, count] = order.split(" ");
  switch (what) {
    case "open": {
      const last = rooms + Number(count) / 2;
      await Promise.all(Array.from({ length: LANES }, () => openUpTo(last)));
      break;
    }
    case "hold":
      await Promise.all(sockets.map((each) => pinged(each, Number(count))));
      break;
    case "close":
      await Promise.all(sockets.splice(0).map(close));
      break;
    default:
      throw new Error(`Cannot ${what}`);
  }
  console.log("done");
}
Deno.exit();
