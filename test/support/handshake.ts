/** What is offered in a handshake. */
export interface Handshake {
  /** Name of the room. */
  readonly room: string;
  /** Id that is claimed. */
  readonly id?: string;
  /** List of subprotocols. */
  readonly protocols?: readonly string[];
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks for the socket of a room over a connection of its own, on which nothing is read yet (RFC 6455 §4.1). */
export async function shakeHands(
  url: string,
  { room, id, protocols = [], headers = {} }: Handshake,
): Promise<Deno.TcpConn> {
  const { hostname, port, host } = new URL(url);
  const query = id === undefined ? "" : `?_pk=${encodeURIComponent(id)}`;
  const list = protocols.join(", ");
  const lines = [
    `GET /parties/main/${encodeURIComponent(room)}${query} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(list === "" ? [] : [`Sec-WebSocket-Protocol: ${list}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const conn = await Deno.connect({ hostname, port: Number(port) });
  const bytes = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  // An id may be longer than what is written at once.
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
  return conn;
}
