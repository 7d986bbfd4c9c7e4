import { atMost } from "./at_most.ts";
import { Server, type ServerOptions } from "./server.ts";

/** How long requests under way may take to end when the server stops. */
const SHUTDOWN_MS = 1_000;

/** Settings of {@linkcode serve}. */
export interface ServeOptions extends ServerOptions {
  /** TCP port; 0 takes a free one. @default {8000} */
  readonly port?: number;
  /** Address to listen on. @default {"0.0.0.0"} */
  readonly hostname?: string;
  /** The server to run instead of a new {@linkcode Server} of these options. */
  readonly server?: Server;
}

/** A signaling server that listens. */
export interface Serving extends AsyncDisposable {
  /** Where it listens, as `http://localhost:8000`. */
  readonly url: string;
  /** The address it is bound to. */
  readonly addr: Deno.NetAddr;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /** Drains, then stops; within five seconds, whatever requests are under way. Closing twice is fine. */
  close(): Promise<void>;
}

/**
 * Starts a signaling server.
 *
 * @example
 * ```ts
 * import { serve } from "@x/webrtc/server";
 *
 * await using server = serve({ port: 0 });
 * console.log(`Listening on ${server.url}`);
 * ```
 *
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export function serve(options: ServeOptions = {}): Serving {
  const { port = 8000, hostname = "0.0.0.0", server = new Server(options) } =
    options;
  const http = Deno.serve({ port, hostname, onListen() {} }, server.fetch);
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await server.close();
    // Takes no new connection from here on, but waits for requests that may never end.
    await atMost(SHUTDOWN_MS, http.shutdown());
  }

  return {
    url: `http://${urlHost(hostname)}:${http.addr.port}`,
    addr: http.addr,
    finished: http.finished,
    close: () => closed ??= close(),
    [Symbol.asyncDispose]: () => closed ??= close(),
  };
}

/** The host part of a URL that reaches `hostname` from this machine. */
function urlHost(hostname: string): string {
  if (hostname === "0.0.0.0" || hostname === "::") return "localhost";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
