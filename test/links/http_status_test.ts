import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  STATUS_CODE,
  STATUS_TEXT,
  type StatusCode,
  type StatusText,
} from "@std/http/status";

// deno-fmt-ignore
const REGISTERED = [
  100, 101, 102, 103,
  200, 201, 202, 203, 204, 205, 206, 207, 208, 226,
  300, 301, 302, 303, 304, 305, 307, 308,
  400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
  421, 422, 423, 424, 425, 426, 428, 429, 431, 451,
  500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
];

Deno.test("STATUS_CODE has every code when the registry does", () => {
  const codes = new Set<number>(Object.values(STATUS_CODE));
  assertEquals(REGISTERED.filter((code) => !codes.has(code)), []);
});

Deno.test("STATUS_TEXT has a text when STATUS_CODE has the code", () => {
  const codes = Object.values(STATUS_CODE).map(String).sort();
  assertEquals(Object.keys(STATUS_TEXT).sort(), codes);
});

const TEXTS: ReadonlyArray<
  [code: StatusCode, number: number, text: StatusText]
> = [
  [STATUS_CODE.SwitchingProtocols, 101, "Switching Protocols"],
  [STATUS_CODE.OK, 200, "OK"],
  [STATUS_CODE.NonAuthoritativeInfo, 203, "Non Authoritative Info"],
  [STATUS_CODE.MultiStatus, 207, "Multi Status"],
  [STATUS_CODE.IMUsed, 226, "IM Used"],
  [STATUS_CODE.NotModified, 304, "Not Modified"],
  [STATUS_CODE.BadRequest, 400, "Bad Request"],
  [STATUS_CODE.ProxyAuthRequired, 407, "Proxy Auth Required"],
  [STATUS_CODE.ContentTooLarge, 413, "Content Too Large"],
  [STATUS_CODE.URITooLong, 414, "URI Too Long"],
  [STATUS_CODE.RangeNotSatisfiable, 416, "Range Not Satisfiable"],
  [STATUS_CODE.Teapot, 418, "I'm a teapot"],
  [STATUS_CODE.UpgradeRequired, 426, "Upgrade Required"],
  [STATUS_CODE.TooManyRequests, 429, "Too Many Requests"],
  [STATUS_CODE.InternalServerError, 500, "Internal Server Error"],
  [STATUS_CODE.HTTPVersionNotSupported, 505, "HTTP Version Not Supported"],
];

for (const [code, number, text] of TEXTS) {
  Deno.test(`STATUS_TEXT says "${text}" when the code is ${number}`, () => {
    assertStrictEquals(code, number);
    assertStrictEquals(STATUS_TEXT[code], text);
  });
}
