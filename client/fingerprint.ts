/**
 * The DTLS fingerprints of a description (RFC 8122 §5), each once: the algorithm
 * in lower case, the bytes in upper. More than one in `sdp` is never ours.
 */
export function fingerprintsOf(sdp: string): string[] {
  const lines = sdp.matchAll(/^a=fingerprint:(\S+)\s+(\S+)/gim);
  const all = Array.from(
    lines,
    ([, algorithm = "", bytes = ""]) =>
      `${algorithm.toLowerCase()} ${bytes.toUpperCase()}`,
  );
  return [...new Set(all)];
}
