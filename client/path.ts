/**
 * How the packets of a pair travel, seen from this side: directly in one network
 * (`host`), directly through NATs (`srflx`), or over a TURN server, reached by
 * UDP, TCP or TLS.
 */
export type Path = "host" | "srflx" | "relay-udp" | "relay-tcp" | "relay-tls";

/** What `RTCPeerConnection.getStats()` tells of the way that packets take. */
export interface Route {
  /** How they travel. */
  readonly path: Path;
  /** Whether they go over a TURN server of our own credentials. */
  readonly relayed: boolean;
  /** The last round-trip time that ICE has measured, in milliseconds; `null` while it has none. */
  readonly roundTripMs: number | null;
}

/** What is read of a connection. */
export interface Reading {
  /** Its statistics (W3C webrtc-stats, `RTCIceCandidatePairStats` and `RTCIceCandidateStats`). */
  readonly report: Iterable<[string, unknown]>;
  /** SDP of its own description, with all candidates. */
  readonly local: string | undefined;
  /** SDP of the description of the other side. */
  readonly remote: string | undefined;
}

/** Reads the route; `undefined` while none is selected. */
export function readRoute(reading: Reading): Route | undefined {
  const { report } = reading;
  const stats = new Map<unknown, unknown>(report) as Map<unknown, Fields>;
  const all = [...stats.values()];
  const transport = all.find((each) =>
    each.type === "transport" && each.selectedCandidatePairId
  );
  const pair = stats.get(transport?.selectedCandidatePairId) ??
    // Firefox has no transport stats: it marks the pair itself.
    all.find((each) => each.type === "candidate-pair" && each.selected) ??
    all.find((each) =>
      each.type === "candidate-pair" && each.nominated &&
      each.state === "succeeded"
    );
  if (!pair) return;
  const local = stats.get(pair.localCandidateId);
  const remote = stats.get(pair.remoteCandidateId);
  if (!local || !remote) return;
  const seconds = pair.currentRoundTripTime;
  return {
    path: readPath(local, remote, reading),
    relayed: local.candidateType === "relay",
    roundTripMs: typeof seconds === "number" ? seconds * 1000 : null,
  };
}

function readPath(local: Fields, remote: Fields, reading: Reading): Path {
  if (local.candidateType === "relay") {
    const protocol = local.relayProtocol;
    return protocol === "tcp" || protocol === "tls"
      ? `relay-${protocol}`
      : "relay-udp";
  }
  // How the other side reaches its TURN server is not ours to see.
  if (remote.candidateType === "relay") return "relay-udp";
  if (local.candidateType !== "host") return "srflx";
  if (remote.candidateType !== "prflx") {
    return remote.candidateType === "srflx" ? "srflx" : "host";
  }
  // It came ahead of its candidate, or through a symmetric NAT; Chromium hides
  // its address, and gathers no more once it is connected. From behind a NAT,
  // only a host of the same network is met as a host.
  const apart = isMapped(reading.remote) ||
    PUBLIC.test(String(local.address)) &&
      PRIVATE_HOST.test(reading.remote ?? "");
  return apart && !isMapped(reading.local) ? "srflx" : "host";
}

/** Whether a side is behind a NAT: it has a server-reflexive address (RFC 8839 §5.1) that is not its own. */
function isMapped(sdp = ""): boolean {
  return / (\S+) \d+ typ srflx raddr (?!\1 )/.test(sdp);
}

/** How an address of a network of one's own begins (RFC 1918, RFC 4193). */
const PRIVATE = String.raw`(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])`;
const PRIVATE_HOST = RegExp(String.raw` ${PRIVATE}\S+ \d+ typ host`);
/** An address that is none of those; a browser may hide its own, or give a name of mDNS. */
const PUBLIC = RegExp(String.raw`^(?!${PRIVATE})[\da-f.:]+$`);

type Fields = Readonly<Record<string, unknown>>;
