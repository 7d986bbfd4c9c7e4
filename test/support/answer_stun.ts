import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** RFC 8489 §5 and §14.2. */
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const COOKIE = 0x2112a442;

/**
 * Answers STUN on a free port of this machine, until the process ends. Without
 * any server werift asks one on the internet, and where there is none it waits
 * for five seconds.
 *
 * @returns Its address as in `RTCIceServer.urls` (RFC 7064).
 */
export async function answerStun(): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (request, { address, port }) => {
    const answer = Buffer.alloc(32);
    // Cookie and transaction come back as they were.
    request.copy(answer, 4, 4, 20);
    answer.writeUInt16BE(BINDING_SUCCESS, 0);
    answer.writeUInt16BE(12, 2);
    answer.writeUInt16BE(XOR_MAPPED_ADDRESS, 20);
    answer.writeUInt16BE(8, 22);
    answer.writeUInt16BE(1, 24);
    answer.writeUInt16BE(port ^ COOKIE >>> 16, 26);
    const bytes = Buffer.from(address.split(".").map(Number));
    answer.writeUInt32BE((bytes.readUInt32BE() ^ COOKIE) >>> 0, 28);
    socket.send(answer, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return `stun:127.0.0.1:${socket.address().port}`;
}
