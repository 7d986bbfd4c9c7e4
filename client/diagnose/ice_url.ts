/** The address of a STUN or TURN server, taken apart (RFC 7064, RFC 7065). */
export interface IceUrl {
  /** What it is asked for. */
  readonly kind: "stun" | "turn";
  /** How it is reached. */
  readonly transport: "udp" | "tcp" | "tls";
  /** Name or IP address. */
  readonly host: string;
  /** The same with the port, if one is given. */
  readonly authority: string;
}

/** Reads an address of `RTCIceServer.urls`; `undefined` if it is none. */
export function readIceUrl(url: string): IceUrl | undefined {
  const [, scheme, secure, authority, host, transport = "udp"] =
    /^(stun|turn)(s?):(([^:?/[\]]+|\[[\da-f:.]+\])(?::\d+)?)(?:\?transport=(udp|tcp))?$/i
      .exec(url) ?? [];
  if (!scheme || !authority || !host) return;
  return {
    kind: scheme.toLowerCase() === "stun" ? "stun" : "turn",
    // No browser speaks TURN over DTLS.
    transport: secure
      ? "tls"
      : transport.toLowerCase() === "tcp"
      ? "tcp"
      : "udp",
    host,
    authority,
  };
}
