import type { Distribution, Metric } from "./metric.ts";

/** What a counter counts, and what tells its kinds apart. */
interface Counter {
  readonly help: string;
  /** Name of its label; without one, all count together. */
  readonly label?: "code" | "provider" | "path" | "direction";
  /** Kinds that are there from the start, so that their first one is seen as a rise. */
  readonly kinds?: readonly string[];
}

const COUNTERS = {
  joins: { help: "Sessions that were welcomed in a room for the first time." },
  resumes: {
    help:
      "Sessions that went on with another socket, by what they went on with.",
    label: "code",
    kinds: ["resumed", "restored"],
  },
  signals: {
    help:
      "Signals that were handed on, within this process (local) or to another one (node).",
    label: "path",
    kinds: ["local", "node"],
  },
  bytes: {
    help:
      "Size of the frames that came in and went out over sockets, in UTF-16 units: bytes, as long as they are ASCII.",
    label: "direction",
    kinds: ["in", "out"],
  },
  refusals: {
    help: "Requests to join that were refused, by code.",
    label: "code",
  },
  faults: {
    help: "Frames that were answered with an error, by code.",
    label: "code",
  },
  drops: {
    help: "Sockets that were closed for breaking a limit, by close code.",
    label: "code",
  },
  turn_minted: {
    help: "TURN credentials that were given, by provider.",
    label: "provider",
  },
  turn_failed: {
    help: "Requests for TURN credentials that failed, by provider.",
    label: "provider",
  },
  turn_revoked: {
    help: "TURN credentials that were revoked, by provider.",
    label: "provider",
  },
  turn_revoke_failed: {
    help: "TURN credentials that could not be revoked, by provider.",
    label: "provider",
  },
  engine_outages: {
    help: "Times that the engine which joins the nodes stopped answering.",
  },
  degraded_joins: {
    help: "Joins that were answered while the engine was down.",
  },
} as const satisfies Readonly<Record<string, Counter>>;

/** What is counted. */
export type Counted = keyof typeof COUNTERS;

/** What is counted under a label. */
export type Labelled = {
  [What in Counted]: typeof COUNTERS[What] extends { label: string } ? What
    : never;
}[Counted];

/** What a histogram tells, the name of its label, and the upper ends of its buckets. */
export const HISTOGRAMS = {
  relay_seconds: {
    help: "Time from the arrival of a signal until it was handed on.",
    label: "path",
    bounds: [
      ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01],
      ...[0.025, 0.05, 0.1, 0.25, 0.5, 1],
    ],
  },
} as const;

/** What is measured. */
export type Observed = keyof typeof HISTOGRAMS;

/** Is told a value that was measured. */
export type Observer = (what: Observed, value: number, label: string) => void;

/** What fell into each bucket, the last being for what is beyond all, and all values together. */
interface Heap {
  readonly counts: number[];
  sum: number;
}

/** Counts what comes, what goes on and what goes wrong. Labels are ours, never a client's, so their number is bounded. */
export class Tally {
  readonly #counts: ReadonlyMap<Counted, Map<string, number>>;
  readonly #heaps: ReadonlyMap<Observed, Map<string, Heap>>;
  readonly #observer: Observer;

  /** Nothing is counted yet. The observer is told whatever is measured. */
  constructor(observer: Observer = () => {}) {
    this.#observer = observer;
    this.#counts = new Map(
      keysOf(COUNTERS).map((what) => [what, initial(COUNTERS[what])]),
    );
    this.#heaps = new Map(keysOf(HISTOGRAMS).map((what) => [what, new Map()]));
  }

  /** Counts one that has no label. */
  add(what: Exclude<Counted, Labelled>): void;
  /** Counts one under its label, or `amount`. */
  add(what: Labelled, label: string | number, amount?: number): void;
  add(what: Counted, label: string | number = "", amount = 1): void {
    const counts = this.#counts.get(what);
    const name = typeof label === "string" ? label : String(label);
    counts?.set(name, (counts.get(name) ?? 0) + amount);
  }

  /** How much was counted. */
  count(what: Counted, label: string | number = ""): number {
    return this.#counts.get(what)?.get(String(label)) ?? 0;
  }

  /** Puts a value, in seconds, into its histogram. */
  observe(what: Observed, value: number, label: "local" | "node"): void {
    const { bounds } = HISTOGRAMS[what];
    const heaps = this.#heaps.get(what);
    const heap = heaps?.get(label) ??
      { counts: Array(bounds.length + 1).fill(0), sum: 0 };
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    heap.counts[bucket] = (heap.counts[bucket] ?? 0) + 1;
    heap.sum += value;
    heaps?.set(label, heap);
    this.#observer(what, value, label);
  }

  /** All of it. */
  get metrics(): Metric[] {
    return [
      ...keysOf(COUNTERS).map((what) => this.#counter(what)),
      ...keysOf(HISTOGRAMS).map((what) => this.#histogram(what)),
    ];
  }

  #counter(what: Counted): Metric {
    const { help, label }: Counter = COUNTERS[what];
    return {
      name: `webrtc_${what}_total`,
      kind: "counter",
      help,
      samples: [...this.#counts.get(what) ?? []].map(([kind, value]) => ({
        labels: label === undefined ? {} : { [label]: kind },
        value,
      })),
    };
  }

  #histogram(what: Observed): Metric {
    const { help, label, bounds } = HISTOGRAMS[what];
    return {
      name: `webrtc_${what}`,
      kind: "histogram",
      help,
      samples: [...this.#heaps.get(what) ?? []].map(([kind, heap]) => ({
        labels: { [label]: kind },
        value: distribution(bounds, heap),
      })),
    };
  }
}

/** The names in a table of ours. */
export function keysOf<Key extends string>(
  table: Readonly<Record<Key, unknown>>,
): Key[] {
  return Object.keys(table) as Key[];
}

/** What a counter shows before anything was counted. */
function initial({ label, kinds = [] }: Counter): Map<string, number> {
  return new Map((label === undefined ? [""] : kinds).map((kind) => [kind, 0]));
}

function distribution(
  bounds: readonly number[],
  { counts, sum }: Heap,
): Distribution {
  let count = 0;
  const buckets = bounds.map((upTo, bucket) => ({
    upTo,
    count: count += counts[bucket] ?? 0,
  }));
  return { buckets, sum, count: count + (counts.at(-1) ?? 0) };
}
