import type { StatusCode } from "./status_code.ts";
import { STATUS_TEXT } from "./status_text.ts";

/** An answer that says no more than its status does. */
export function standardResponse(
  status: StatusCode,
  headers: Headers = new Headers(),
): Response {
  const statusText = STATUS_TEXT[status];
  return new Response(statusText, { status, statusText, headers });
}
