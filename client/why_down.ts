import { isFields, readJson, type RefusalCode } from "../protocol.ts";
import { ConnectError } from "./connect_error.ts";
import type { RoomSocket } from "./room_socket.ts";

/** What a client needs to ask why. */
export interface WhyDownOptions {
  /** The socket that did not open. */
  readonly socket: Pick<RoomSocket, "roomUrl" | "id">;
  /** The token that was offered, if any. */
  readonly bearer: string | undefined;
  /** Gives up asking. */
  readonly signal: AbortSignal;
}

/**
 * Why a socket did not open. A browser tells a page no more than that it
 * failed (WebSockets Standard, "Feedback from the protocol"), so ask the same address over HTTP.
 */
export async function whyDown(options: WhyDownOptions): Promise<ConnectError> {
  const { socket: { roomUrl, id }, bearer, signal } = options;
  const url = `${roomUrl.replace(/^ws/, "http")}?_pk=${encodeURIComponent(id)}`;
  const { host } = new URL(url);
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      signal,
      headers: bearer === undefined
        ? {}
        : { Authorization: `Bearer ${bearer}` },
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    return new ConnectError("unreachable", `nothing answers at ${host}`, {
      cause,
    });
  }
  const body = readJson(text);
  const error = isFields(body) ? body.error : undefined;
  const { code, message = text } = isFields(error) ? error : {};
  // The app's own rule may refuse in words of its own.
  const refused = typeof code === "string"
    ? code
    : ({ 401: "unauthorized", 403: "forbidden" })[status];
  if (refused && refused !== "not-found") {
    return new ConnectError("refused", `${message} (${refused})`, {
      code: refused as RefusalCode,
    });
  }
  // A proxy answers like that while the server behind it restarts.
  const busy = status >= 500 || status === 429;
  return busy || text.startsWith("WebRTC signaling")
    ? new ConnectError("unreachable", `no WebSocket gets through to ${host}`)
    : new ConnectError(
      "not-found",
      `no signaling server at ${url} (${status})`,
    );
}

/** Whether a refusal is a matter of time, and no fault of this client's. */
export function isPassing({ code }: ConnectError): boolean {
  return /^(stopping|unavailable|server-full)$/.test(code ?? "");
}
