import {
  type ClientMessage,
  parseServerMessage,
  SUBPROTOCOL,
} from "../../protocol.ts";
import { bearerProtocol } from "../bearer_protocol.ts";

/** Which socket to try. */
export interface TrySocketOptions {
  readonly WebSocket: typeof WebSocket;
  /** Address of a room. Whoever is in it sees a peer come and go. */
  readonly url: string;
  /** The token to offer, if any. */
  readonly bearer: string | undefined;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** What a socket that got through tells. */
export interface TriedSocket {
  /** The version of the wire that the server speaks. */
  readonly version: number;
  /** How long a frame takes to the server and back, in milliseconds. */
  readonly roundTripMs: number;
}

/**
 * Joins a room, says something, hears the answer, and leaves; `undefined` if
 * that does not work out. A proxy may let the handshake through and no frame.
 */
export async function trySocket(
  options: TrySocketOptions,
): Promise<TriedSocket | undefined> {
  const { url, bearer, signal } = options;
  const protocols = [SUBPROTOCOL];
  if (bearer !== undefined) protocols.push(bearerProtocol(bearer));
  let socket: WebSocket;
  try {
    socket = new options.WebSocket(url, protocols);
  } catch {
    // A page that came over HTTPS gets none that is not encrypted (Mixed Content §4).
    return;
  }
  let stop = () => {};
  try {
    return await new Promise<TriedSocket | undefined>((resolve) => {
      stop = () => resolve(undefined);
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
      socket.onclose = stop;
      let version = 0;
      let sentAt = 0;
      socket.onmessage = ({ data }) => {
        const parsed = parseServerMessage(data);
        if (!parsed.ok) return;
        const { message } = parsed;
        if (message.type === "welcome") {
          version = message.version;
          sentAt = performance.now();
          const ping: ClientMessage = { type: "ping", seen: 0 };
          socket.send(JSON.stringify(ping));
        } else if (message.type === "pong") {
          resolve({ version, roundTripMs: performance.now() - sentAt });
        }
      };
    });
  } finally {
    signal.removeEventListener("abort", stop);
    socket.onclose = socket.onmessage = null;
    socket.close(1000);
  }
}
