import type { Path, Peer } from "@x/webrtc";

/** How a peer is connected, as its card shows it. */
export interface PeerDescription {
  /** For a person. */
  readonly words: string;
  /** Picks the sign beside the words. */
  readonly sign: "connected" | "waiting" | "trouble" | "gone";
}

const PATHS: Readonly<Record<Path, string>> = {
  "host": "direct, same network",
  "srflx": "direct, through NAT",
  "relay-udp": "over TURN (UDP)",
  "relay-tcp": "over TURN (TCP)",
  "relay-tls": "over TURN (TLS)",
};

/** Says how a peer is connected, who has left if there is no `peer`. */
export function describePeer(
  peer: Peer | undefined,
  met: boolean,
): PeerDescription {
  if (!peer) return { words: "has left", sign: "gone" };
  const { state, path, reason } = peer;
  switch (state) {
    case "connected":
      return { words: path ? PATHS[path] : "connected", sign: "connected" };
    case "new":
    case "connecting":
      return met
        ? { words: "connecting again…", sign: "trouble" }
        : { words: "connecting…", sign: "waiting" };
    case "disrupted":
    case "restarting":
      return { words: `${reason}; looking for another way…`, sign: "trouble" };
    case "failed":
      return { words: `${reason}; trying again…`, sign: "trouble" };
    case "closed":
      if (reason === "the peer has another room key") {
        return { words: "came by another link", sign: "gone" };
      }
      return { words: `disconnected: ${reason}`, sign: "gone" };
    default:
      return state satisfies never;
  }
}
