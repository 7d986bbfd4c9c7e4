import { byteRange } from "./byte_range.ts";
import { contentType } from "./content_type.ts";
import { entityTag } from "./entity_tag.ts";
import { notModified } from "./not_modified.ts";
import { readRange } from "./read_range.ts";
import { standardResponse } from "./standard_response.ts";
import { STATUS_CODE, type StatusCode } from "./status_code.ts";
import { STATUS_TEXT } from "./status_text.ts";

/** Answers a `GET` or `HEAD` request with a file, a part of it, or the news that it has not changed. */
export async function serveFile(
  request: Request,
  path: string,
  info: Deno.FileInfo,
): Promise<Response> {
  const headers = new Headers({ server: "deno", "accept-ranges": "bytes" });
  const tag = await entityTag(info);
  if (tag !== undefined) headers.set("etag", tag);
  if (info.mtime !== null) {
    headers.set("last-modified", info.mtime.toUTCString());
  }
  const type = contentType(path);
  if (type !== undefined) headers.set("content-type", type);

  if (request.method === "HEAD") {
    headers.set("content-length", `${info.size}`);
    return answer(STATUS_CODE.OK, null, headers);
  }
  if (notModified(request.headers, { tag, modifiedAt: info.mtime })) {
    return answer(STATUS_CODE.NotModified, null, headers);
  }
  const wanted = request.headers.get("range");
  // No range of an empty file can be satisfied, so it is sent as it is.
  const range = wanted !== null && info.size > 0
    ? byteRange(wanted, info.size)
    : undefined;
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${info.size}`);
    return standardResponse(STATUS_CODE.RangeNotSatisfiable, headers);
  }
  if (range !== undefined) {
    const { start, end } = range;
    headers.set("content-range", `bytes ${start}-${end}/${info.size}`);
    headers.set("content-length", `${end - start + 1}`);
    const body = await readRange(path, range);
    return answer(STATUS_CODE.PartialContent, body, headers);
  }
  headers.set("content-length", `${info.size}`);
  const file = await Deno.open(path);
  return answer(STATUS_CODE.OK, file.readable, headers);
}

function answer(
  status: StatusCode,
  body: BodyInit | null,
  headers: Headers,
): Response {
  return new Response(body, {
    status,
    statusText: STATUS_TEXT[status],
    headers,
  });
}
