import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openTelemetry } from "../../server/mod.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startCollector } from "../support/start_collector.ts";
import { startProgram } from "../support/start_program.ts";

/** What makes Deno export, at once and not once a minute. */
function exportTo(url: string): Record<string, string> {
  return {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_METRIC_EXPORT_INTERVAL: "100",
    OTEL_BSP_SCHEDULE_DELAY: "100",
    OTEL_BLRP_SCHEDULE_DELAY: "100",
  };
}

Deno.test("openTelemetry is nothing when Deno was started without it", async () => {
  assertEquals(await openTelemetry(), undefined);
});

Deno.test("the program exports metrics, spans and its log when OTEL_DENO is true, and no secret", async () => {
  await using collector = startCollector();
  await using program = await startProgram({
    env: {
      PORT: "0",
      HOST: "127.0.0.1",
      LOG_LEVEL: "info",
      SESSION_SECRET: "a secret of sessions",
      ...exportTo(collector.url),
    },
  });
  const url = await program.listening;
  await using peer = new RawPeer(url, "lobby", "ann", {
    bearer: "a-bearer-token",
  });
  const { resume } = await peer.next("welcome");
  await using other = await RawPeer.join(url, "lobby", "bob");
  peer.send({ type: "signal", to: "bob", data: "secret-data" });
  await other.next("signal");
  const ROUTE = "GET /parties/{party}/{room}";

  const { spans, values, logs, text } = await collector.until((
    { spans, values, logs },
  ) =>
    spans.some(({ name }) => name === ROUTE) &&
    values.get("webrtc.peers") === 2 &&
    values.get('webrtc.signals{path="local"}') === 1 &&
    values.get('webrtc.relay{path="local"}') === 1 &&
    logs.some((line) => line.includes("peer-joined"))
  );

  assertEquals(values.get("webrtc.rooms"), 1);
  assertEquals(values.get("webrtc.joins"), 2);
  assertEquals(values.get('webrtc.sessions{state="live"}'), 2);
  const span = spans.find(({ name }) => name === ROUTE);
  assert(span);
  assertEquals(span.kind, 2);
  assertEquals(span.attributes["http.route"], "/parties/{party}/{room}");
  // This much is said by Deno itself, and must be all there is.
  assertEquals(
    span.attributes["url.full"],
    `${url}/parties/main/lobby?_pk=ann`,
  );
  assertStringIncludes(
    logs.find((line) => line.includes("peer-joined")) ?? "",
    "INFO",
  );
  const SECRETS = ["a-bearer-token", "a secret of sessions", "secret-data"];
  for (const secret of [resume, ...SECRETS]) {
    assertEquals(text.includes(secret), false, secret);
  }
  // Ours name neither the room nor the peer.
  for (const name of [...values.keys(), ...logs]) {
    assertEquals(/lobby|ann|bob/.test(name), false, name);
  }
});

for (
  const [tracing, warns] of [["true", true], ["false", false]] as const
) {
  Deno.test(`the program ${warns ? "warns" : "does not warn"} of a provider whose key is in URLs when OTEL_DENO_TRACING is ${tracing}`, async () => {
    await using collector = startCollector();
    await using program = await startProgram({
      env: {
        PORT: "0",
        HOST: "127.0.0.1",
        METERED_APP: "app",
        METERED_API_KEY: "a-secret-key",
        OTEL_DENO_TRACING: tracing,
        ...exportTo(collector.url),
      },
    });
    await program.listening;
    // It has warned by now; what it exports at its end is of no interest.
    program.kill("SIGKILL");
    await program.status;
    assertEquals(program.errors.includes("OTEL_DENO_TRACING=false"), warns);
    assertEquals(program.errors.includes("a-secret-key"), false);
  });
}
