import { serveDir } from "@std/http/file-server";
import { Server } from "@x/webrtc/server";
import { bundleApp } from "./bundle_app.ts";

/** A page that loads nothing from elsewhere, and cannot turn the name of a file into markup. */
const PAGE_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  "Cache-Control": "no-cache",
  "X-Content-Type-Options": "nosniff",
};

/** The signaling server, which also serves the page. No file ever passes through it. */
export class FilesServer extends Server {
  /** Answers the files of the page; everything else is the signaling server's. */
  override async onRequest(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/app.js") return await answerScript();
    if (/^\/(icon\.svg|style\.css)?$/.test(pathname)) {
      return await serveDir(request, {
        fsRoot: `${import.meta.dirname}/static`,
        headers: Object.entries(PAGE_HEADERS).map((header) =>
          header.join(": ")
        ),
        quiet: true,
      });
    }
    return await super.onRequest(request, info);
  }
}

async function answerScript(): Promise<Response> {
  try {
    const headers = { ...PAGE_HEADERS, "Content-Type": "text/javascript" };
    return new Response(await bundleApp(), { headers });
  } catch (error) {
    // The reason may name files of this machine: it is for whoever runs it.
    console.error(error);
    return new Response("This script could not be built.\n", { status: 500 });
  }
}
