import { extname } from "node:path";

const UTF8 = "; charset=UTF-8";

/** Media types of the files one finds on a web server; text and JSON are told to be UTF-8. */
const TYPES: ReadonlyMap<string, string> = new Map([
  [".avif", "image/avif"],
  [".css", `text/css${UTF8}`],
  [".csv", `text/csv${UTF8}`],
  [".gif", "image/gif"],
  [".htm", `text/html${UTF8}`],
  [".html", `text/html${UTF8}`],
  [".ico", "image/vnd.microsoft.icon"],
  [".jpeg", "image/jpeg"],
  [".jpg", "image/jpeg"],
  [".js", `text/javascript${UTF8}`],
  [".json", `application/json${UTF8}`],
  [".map", `application/json${UTF8}`],
  [".md", `text/markdown${UTF8}`],
  [".mjs", `text/javascript${UTF8}`],
  [".mp3", "audio/mpeg"],
  [".mp4", "video/mp4"],
  [".ogg", "audio/ogg"],
  [".pdf", "application/pdf"],
  [".png", "image/png"],
  [".svg", "image/svg+xml"],
  [".ttf", "font/ttf"],
  [".txt", `text/plain${UTF8}`],
  [".wasm", "application/wasm"],
  [".webm", "video/webm"],
  [".webmanifest", `application/manifest+json${UTF8}`],
  [".webp", "image/webp"],
  [".woff", "font/woff"],
  [".woff2", "font/woff2"],
  [".xml", `text/xml${UTF8}`],
  [".zip", "application/zip"],
]);

/** The `Content-Type` of a file, by its extension. Unknown ones have none. */
export function contentType(path: string): string | undefined {
  return TYPES.get(extname(path).toLowerCase());
}
