import type { Metric } from "./metric.ts";

/** Takes what a server can tell of itself, for a system that does not ask at `/metrics`. */
export interface Telemetry {
  /** Called once; `read` tells all metrics as they are whenever it is called. Returns what ends it. */
  watch(read: () => readonly Metric[]): () => void;
  /** A value goes into a histogram, such as `webrtc_relay_seconds`. Must not throw. */
  observe(
    name: string,
    value: number,
    labels: Readonly<Record<string, string>>,
  ): void;
  /** A request is for a route, such as `/parties/{party}/{room}`; called while it is answered. Must not throw. */
  route(method: string, route: string): void;
}
