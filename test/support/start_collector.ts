/** A value of an attribute, its type around it. */
type Typed = Readonly<Record<string, unknown>>;
type Attributes = readonly { readonly key: string; readonly value: Typed }[];

/** A point in time of a metric. */
interface Point {
  readonly attributes: Attributes;
  readonly asInt?: number | string;
  readonly asDouble?: number;
  /** Of a histogram. */
  readonly count?: number | string;
}

interface Points {
  readonly dataPoints: readonly Point[];
}

/** What OTLP sends as JSON, as far as it is looked at. */
interface Export {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly attributes: Attributes;
      }[];
    }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly sum?: Points;
        readonly gauge?: Points;
        readonly histogram?: Points;
      }[];
    }[];
  }[];
  readonly resourceLogs?: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly severityText: string;
        readonly body: { readonly stringValue?: string };
      }[];
    }[];
  }[];
}

/** A span, its attributes by name. */
export interface CollectedSpan {
  /** What it was called in the end. */
  readonly name: string;
  /** 2 is of a server, 3 of a client. */
  readonly kind: number;
  /** What else it says. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What has come so far. */
export interface Collected {
  /** All spans. */
  readonly spans: readonly CollectedSpan[];
  /** The last value of each metric, or the count of a histogram, by name and attributes, as `a{b="c"}`. */
  readonly values: ReadonlyMap<string, number>;
  /** Level and words of all that was logged. */
  readonly logs: readonly string[];
  /** All of it as it came. */
  readonly text: string;
}

/** A stand-in for a collector of OpenTelemetry. */
export interface Collector extends AsyncDisposable {
  /** Where it takes OTLP over HTTP, as JSON. */
  readonly url: string;
  /** Resolves when all that has come so far is as wanted. */
  until(isEnough: (collected: Collected) => boolean): Promise<Collected>;
}

/** Starts a collector on a free port. */
export function startCollector(): Collector {
  const spans: CollectedSpan[] = [];
  const values = new Map<string, number>();
  const logs: string[] = [];
  const collected = { spans, values, logs, text: "" };
  let wake = Promise.withResolvers<void>();

  function take(sent: Export): void {
    for (const { scopeSpans } of sent.resourceSpans ?? []) {
      for (
        const { name, kind, attributes } of scopeSpans.flatMap(({ spans }) =>
          spans
        )
      ) {
        spans.push({ name, kind, attributes: plain(attributes) });
      }
    }
    for (const { scopeMetrics } of sent.resourceMetrics ?? []) {
      for (
        const { name, ...kinds } of scopeMetrics.flatMap(({ metrics }) =>
          metrics
        )
      ) {
        const { dataPoints = [] } = kinds.sum ?? kinds.gauge ??
          kinds.histogram ?? {};
        for (const { attributes, asInt, asDouble, count } of dataPoints) {
          values.set(
            name + labels(plain(attributes)),
            Number(asInt ?? asDouble ?? count),
          );
        }
      }
    }
    for (const { scopeLogs } of sent.resourceLogs ?? []) {
      for (
        const { severityText, body } of scopeLogs.flatMap(({ logRecords }) =>
          logRecords
        )
      ) {
        logs.push(`${severityText} ${body.stringValue}`);
      }
    }
  }

  const http = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, async (request) => {
    const text = await request.text();
    collected.text += text;
    take(JSON.parse(text));
    wake.resolve();
    wake = Promise.withResolvers();
    return Response.json({});
  });

  return {
    url: `http://127.0.0.1:${http.addr.port}`,
    async until(isEnough) {
      while (!isEnough(collected)) await wake.promise;
      return collected;
    },
    async [Symbol.asyncDispose]() {
      await http.shutdown();
    },
  };
}

function plain(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

function labels(attributes: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(attributes).map(([name, value]) =>
    `${name}="${value}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
