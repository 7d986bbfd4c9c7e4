/** What a line says of a candidate (RFC 8839 §5.1). */
export interface Candidate {
  /** `host`, `srflx`, `prflx` or `relay`. */
  readonly type: string;
  /** `udp` or `tcp`. */
  readonly transport: string;
  /** RFC 8445 §5.1.2.1. */
  readonly priority: number;
  /** An IP address; of a host candidate it may be a name that hides one. */
  readonly address: string;
  /** Port at that address. */
  readonly port: number;
  /** The base of a server-reflexive candidate as `address:port`; `undefined` where the browser hides it. */
  readonly base: string | undefined;
}

/** Reads the line of a candidate; `undefined` if it is none. Not every runtime takes it apart itself. */
export function readCandidate(line: string): Candidate | undefined {
  const [, transport, priority, address, port, type, raddr, rport] =
    /^(?:a=)?candidate:\S+ \d+ (\S+) (\d+) (\S+) (\d+) typ (\S+)(?: raddr (\S+) rport (\d+))?/
      .exec(line) ?? [];
  if (!transport || !address || !type) return;
  // What hides the base says the unspecified address (RFC 8828 and mDNS ICE candidates).
  const hidden = !raddr || raddr === "0.0.0.0" || raddr === "::";
  return {
    type,
    transport: transport.toLowerCase(),
    priority: Number(priority),
    address,
    port: Number(port),
    base: hidden ? undefined : endpoint(raddr, rport),
  };
}

/** An IP address and a port, as URLs write them (RFC 3986 §3.2.2). */
export function endpoint(address: string, port: unknown): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
