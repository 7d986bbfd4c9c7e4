import { BEARER } from "../protocol.ts";

/** A token as one of a list of subprotocols, in which parentheses separate (RFC 9110 §5.6.2). */
export function bearerProtocol(token: string): string {
  return BEARER + encodeURIComponent(token).replace(
    /[()]/g,
    (char) => "%" + char.charCodeAt(0).toString(16),
  );
}
