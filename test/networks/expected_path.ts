import type { Path } from "../../mod.ts";
import type { NetworkKind } from "./network_kind.ts";

/**
 * The best path there is between two hosts, seen from the first one. Whoever
 * cannot send UDP reaches its own TURN server by TCP or TLS; the other side sees a relay
 * and not how it is reached.
 */
export function expectedPath(own: NetworkKind, other: NetworkKind): Path {
  if (own === "tls-443") return "relay-tls";
  if (lacksUdp(own)) return "relay-tcp";
  if (lacksUdp(other)) return "relay-udp";
  if (own === "open" && other === "open") return "host";
  // Whoever is open learns the port that a symmetric NAT has chosen from the first packet.
  if (own === "open" || other === "open") return "srflx";
  // Nobody else can know it before: the packet is for the TURN server or not let in.
  return own === "symmetric" || other === "symmetric" ? "relay-udp" : "srflx";
}

function lacksUdp(kind: NetworkKind): boolean {
  return kind === "udp-blocked" || kind === "tcp-443" || kind === "tls-443";
}
