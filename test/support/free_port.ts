/** A TCP port of this machine that nobody listens on, for a server that must be found there again. */
export function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}
