import type { Metric } from "./metric.ts";

/** How a server does, for those who watch it. */
export interface Status {
  /** Rooms with somebody in them. */
  readonly rooms: number;
  /** Sessions of this process, whatever their state. */
  readonly peers: number;
  /** The same by state: not welcomed yet, with a socket, and without one for now. */
  readonly sessions: {
    readonly opening: number;
    readonly live: number;
    readonly away: number;
  };
  /** What joins this process with others, if anything does. */
  readonly engine?: {
    /** What it is called, as `redis`. */
    readonly name: string;
    /** Whether it answers. */
    readonly up: boolean;
    /** Processes that were heard of lately, this one among them. */
    readonly nodes: number;
  };
}

/** What a status looks like at `/metrics`. */
export function gauges({ rooms, peers, sessions, engine }: Status): Metric[] {
  return [
    gauge("webrtc_rooms", "Rooms with somebody in them.", {}, rooms),
    gauge("webrtc_peers", "Sessions of this process.", {}, peers),
    {
      name: "webrtc_sessions",
      kind: "gauge",
      help: "Sessions of this process, by state.",
      samples: Object.entries(sessions).map(([state, value]) => ({
        labels: { state },
        value,
      })),
    },
    gauge(
      "webrtc_engine_up",
      "Whether the engine that joins the nodes answers.",
      { engine: engine?.name ?? "" },
      engine && Number(engine.up),
    ),
    gauge(
      "webrtc_nodes",
      "Nodes that were heard of lately, this one among them.",
      {},
      engine?.nodes,
    ),
  ];
}

/** A gauge of one value; without it there is none of it here. */
function gauge(
  name: string,
  help: string,
  labels: Readonly<Record<string, string>>,
  value: number | undefined,
): Metric {
  return {
    name,
    kind: "gauge",
    help,
    samples: value === undefined ? [] : [{ labels, value }],
  };
}
