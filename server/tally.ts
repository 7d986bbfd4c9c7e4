/** What is counted, by code or by the name of a provider. */
export type Counted =
  | "refusals"
  | "faults"
  | "drops"
  | "resumes"
  | "turn_minted"
  | "turn_failed"
  | "turn_revoked"
  | "turn_revoke_failed";

/** What each counter counts, and the label that tells its kinds apart. */
const COUNTERS: Readonly<
  Record<Counted, readonly [label: "code" | "provider", help: string]>
> = {
  refusals: ["code", "Requests to join that were refused, by code."],
  faults: ["code", "Frames that were answered with an error, by code."],
  drops: [
    "code",
    "Sockets that were closed for breaking a limit, by close code.",
  ],
  resumes: [
    "code",
    "Sessions that went on with another socket, by what they went on with.",
  ],
  turn_minted: ["provider", "TURN credentials that were given, by provider."],
  turn_failed: [
    "provider",
    "Requests for TURN credentials that failed, by provider.",
  ],
  turn_revoked: [
    "provider",
    "TURN credentials that were revoked, by provider.",
  ],
  turn_revoke_failed: [
    "provider",
    "TURN credentials that could not be revoked, by provider.",
  ],
};

/** Counts what went wrong and what went on, by code. Codes are ours, never a client's, so their number is bounded. */
export class Tally {
  readonly #counts: Readonly<Record<Counted, Map<string, number>>> = {
    refusals: new Map(),
    faults: new Map(),
    drops: new Map(),
    resumes: new Map(),
    turn_minted: new Map(),
    turn_failed: new Map(),
    turn_revoked: new Map(),
    turn_revoke_failed: new Map(),
  };

  /** Counts one. */
  add(what: Counted, code: string | number): void {
    const counts = this.#counts[what];
    const name = String(code);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** How often it was counted. */
  count(what: Counted, code: string | number): number {
    return this.#counts[what].get(String(code)) ?? 0;
  }

  /** All of it in Prometheus' text format, with `gauges` on top. */
  text(gauges: Readonly<Record<string, number>>): string {
    const lines = Object.entries(gauges).flatMap(([name, value]) => [
      `# TYPE webrtc_${name} gauge`,
      `webrtc_${name} ${value}`,
    ]);
    for (const what of Object.keys(COUNTERS) as Counted[]) {
      const [label, help] = COUNTERS[what];
      lines.push(
        `# HELP webrtc_${what}_total ${help}`,
        `# TYPE webrtc_${what}_total counter`,
      );
      for (const [code, count] of this.#counts[what]) {
        lines.push(
          `webrtc_${what}_total{${label}="${escaped(code)}"} ${count}`,
        );
      }
    }
    return `${lines.join("\n")}\n`;
  }
}

/** A label's value, as Prometheus' text format wants it: whoever writes a provider chooses its name. */
function escaped(value: string): string {
  return value.replaceAll(
    /[\\"\n]/g,
    (char) => char === "\n" ? "\\n" : `\\${char}`,
  );
}
