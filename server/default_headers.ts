/**
 * The headers of every answer of the server: JSON, open to pages of any origin
 * (Fetch Standard, "CORS protocol"). No cookie is involved, so any origin is safe.
 *
 * @example In an override of `onRequest`
 * ```ts
 * import { defaultHeaders } from "@x/webrtc/server";
 *
 * const response = Response.json({ hello: "world" }, { headers: defaultHeaders() });
 * ```
 */
export function defaultHeaders(): Record<string, string> {
  return {
    "Content-Type": "application/json",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
    "Access-Control-Max-Age": "86400",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
}
