import { serveDir } from "@std/http/file-server";
import { Server } from "@x/webrtc/server";
import { bundleApp } from "./bundle_app.ts";

/** The page loads nothing from elsewhere, runs no inline script, and cannot turn text into markup. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Cache-Control": "no-cache",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** The signaling server, which also serves the page of the chat. */
export class ChatServer extends Server {
  /** Answers the files of the page; everything else is the signaling server's. */
  override async onRequest(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case "/":
      case "/app.js":
      case "/icon.svg":
      case "/style.css":
        return await answerPage(request);
      default:
        return await super.onRequest(request, info);
    }
  }
}

async function answerPage(request: Request): Promise<Response> {
  let script: string;
  try {
    script = await bundleApp();
  } catch (error) {
    // The reason may name files of this machine: it is for whoever runs it.
    console.error(error);
    return new Response(
      "This page could not be built. The reason is in the log of the server.\n",
      { status: 500 },
    );
  }
  if (new URL(request.url).pathname === "/app.js") {
    return new Response(script, {
      headers: { ...HEADERS, "Content-Type": "text/javascript" },
    });
  }
  return await serveDir(request, {
    fsRoot: `${import.meta.dirname}/static`,
    headers: Object.entries(HEADERS).map((header) => header.join(": ")),
    quiet: true,
  });
}
