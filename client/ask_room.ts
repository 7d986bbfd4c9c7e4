import { isFields, readJson, type RefusalCode } from "../protocol.ts";
import { ConnectError } from "./connect_error.ts";

/** What to ask for over HTTP. */
export interface AskRoomOptions {
  /** Address of a room's socket. */
  readonly url: string;
  /** The token that is offered, if any. */
  readonly bearer: string | undefined;
  /** Gives up asking. */
  readonly signal: AbortSignal;
}

/** Why a server would not open the socket at an address, as a plain GET of the same tells; `undefined` if it would. */
export async function askRoom(
  options: AskRoomOptions,
): Promise<ConnectError | undefined> {
  const { bearer, signal } = options;
  const url = options.url.replace(/^ws/, "http");
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
    return new ConnectError("unreachable", `nothing answers at ${url}`, {
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
  if (status >= 500 || status === 429) {
    return new ConnectError("unreachable", `status ${status} at ${url}`);
  }
  if (!text.startsWith("WebRTC signaling")) {
    return new ConnectError(
      "not-found",
      `no signaling server at ${url} (${status})`,
    );
  }
}
