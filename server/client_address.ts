import { isIP } from "node:net";

/**
 * The address of a client, as far as it can be trusted. Behind `hops` proxies
 * of our own it is what the outermost of them saw, the entry of
 * `X-Forwarded-For` that many places from the end; what stands before it the
 * client wrote itself.
 *
 * @param remote The other end of the connection; `undefined` for a Unix socket.
 * @param forwardedFor The header, if there is one.
 */
export function clientAddress(
  remote: string | undefined,
  forwardedFor: string | null,
  hops: number,
): string | undefined {
  const entries = hops > 0 ? forwardedFor?.split(",") ?? [] : [];
  // Fewer entries than hops were all written by our own proxies.
  const entry = entries.slice(-hops)[0];
  const forwarded = entry === undefined ? undefined : bare(entry.trim());
  const address = forwarded ?? remote;
  return address === undefined ? undefined : network(address);
}

/** An entry without its port; `undefined` when it is no address, such as `unknown`. */
function bare(entry: string): string | undefined {
  const [, bracketed, dotted] =
    /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(entry) ?? [];
  const address = bracketed ?? dotted ?? entry;
  return isIP(address) > 0 ? address : undefined;
}

/** What counts as one client: an IPv4 address, or the 64 bits of an IPv6 network (RFC 6177 gives everybody at least that). */
function network(address: string): string {
  if (isIP(address) !== 6) return address;
  // One spelling for all, without a zone: groups in lower case, no dots (URL Standard §3.5).
  const { hostname } = new URL(`http://[${address.split("%", 1)[0]}]`);
  const canonical = hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical);
  if (mapped) {
    const [high = 0, low = 0] = mapped.slice(1).map((group) =>
      parseInt(group, 16)
    );
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
  }
  const [head = "", tail] = canonical.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    const missing = 8 - groups.length - rest.length;
    groups.push(...Array<string>(missing).fill("0"), ...rest);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
