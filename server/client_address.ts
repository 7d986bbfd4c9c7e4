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
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("%", 1)[0]?.toLowerCase().split(
    "::",
  ) ?? [];
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    // A dotted end stands for two groups.
    const length = rest.length + (tail.includes(".") ? 1 : 0);
    const missing = Math.max(0, 8 - groups.length - length);
    groups.push(...Array<string>(missing).fill("0"), ...rest);
  }
  const first = groups.slice(0, 4).map((group) => parseInt(group, 16));
  return `${first.map((group) => group.toString(16)).join(":")}::/64`;
}
