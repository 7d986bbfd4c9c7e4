import { HISTOGRAMS, keysOf } from "./tally.ts";
import type { Telemetry } from "./telemetry.ts";
import { VERSION } from "./version.ts";

/** Where Deno puts its part of OpenTelemetry, when it was started with `OTEL_DENO=true`. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/**
 * Gives the metrics of a server to Deno's own exporter of OpenTelemetry, and
 * tells its spans which route a request took; `undefined` when Deno was started
 * without `OTEL_DENO=true`. Deno exports the spans themselves and what is logged
 * to the console, wherever `OTEL_EXPORTER_OTLP_ENDPOINT` is.
 *
 * Names have dots, so that they are those of `/metrics` again where a collector
 * hands them to Prometheus. No room, no id and no secret is among what is given
 * here; but the spans of Deno have the URL of each request, in which a room and
 * an id are named.
 *
 * @example
 * ```ts
 * import { openTelemetry, Server } from "@x/webrtc/server";
 *
 * const telemetry = await openTelemetry();
 * const server = new Server({ ...(telemetry && { telemetry }) });
 * ```
 */
export async function openTelemetry(): Promise<Telemetry | undefined> {
  if (!(REGISTERED in globalThis)) return undefined;
  const { metrics, trace } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("@x/webrtc", VERSION);
  const histograms = new Map(
    keysOf(HISTOGRAMS).map((what) => {
      const name = `webrtc_${what}`;
      const { help: description, bounds } = HISTOGRAMS[what];
      const advice = { explicitBucketBoundaries: [...bounds] };
      const options = { description, unit: "s", advice };
      return [name, meter.createHistogram(dotted(name), options)];
    }),
  );

  return {
    watch(read) {
      const instruments = new Map(
        read().filter(({ kind }) => kind !== "histogram").map(
          ({ name, kind, help: description }) => [
            name,
            kind === "gauge"
              ? meter.createObservableGauge(dotted(name), { description })
              : meter.createObservableCounter(dotted(name), { description }),
          ],
        ),
      );
      const observables = [...instruments.values()];
      const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (
        result,
      ) => {
        for (const { name, samples } of read()) {
          const instrument = instruments.get(name);
          for (const { labels, value } of samples) {
            if (instrument && typeof value === "number") {
              result.observe(instrument, value, labels);
            }
          }
        }
      };
      meter.addBatchObservableCallback(observe, observables);
      return () => meter.removeBatchObservableCallback(observe, observables);
    },
    observe(name, value, labels) {
      histograms.get(name)?.record(value, labels);
    },
    route(method, route) {
      const span = trace.getActiveSpan();
      span?.updateName(`${method} ${route}`);
      span?.setAttribute("http.route", route);
    },
  };
}

/** Whether Deno makes spans, which have the URLs of requests in them: of those that come, and of those that go. */
export function isTracing(): boolean {
  const registered: unknown = Reflect.get(globalThis, REGISTERED);
  return typeof registered === "object" && registered !== null &&
    "trace" in registered;
}

/** A name as OpenTelemetry has it: `webrtc_joins_total` is `webrtc.joins`, for unit and kind are said apart. */
function dotted(name: string): string {
  return name.replace(/_(total|seconds)$/, "").replaceAll("_", ".");
}
