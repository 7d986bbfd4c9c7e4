import {
  ID_CHARS,
  isName,
  type Limits,
  type RefusalCode,
} from "../protocol.ts";

/** What a URL asks for. */
export type Route =
  | {
    /** The socket of a room (or whether it could be had, when asked without an upgrade), or STUN and TURN servers for its members. */
    readonly to: "room" | "turn";
    /** Name space of the room. */
    readonly party: string;
    /** Name of the room. */
    readonly room: string;
    /** Key of the room among all parties of the server. */
    readonly key: string;
    /** The id the peer claims; `undefined` leaves it to the server. */
    readonly id: string | undefined;
  }
  | {
    /** Whether the server lives, whether it takes joins, or what it has counted. */
    readonly to: "health" | "ready" | "metrics";
  }
  | {
    /** The address has the right form and a name in it is not acceptable. */
    readonly to: "refusal";
    /** Which name. */
    readonly code: RefusalCode;
  }
  | {
    /** Nothing is here. */
    readonly to: "nowhere";
  };

/** Reads the addresses of PartySocket: `/parties/{party}/{room}`, with the id in `_pk`; `…/turn`; `/health`, `/ready` and `/metrics`. */
export function route(url: URL, limits: Limits): Route {
  if (url.pathname === "/health") return { to: "health" };
  if (url.pathname === "/ready") return { to: "ready" };
  if (url.pathname === "/metrics") return { to: "metrics" };
  const [, prefix, party, room, leaf, ...rest] = url.pathname.split("/");
  if (prefix !== "parties" || party === undefined || room === undefined) {
    return { to: "nowhere" };
  }
  if (
    rest.length > 0 || !(leaf === undefined || leaf === "" || leaf === "turn")
  ) {
    return { to: "nowhere" };
  }
  const partyName = decode(party);
  if (!isName(partyName, ID_CHARS)) {
    return { to: "refusal", code: "bad-party" };
  }
  const roomName = decode(room);
  if (!isName(roomName, limits.roomChars)) {
    return { to: "refusal", code: "bad-room" };
  }
  const id = url.searchParams.get("_pk") ?? undefined;
  if (id !== undefined && !isName(id, limits.idChars)) {
    return { to: "refusal", code: "bad-id" };
  }
  // No name holds a control character, so the pair is unambiguous.
  const key = `${partyName}\0${roomName}`;
  const to = leaf === "turn" ? "turn" : "room";
  return { to, party: partyName, room: roomName, key, id };
}

/** The address without its names, for those who count requests; `undefined` for one that is none of ours. */
export function template({ to }: Route): string | undefined {
  switch (to) {
    case "room":
      return "/parties/{party}/{room}";
    case "turn":
      return "/parties/{party}/{room}/turn";
    case "health":
    case "ready":
    case "metrics":
      return `/${to}`;
    case "refusal":
    case "nowhere":
      return undefined;
    default:
      return to satisfies never;
  }
}

/** The decoded path segment; empty, which is no name, when it is not percent-encoded UTF-8. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}
