import { assertEquals } from "@std/assert";
import { soak } from "./soak.ts";

Deno.test({
  name: "Server keeps nothing when clients have come and gone for ten seconds",
  // It reads /proc.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { failures } = await soak({
      sockets: 200,
      durationMs: 10_000,
      seed: 20_250_101,
      graceMs: 4_000,
      sampleMs: 5_000,
    });
    assertEquals(failures, []);
  },
});
