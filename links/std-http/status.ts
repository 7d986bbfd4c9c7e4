/**
 * HTTP status codes and their texts: stand-in for the part of `@std/http/status` that this project uses.
 *
 * @module
 */
export { STATUS_CODE, type StatusCode } from "./status_code.ts";
export { STATUS_TEXT, type StatusText } from "./status_text.ts";
