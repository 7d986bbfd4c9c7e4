/** How values fall into buckets. */
export interface Distribution {
  /** How many values were at most `upTo`, in ascending order; beyond the last there may be more. */
  readonly buckets: readonly {
    readonly upTo: number;
    readonly count: number;
  }[];
  /** All values together. */
  readonly sum: number;
  /** How many values there were. */
  readonly count: number;
}

/** One value of a metric, with the labels that tell it apart from the others. */
export interface Sample {
  /** Names are ours, values may be anybody's. */
  readonly labels: Readonly<Record<string, string>>;
  /** A number, or what a histogram has in its place. */
  readonly value: number | Distribution;
}

/** Something that a server measures or counts. */
export interface Metric {
  /** As it is called at `/metrics`, such as `webrtc_joins_total`. */
  readonly name: string;
  /** Whether it goes up and down, only up, or is a distribution. */
  readonly kind: "gauge" | "counter" | "histogram";
  /** What it tells, in one sentence. */
  readonly help: string;
  /** Its values; none while nothing has happened. */
  readonly samples: readonly Sample[];
}
