/** What is counted, by code. */
export type Counted = "refusals" | "faults" | "drops" | "resumes";

const HELP: Readonly<Record<Counted, string>> = {
  refusals: "Requests to join that were refused, by code.",
  faults: "Frames that were answered with an error, by code.",
  drops: "Sockets that were closed for breaking a limit, by close code.",
  resumes:
    "Sessions that went on with another socket, by what they went on with.",
};

/** Counts what went wrong and what went on, by code. Codes are ours, never a client's, so their number is bounded. */
export class Tally {
  readonly #counts: Readonly<Record<Counted, Map<string, number>>> = {
    refusals: new Map(),
    faults: new Map(),
    drops: new Map(),
    resumes: new Map(),
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
    for (const what of Object.keys(HELP) as Counted[]) {
      lines.push(
        `# HELP webrtc_${what}_total ${HELP[what]}`,
        `# TYPE webrtc_${what}_total counter`,
      );
      for (const [code, count] of this.#counts[what]) {
        lines.push(`webrtc_${what}_total{code="${code}"} ${count}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}
