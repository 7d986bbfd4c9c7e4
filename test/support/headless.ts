import { RTCPeerConnection as Werift } from "werift";
import { connect, type Connection, type ConnectOptions } from "../../mod.ts";

/**
 * An `RTCPeerConnection` for Deno, which has none. Werift 0.25 takes the
 * messages of a DTLS handshake as they arrive, not in their order (RFC 6347
 * §4.2.2), and once more when they are repeated: on a busy machine a pair may
 * never open, and has to be made anew.
 */
export const RTCPeerConnection =
  Werift as unknown as typeof globalThis.RTCPeerConnection;

/** Joins a room from Deno; the connection is closed at the end of its block. */
export async function connectHeadless(
  options: ConnectOptions,
): Promise<Connection> {
  try {
    return await connect({ RTCPeerConnection, iceServers: [], ...options });
  } catch (error) {
    // PartySocket clears no timer of 0 ms before an attempt that it then does not make. One set later fires later.
    await new Promise((resolve) => setTimeout(resolve));
    throw error;
  }
}

/** Resolves with the payload of the next `event`. */
export function next<Name extends Parameters<Connection["on"]>[0]>(
  connection: Connection,
  event: Name,
): Promise<unknown> {
  return new Promise((resolve) => connection.once(event, resolve as never));
}
