import {
  type IceServer,
  isFields,
  parseServerMessage,
  readJson,
  type TurnStatus,
} from "../../protocol.ts";

/** What a server hands out to the members of a room. */
export interface HandedOut {
  /** STUN and TURN servers. */
  readonly iceServers: readonly IceServer[];
  /** Whether TURN is among them. */
  readonly turn: TurnStatus;
}

/** Asks for the STUN and TURN servers of a room (`GET …/turn`); `undefined` if they cannot be had. */
export async function fetchIceServers(
  options: {
    /** Address of the room. */
    readonly url: string;
    /** The token, if the server asks for one. */
    readonly bearer: string | undefined;
    /** Gives up asking. */
    readonly signal: AbortSignal;
  },
): Promise<HandedOut | undefined> {
  const { url, bearer, signal } = options;
  try {
    const response = await fetch(`${url.replace(/^ws/, "http")}/turn`, {
      signal,
      headers: bearer === undefined
        ? {}
        : { Authorization: `Bearer ${bearer}` },
    });
    const body = readJson(await response.text());
    if (!isFields(body)) return;
    const { iceServers, expiresAt, turn } = body;
    // On the socket the same comes as a message, and that is checked already.
    const parsed = parseServerMessage(JSON.stringify({
      type: "ice",
      iceServers,
      iceExpiresAt: expiresAt,
      turn,
    }));
    return parsed.ok && parsed.message.type === "ice"
      ? parsed.message
      : undefined;
  } catch {
    return;
  }
}
