import { STATUS_CODE } from "@std/http/status";
import { type RefusalCode, SUBPROTOCOL } from "../protocol.ts";
import { defaultHeaders } from "./default_headers.ts";

const REFUSALS: Readonly<
  Record<RefusalCode, readonly [status: number, message: string]>
> = {
  "bad-room": [
    STATUS_CODE.BadRequest,
    "The room name is empty, too long, a dot or two, or has control characters",
  ],
  "bad-party": [
    STATUS_CODE.BadRequest,
    "The party name is empty, too long, a dot or two, or has control characters",
  ],
  "bad-id": [
    STATUS_CODE.BadRequest,
    "The peer id is empty, too long, a dot or two, or has control characters",
  ],
  "bad-version": [
    STATUS_CODE.BadRequest,
    `This server speaks ${SUBPROTOCOL}`,
  ],
  "bad-origin": [
    STATUS_CODE.Forbidden,
    "Pages of this origin may not use this server",
  ],
  "unauthorized": [
    STATUS_CODE.Unauthorized,
    "A valid token is needed to join this room",
  ],
  "forbidden": [
    STATUS_CODE.Forbidden,
    "The token is for another room or another id",
  ],
  "id-taken": [
    STATUS_CODE.Conflict,
    "A peer of this room has that id",
  ],
  "room-full": [STATUS_CODE.Conflict, "The room is full"],
  "too-many-sockets": [
    STATUS_CODE.TooManyRequests,
    "Too many peers have joined from this address",
  ],
  "server-full": [STATUS_CODE.ServiceUnavailable, "The server is full"],
  "unavailable": [
    STATUS_CODE.ServiceUnavailable,
    "Tokens cannot be checked right now",
  ],
  "stopping": [
    STATUS_CODE.ServiceUnavailable,
    "The server is about to stop",
  ],
};

/**
 * The answer that tells a client why it is not let in.
 *
 * @example In `authorize`
 * ```ts
 * import { bearerToken, refusal, Server } from "@x/webrtc/server";
 *
 * const server = new Server({
 *   authorize: (request) =>
 *     bearerToken(request) === "open sesame" ? {} : refusal("unauthorized"),
 * });
 * ```
 *
 * @param message Instead of the usual words.
 */
export function refusal(code: RefusalCode, message?: string): Response {
  const [status, usual] = REFUSALS[code];
  // RFC 9110 §15.5.2 asks for it.
  const headers = status === STATUS_CODE.Unauthorized
    ? { "WWW-Authenticate": "Bearer" }
    : {};
  const response = failure(status, code, message ?? usual, headers);
  CODES.set(response, code);
  return response;
}

const CODES = new WeakMap<Response, RefusalCode>();

/** What an answer refuses somebody for; `custom` if it was not made by {@linkcode refusal}. */
export function refusalCode(response: Response): RefusalCode | "custom" {
  return CODES.get(response) ?? "custom";
}

/** The answer to a request that cannot be granted: `{ "error": { "code", "message" } }`. */
export function failure(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return answer({ error: { code, message } }, { status, headers });
}

/** An answer in JSON. */
export function answer(
  body: unknown,
  { status = STATUS_CODE.OK as number, headers = {} }: {
    status?: number;
    headers?: Readonly<Record<string, string>>;
  } = {},
): Response {
  return Response.json(body, {
    status,
    headers: { ...defaultHeaders(), ...headers },
  });
}
