import { STATUS_CODE } from "./status_code.ts";
import { STATUS_TEXT } from "./status_text.ts";

/** What {@linkcode serveListing} shows. */
export interface ListingOptions {
  /** The directory as the visitor knows it, `/` for the root. */
  readonly name: string;
  /** Whether files that begin with a dot are listed. */
  readonly showDotfiles: boolean;
}

/** Answers a `GET` or `HEAD` request with a page that links the entries of a directory. */
export async function serveListing(
  request: Request,
  path: string,
  { name, showDotfiles }: ListingOptions,
): Promise<Response> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  const links = entries
    .filter((entry) => showDotfiles || !entry.name.startsWith("."))
    .map((entry) => ({
      href: `./${encodeURIComponent(entry.name)}${slash(entry)}`,
      text: `${entry.name}${slash(entry)}`,
    }))
    .sort((a, b) => a.text.toLowerCase() > b.text.toLowerCase() ? 1 : -1);
  if (name !== "/") links.unshift({ href: "..", text: "../" });
  const title = `Index of ${escape(name)}`;
  const page = new TextEncoder().encode(`<!DOCTYPE html>
<html lang="en">
<meta charset="UTF-8">
<title>${title}</title>
<h1>${title}</h1>
<ul>
${
    links.map(({ href, text }) =>
      `<li><a href="${escape(href)}">${escape(text)}</a>`
    ).join("\n")
  }
</ul>
</html>
`);
  return new Response(request.method === "HEAD" ? null : page, {
    status: STATUS_CODE.OK,
    statusText: STATUS_TEXT[STATUS_CODE.OK],
    headers: {
      server: "deno",
      "accept-ranges": "bytes",
      "content-length": `${page.byteLength}`,
      "content-type": "text/html; charset=UTF-8",
    },
  });
}

function slash(entry: Deno.DirEntry): string {
  return entry.isDirectory ? "/" : "";
}

/** File names are not markup. */
function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
