import { askRoom, type AskRoomOptions } from "./ask_room.ts";
import { ConnectError } from "./connect_error.ts";
import type { RoomSocket } from "./room_socket.ts";

/** What a client needs to ask why. */
export interface WhyDownOptions extends Omit<AskRoomOptions, "url"> {
  /** The socket that did not open. */
  readonly socket: Pick<RoomSocket, "roomUrl" | "id">;
}

/**
 * Why a socket did not open. A browser tells a page no more than that it
 * failed (WebSockets Standard, "Feedback from the protocol"), so ask the same address over HTTP.
 */
export async function whyDown(options: WhyDownOptions): Promise<ConnectError> {
  const { roomUrl, id } = options.socket;
  const url = `${roomUrl}?_pk=${encodeURIComponent(id)}`;
  return await askRoom({ ...options, url }) ??
    new ConnectError("unreachable", `no WebSocket gets through to ${roomUrl}`);
}

/** Whether a refusal is a matter of time, and no fault of this client's. */
export function isPassing({ code }: ConnectError): boolean {
  return /^(stopping|unavailable|server-full)$/.test(code ?? "");
}
