import { assertEquals, assertRejects } from "@std/assert";
import {
  type MemoryBackplane,
  memoryBackplane,
} from "../../../server/backplane/memory_backplane.ts";
import {
  type EngineUnderTest,
  testBackplane,
  upNode,
} from "./backplane_conformance.ts";

testBackplane("memoryBackplane", () => {
  const hubs = new Map<string, MemoryBackplane>();
  const each = (action: (hub: MemoryBackplane) => void) => {
    for (const hub of hubs.values()) action(hub);
  };
  let isDown = false;
  const engine: EngineUnderTest = {
    backplane(prefix = "") {
      const hub = hubs.get(prefix) ?? memoryBackplane();
      hubs.set(prefix, hub);
      if (isDown) hub.down();
      return hub;
    },
    kill() {
      isDown = true;
      each((hub) => hub.down());
      each((hub) => hub.forget());
      return Promise.resolve();
    },
    restart() {
      isDown = false;
      each((hub) => hub.up());
      return Promise.resolve();
    },
    pause: () => each((hub) => hub.down()),
    resume: () => each((hub) => hub.up()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return Promise.resolve(engine);
});

Deno.test("memoryBackplane cuts one node off when it is split", async () => {
  const hub = memoryBackplane();
  await using a = await upNode(hub, { name: "a" });
  await using b = await upNode(hub, { name: "b" });
  await using c = await upNode(hub, { name: "c" });
  b.link.broadcast("on its way from b");
  a.link.send("b", "on its way to b");
  const claim = b.link.claim("x");
  hub.split("b");
  // It was made, but the answer is lost.
  await assertRejects(() => claim);
  assertEquals(await a.link.holder("x"), "b");
  a.link.broadcast("without b");
  b.link.broadcast("from nowhere");
  await c.until(() => c.frames.length > 0);
  assertEquals(c.frames, ["without b"]);
  hub.split("b");
  hub.heal("b");
  hub.heal("b");
  a.link.broadcast("with b");
  await b.until(() => b.frames.length > 0);
  assertEquals(b.frames, ["with b"]);
  assertEquals(b.events, ["up", "down", "up"]);
  assertEquals([a.events, c.events], [["up"], ["up"]]);
});

Deno.test("memoryBackplane leaves a split node cut off when the hub comes back", async () => {
  const hub = memoryBackplane();
  await using a = await upNode(hub, { name: "a" });
  await using b = await upNode(hub, { name: "b" });
  hub.split("b");
  hub.down();
  hub.up();
  assertEquals(a.events, ["up", "down", "up"]);
  assertEquals(b.events, ["up", "down"]);
  hub.heal("b");
  assertEquals(b.events, ["up", "down", "up"]);
});

Deno.test("memoryBackplane lets names run out by the clock that it is given", async () => {
  let now = 0;
  const hub = memoryBackplane({ now: () => now });
  await using a = await upNode(hub, { name: "a", claimMs: 1000 });
  await using b = await upNode(hub, { name: "b", claimMs: 1000 });
  await a.link.claim("x");
  now = 999;
  assertEquals(await b.link.claim("x"), "a");
  assertEquals(await a.link.renew(["x"]), []);
  now = 1998;
  assertEquals(await b.link.holder("x"), "a");
  now = 1999;
  assertEquals(await b.link.holder("x"), undefined);
  assertEquals(await b.link.claim("x"), "b");
});
