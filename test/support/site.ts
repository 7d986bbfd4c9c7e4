import {
  publicStun,
  serve,
  Server,
  type ServerOptions,
  type Serving,
} from "../../server/mod.ts";
import "./page_globals.ts";
import { bundleClient } from "./bundle_client.ts";

/** A page that does nothing but hold the client in `webrtc`. */
const PAGE = `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>test</title>
<script type="module">
  import * as webrtc from "/mod.js";
  globalThis.next = (connection, event) =>
    new Promise((resolve) => connection.once(event, resolve));
  globalThis.webrtc = webrtc;
</script>
`;

class Site extends Server {
  override async onRequest(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") {
      return new Response(PAGE, { headers: { "Content-Type": "text/html" } });
    }
    const script = (await bundleClient()).get(pathname.slice(1));
    if (script === undefined) return super.onRequest(request, info);
    return new Response(script, {
      headers: { "Content-Type": "text/javascript" },
    });
  }
}

/** Starts a signaling server that also serves the test page, on a free port of this machine unless one is given. Nobody outside is asked for anything. */
export async function startSite(
  options: ServerOptions & { readonly port?: number } = {},
  hostname = "127.0.0.1",
): Promise<Serving> {
  const { port = 0, ...rest } = options;
  // Bundled before the first page waits for it.
  await bundleClient();
  const server = new Site({ turn: publicStun([]), ...rest });
  return serve({ port, hostname, server });
}
