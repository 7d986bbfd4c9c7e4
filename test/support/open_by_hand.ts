import { shakeHands } from "./handshake.ts";

/** Joins a room over a bare TCP connection, which reads nothing and answers nothing by itself. */
export function openByHand(
  url: string,
  room: string,
  id: string,
  protocols: readonly string[] = [],
): Promise<Deno.TcpConn> {
  return shakeHands(url, { room, id, protocols });
}
