/**
 * What lies between a host and the internet.
 *
 * - `open`: nothing; the host has a public address
 * - `cone`: a NAT that maps a port to the same one whoever is spoken to, and lets in who was spoken to
 * - `symmetric`: a NAT that maps it to another one for each who is spoken to
 * - `udp-blocked`: a NAT that passes no UDP
 * - `tcp-443`: a NAT that passes nothing but TCP to port 443
 * - `tls-443`: the same, and it looks into the packets for TURN
 */
export type NetworkKind =
  | "open"
  | "cone"
  | "symmetric"
  | "udp-blocked"
  | "tcp-443"
  | "tls-443";

/** All kinds, the most open one first. */
export const NETWORK_KINDS: readonly NetworkKind[] = [
  "open",
  "cone",
  "symmetric",
  "udp-blocked",
  "tcp-443",
  "tls-443",
];

/** Whether hosts have addresses of the internet. */
export function isPublic(kind: NetworkKind): boolean {
  return kind === "open";
}

/** Commands that make a router of it, between the links `lan` and `wan`. */
export function filterOf(kind: NetworkKind): string {
  switch (kind) {
    case "open":
      return PROXY;
    case "cone":
      return nat();
    case "symmetric":
      return nat("--random-fully");
    case "udp-blocked":
      return `${nat()}
        iptables -A FORWARD -i lan -p udp -j DROP
      `;
    case "tls-443":
      // The magic cookie of STUN (RFC 8489 §5), which TLS hides.
      return `
        iptables -A FORWARD -m string --algo bm --hex-string '|2112a442|' -j DROP
        ${filterOf("tcp-443")}
      `;
    case "tcp-443":
      return `${nat()}
        iptables -A FORWARD -i lan -p tcp --dport 443 -j ACCEPT
        iptables -A FORWARD -i lan -j DROP
      `;
    default:
      return kind satisfies never;
  }
}

/** Answers on either side for who is on the other (ARP proxy, at once). */
const PROXY = ["lan", "wan"].map((link) => `
  echo 1 > /proc/sys/net/ipv4/conf/${link}/proxy_arp
  echo 0 > /proc/sys/net/ipv4/neigh/${link}/proxy_delay
`).join("");

/** Translates addresses, and lets in only who was spoken to. */
function nat(mapping = ""): string {
  return `
    iptables -t nat -A POSTROUTING -o wan -j MASQUERADE ${mapping}
    iptables -A FORWARD -i wan -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    iptables -A FORWARD -i wan -j DROP
    # An early packet of the peer must not take the port that it is for.
    iptables -A INPUT -i wan -p udp -j DROP
  `;
}
