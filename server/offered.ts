import { BEARER, RESUME, SEEN, SUBPROTOCOL } from "../protocol.ts";

/** What a client offers in its list of subprotocols (RFC 6455 §4.1). */
export interface Offered {
  /** Whether it speaks this version of the wire; `undefined` when it does not say. */
  readonly version: boolean | undefined;
  /** Token of the session it wants to go on with. */
  readonly resume: string | undefined;
  /** Number of signals it has received in that session. */
  readonly seen: number;
  /** Token that says who may join. */
  readonly bearer: string | undefined;
}

/** Reads the list of subprotocols. Never throws. */
export function readOffered(request: Request): Offered {
  const list = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",").map((each) => each.trim());
  const after = (prefix: string) =>
    list.find((each) => each.startsWith(prefix))?.slice(prefix.length);
  // Offers of secrets alone name no version either.
  const names = list.filter((each) =>
    each !== "" &&
    ![RESUME, SEEN, BEARER].some((prefix) => each.startsWith(prefix))
  );
  const seen = Number(/^\d+$/.exec(after(SEEN) ?? "")?.[0]);
  return {
    version: names.length > 0 ? names.includes(SUBPROTOCOL) : undefined,
    resume: after(RESUME),
    seen: Number.isSafeInteger(seen) ? seen : 0,
    bearer: decoded(after(BEARER)) || undefined,
  };
}

/**
 * The token of a client that says who may join: offered as a subprotocol
 * `bearer.TOKEN`, or in the header `Authorization` (RFC 6750 §2.1).
 */
export function bearerToken(request: Request): string | undefined {
  const header = request.headers.get("authorization") ?? "";
  return readOffered(request).bearer ??
    /^Bearer +(\S+) *$/i.exec(header)?.[1];
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    // Not percent-encoded: as good as none.
  }
}
