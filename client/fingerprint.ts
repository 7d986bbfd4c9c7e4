/**
 * The DTLS fingerprints of a description (RFC 8122 §5), each once: the algorithm
 * in lower case, the bytes in upper. An honest one has exactly one.
 */
export function fingerprintsOf(sdp: string): string[] {
  const lines = sdp.matchAll(
    /^\s*a\s*=\s*fingerprint\s*:\s*(\S+)[ \t]+(\S+)/gim,
  );
  const found = Array.from(
    lines,
    ([, algorithm = "", bytes = ""]) =>
      `${algorithm.toLowerCase()} ${bytes.toUpperCase()}`,
  );
  // Browsers are generous in what they take for one (Firefox allows spaces): whatever else has the word may be one.
  const mentioned = sdp.match(/fingerprint/gi)?.length ?? 0;
  if (mentioned > found.length) found.push("unreadable");
  return [...new Set(found)];
}
