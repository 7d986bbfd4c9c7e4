import {
  publicStun,
  serve,
  type ServerOptions,
  type Serving,
} from "../../server/mod.ts";

/** Starts a signaling server on a free port of this machine that asks nobody outside for anything. */
export function startServer(options: ServerOptions = {}): Serving {
  return serve({
    port: 0,
    hostname: "127.0.0.1",
    turn: publicStun([]),
    ...options,
  });
}
