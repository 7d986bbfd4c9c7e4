import { type Handshake, shakeHands } from "./handshake.ts";

/** What a server answered to a handshake. */
export interface Answer {
  /** HTTP status; 101 for a socket. */
  readonly status: number;
  /** Code of the error in the body, if there is one. */
  readonly code: string | undefined;
}

/**
 * Asks for the socket of a room over a connection of its own and tells how the
 * server answered, which no WebSocket API does. A socket that is granted is cut
 * at once.
 */
export async function knock(url: string, knock: Handshake): Promise<Answer> {
  using conn = await shakeHands(url, knock);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16 * 1024);
  let text = "";
  for (;;) {
    const read = await conn.read(buffer);
    text += decoder.decode(buffer.subarray(0, read ?? 0), { stream: true });
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
    const complete = end >= 0 &&
      (text.startsWith("HTTP/1.1 101") || text.length >= end + 4 + length);
    if (read === null || complete) break;
  }
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]),
    code: /"code":"([^"]+)"/.exec(text)?.[1],
  };
}
