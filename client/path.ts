/**
 * How the packets of a pair travel: directly in one network (`host`), directly
 * through NATs (`srflx`), or over a TURN server, reached by UDP, TCP or TLS.
 */
export type Path = "host" | "srflx" | "relay-udp" | "relay-tcp" | "relay-tls";

/** Reads the path from `RTCPeerConnection.getStats()` (W3C webrtc-stats, `RTCIceCandidatePairStats` and `RTCIceCandidateStats`); `undefined` while none is selected. */
export function readPath(
  report: Iterable<[string, unknown]>,
): Path | undefined {
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
  if (local.candidateType === "relay") {
    const protocol = local.relayProtocol;
    return protocol === "tcp" || protocol === "tls"
      ? `relay-${protocol}`
      : "relay-udp";
  }
  // How the other side reaches its TURN server is not ours to see.
  if (remote.candidateType === "relay") return "relay-udp";
  // A remote `prflx` only says that a check came before its candidate was told;
  // whoever is behind a NAT of its own sees that on its local candidate.
  return local.candidateType === "host" && remote.candidateType !== "srflx"
    ? "host"
    : "srflx";
}

type Fields = Readonly<Record<string, unknown>>;
