/** Joins a room over a bare TCP connection, which reads nothing and answers nothing by itself. */
export async function openByHand(
  url: string,
  room: string,
  id: string,
  protocols: readonly string[] = [],
): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(url);
  const conn = await Deno.connect({ hostname, port: Number(port) });
  const head = [
    `GET /parties/main/${room}?_pk=${id} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(protocols.length > 0
      ? [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`]
      : []),
  ];
  const request = `${head.join("\r\n")}\r\n\r\n`;
  await conn.write(new TextEncoder().encode(request));
  return conn;
}
