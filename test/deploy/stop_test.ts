import { assert, assertEquals } from "@std/assert";
import { RawPeer } from "../support/raw_peer.ts";
import { shakeHands } from "../support/handshake.ts";
import { startProgram } from "../support/start_program.ts";

/** When Deno Deploy kills an instance that was asked to stop; containers and systemd wait longer. */
const PATIENCE_MS = 5_000;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`the program is gone within five seconds of ${signal}, though a client neither reads nor answers`, async () => {
    await using program = await startProgram({
      env: { PORT: "0", HOST: "127.0.0.1" },
    });
    const url = await program.listening;
    using deaf = await shakeHands(url, { room: "r", id: "deaf" });
    // It is in when the others hear of it.
    await using peer = await RawPeer.join(url, "r", "ann");
    if (!peer.welcome.peers.some(({ id }) => id === "deaf")) {
      await peer.next("join");
    }
    const askedAt = performance.now();
    program.kill(signal);
    assertEquals((await program.status).code, 0);
    const tookMs = performance.now() - askedAt;
    assert(tookMs < PATIENCE_MS, `${tookMs} ms`);
    assert(deaf.remoteAddr);
  });
}

Deno.test("the program is gone within five seconds though a collector never answers, with the timeout that deploy/README.md names", async () => {
  // The system takes its connections; nobody reads what they say.
  using collector = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = collector.addr;
  await using program = await startProgram({
    env: {
      PORT: "0",
      HOST: "127.0.0.1",
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    },
  });
  await program.listening;
  const askedAt = performance.now();
  program.kill("SIGINT");
  assertEquals((await program.status).code, 0);
  const tookMs = performance.now() - askedAt;
  assert(tookMs < PATIENCE_MS, `${tookMs} ms`);
});
