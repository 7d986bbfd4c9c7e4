import type { RefusalCode } from "../protocol.ts";
import { ConnectError } from "./connect_error.ts";

/** What a client needs to ask why. */
export interface WhyDownOptions {
  /** Address of the room, as PartySocket has it. */
  readonly roomUrl: string;
  /** The id that was claimed. */
  readonly id: string;
  /** Gives up asking. */
  readonly signal: AbortSignal;
  /** Makes the request. */
  readonly fetch: typeof fetch;
}

/**
 * Why a socket did not open. A browser tells a page no more than that it
 * failed (WebSockets Standard §3.2), so ask the same address over HTTP.
 */
export async function whyDown(options: WhyDownOptions): Promise<ConnectError> {
  const { roomUrl, id, signal, fetch } = options;
  const url = `${roomUrl.replace(/^ws/, "http")}?_pk=${encodeURIComponent(id)}`;
  const { host } = new URL(url);
  let status: number;
  let body: unknown;
  try {
    const response = await fetch(url, { signal });
    status = response.status;
    body = await response.json().catch(() => undefined);
  } catch (cause) {
    return new ConnectError("unreachable", `nothing answers at ${host}`, {
      cause,
    });
  }
  if (status < 400) {
    return new ConnectError(
      "unreachable",
      `${host} answers, but no WebSocket gets through`,
    );
  }
  const error =
    (body as { error?: { code?: unknown; message?: unknown } } | undefined)
      ?.error;
  if (typeof error?.code !== "string" || error.code === "not-found") {
    return new ConnectError(
      "not-found",
      `there is no signaling server at ${url} (${status})`,
    );
  }
  return new ConnectError(
    "refused",
    `the server refused: ${error.message} (${error.code})`,
    {
      code: error.code as RefusalCode,
    },
  );
}
