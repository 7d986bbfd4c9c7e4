import type { Attack } from "../attack.ts";
import { onSignals, type Way } from "./on_signals.ts";

/** How what signals say can be read, and other text put in its place. */
export interface Text {
  /** The text of a signal; `undefined` if it cannot be read. */
  read(data: string): string | undefined;
  /** The same signal with another text. */
  replace(data: string, text: string): string;
}

/** Changes what signals say. One that cannot be read passes. */
export function alterText(
  way: Way,
  change: (text: string) => string,
  { read, replace }: Text,
): Attack {
  return onSignals(way, (signal) => {
    const { data } = signal;
    const text = read(data);
    const altered = text === undefined ? undefined : change(text);
    return altered === undefined || altered === text
      ? [signal]
      : [{ ...signal, data: replace(data, altered) }];
  });
}

/** Names the certificate of somebody else in a description. */
export function swapFingerprint(text: string): string {
  const other = Array.from({ length: 32 }, () => "A5").join(":");
  return text.replace(/(a=fingerprint:sha-256 )[\dA-F:]+/gi, `$1${other}`);
}

/** Leads to another place: candidates stand in descriptions and on their own. */
export function rewriteCandidates(text: string): string {
  return text.replace(
    /(candidate:\S+ \d+ \w+ \d+) \S+ \d+/g,
    // A net that no host has (RFC 5737), and the discard port.
    "$1 203.0.113.1 9",
  );
}
