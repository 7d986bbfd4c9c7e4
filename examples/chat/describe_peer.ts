import type { Path, Peer } from "@x/webrtc";

/** How somebody is connected, in words and as one of three signs. */
export interface Description {
  /** For a person. */
  readonly words: string;
  /** Picks colour and shape of the sign beside the words. */
  readonly sign: "connected" | "waiting" | "trouble";
}

const PATHS: Readonly<Record<Path, string>> = {
  "host": "direct, same network",
  "srflx": "direct, through NAT",
  "relay-udp": "relayed by TURN (udp)",
  "relay-tcp": "relayed by TURN (tcp)",
  "relay-tls": "relayed by TURN (tls)",
};

/** Says how a peer is connected. */
export function describePeer(
  { state, reason, path, away }: Peer,
): Description {
  switch (state) {
    case "new":
    case "connecting":
      return { words: "connecting…", sign: "waiting" };
    case "connected": {
      const words = path ? PATHS[path] : "connected";
      return {
        words: away ? `${words}; away from the server` : words,
        sign: "connected",
      };
    }
    case "disrupted":
      return { words: "connection interrupted…", sign: "trouble" };
    case "restarting":
      return { words: "reconnecting…", sign: "trouble" };
    case "failed":
      return { words: `not connected: ${reason}`, sign: "trouble" };
    case "closed":
      return { words: "disconnected", sign: "trouble" };
    default:
      return state satisfies never;
  }
}
