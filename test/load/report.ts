import type { Latencies } from "./latencies.ts";
import type { LoadResult } from "./load.ts";
import type { LoadOptions } from "./options.ts";

/** The middle and the far end of some times, in milliseconds; `null` if there were none. */
export interface Spread {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** What a load came to, for programs. */
export interface Report {
  readonly rooms: number;
  readonly peers: number;
  /** How many nodes each room was spread over, and what was started between them. */
  readonly nodes: number;
  readonly engine: string | null;
  readonly processes: number;
  readonly bytes: number;
  /** Whether it was ended early. */
  readonly stopped: boolean;
  readonly joins: {
    /** How many should have come, and how many were let in. */
    readonly wanted: number;
    readonly welcomed: number;
    readonly perSecond: number;
    readonly welcomeMs: Spread;
  };
  readonly signals: {
    readonly sent: number;
    readonly received: number;
    readonly perSecond: number;
    readonly latencyMs: Spread;
    /** Those that were due and not sent, since the load itself was too slow. */
    readonly forgone: number;
  };
  /** How much of a core the busiest process of the load took, without the server. */
  readonly busy: number;
  /** What each node took that was started for the load. */
  readonly servers: LoadResult["servers"];
  /** What should not have happened, by kind. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Above it a process of the load measures itself. */
const TOO_BUSY = 0.85;

/** What a load came to. */
export function report(options: LoadOptions, result: LoadResult): Report {
  const { tally, servers, stopped } = result;
  const { urls, engine = null, rooms, peers, processes, bytes } = options;
  return {
    rooms,
    peers,
    nodes: urls.length || options.nodes,
    engine,
    processes,
    bytes,
    stopped,
    joins: {
      wanted: rooms * peers,
      welcomed: tally.welcomed,
      perSecond: rate(tally.welcomed, tally.joinMs),
      welcomeMs: spread(tally.welcome),
    },
    signals: {
      sent: tally.sent,
      received: tally.received,
      perSecond: rate(tally.sent, tally.talkMs),
      latencyMs: spread(tally.relay),
      forgone: tally.forgone,
    },
    busy: rounded(tally.busy),
    servers,
    errors: Object.fromEntries(tally.errors),
  };
}

/** The same for a person. */
export function table(report: Report): string {
  const { joins, signals, servers, errors, busy } = report;
  const tooSlow = signals.forgone > 0 || busy > TOO_BUSY;
  return [
    ["joins", `${joins.welcomed} of ${joins.wanted}`, `${joins.perSecond}/s`],
    ["  time to welcome", ...times(joins.welcomeMs)],
    ["signals", `${signals.sent} sent`, `${signals.perSecond}/s`],
    ["  received", `${signals.received}`],
    ["  latency", ...times(signals.latencyMs)],
    ...servers.flatMap(({ joinCpu, talkCpu, rss }) => [
      [
        "server CPU",
        `${joinCpu.toFixed(2)} s for the joins`,
        `${talkCpu.toFixed(2)} s for the signals`,
      ],
      [
        "server memory",
        ...["before", "joined", "talked"].map((when, i) =>
          `${((rss[i] ?? NaN) / 1000).toFixed(1)} MB ${when}`
        ),
      ],
    ]),
    ["load", `${Math.round(busy * 100)}% of a core a process, at most`],
    ...(tooSlow
      ? [[
        "",
        `too slow: ${signals.forgone} signals were not sent; see --processes`,
      ]]
      : []),
    ...Object.entries(errors).map(([kind, count]) => [
      "ERROR",
      `${kind}: ${count}`,
    ]),
    ...(report.stopped ? [["", "ended early"]] : []),
  ].map(([name = "", ...cells]) =>
    [name.padEnd(18), ...cells.map((cell) => cell.padEnd(24))].join("")
      .trimEnd()
  ).join("\n");
}

function times({ p50, p99 }: Spread): string[] {
  return [`p50 ${p50 ?? "-"} ms`, `p99 ${p99 ?? "-"} ms`];
}

function spread(latencies: Latencies): Spread {
  const [p50, p99] = [50, 99].map((percent) => {
    const ms = latencies.percentile(percent);
    return ms === null ? null : rounded(ms);
  });
  return { p50: p50 ?? null, p99: p99 ?? null };
}

function rate(count: number, ms: number): number {
  return ms > 0 ? rounded(count * 1000 / ms) : 0;
}

/** To three digits, for a person too. */
function rounded(figure: number): number {
  return Number(figure.toPrecision(3));
}
