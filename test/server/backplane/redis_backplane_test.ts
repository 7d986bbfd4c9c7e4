import { assert, assertEquals, assertThrows } from "@std/assert";
import { redisBackplane } from "../../../server/backplane/redis_backplane.ts";
import { hasRedis, startRedis } from "../../support/engine.ts";
import { openNode, testBackplane, upNode } from "./backplane_conformance.ts";

const ignore = !await hasRedis();

testBackplane("redisBackplane", async () => {
  const redis = await startRedis({ password: "p%40ss" });
  return {
    ...redis,
    backplane: (prefix) =>
      redisBackplane({
        url: redis.url.replace("p%40ss", "p%2540ss"),
        ...(prefix !== undefined && { prefix }),
      }),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}, { ignore });

Deno.test({
  name: "redisBackplane tells a wrong password once, and does not quote it",
  ignore,
  async fn() {
    await using redis = await startRedis({ password: "right" });
    const url = redis.url.replace("right", "wrong");
    await using node = openNode(redisBackplane({ url }));
    await node.until(() => node.events.length > 0);
    assertEquals(node.events.length, 1);
    assert(/^trouble: .*(WRONGPASS|invalid)/.test(node.events[0] ?? ""));
    assert(!node.events.join().includes("wrong"));
  },
});

Deno.test({
  name: "redisBackplane keeps its claims in the database of the URL",
  ignore,
  async fn() {
    await using redis = await startRedis();
    await using a = await upNode(redisBackplane({ url: `${redis.url}/3` }));
    await using b = await upNode(redisBackplane({ url: redis.url }));
    await a.link.claim("x");
    assertEquals(await b.link.holder("x"), undefined);
    await using c = openNode(redisBackplane({ url: `${redis.url}/99` }));
    await c.until(() => c.events.length > 0);
    assert(/^trouble: .*DB index/.test(c.events[0] ?? ""), c.events[0]);
  },
});

Deno.test({
  name: "redisBackplane leaves no connection behind when it is closed",
  ignore,
  async fn() {
    await using redis = await startRedis({ args: ["--maxclients", "2"] });
    const backplane = redisBackplane({ url: redis.url });
    for (let i = 0; i < 3; i++) await (await upNode(backplane)).link.close();
  },
});

Deno.test({
  name: "redisBackplane survives that the engine refuses it again and again",
  ignore,
  async fn() {
    await using engine = await startRedis({ password: "right" });
    const url = engine.url.replace("right", "wrong");
    // An error that nobody hears fails the whole file.
    for (let i = 0; i < 200; i++) {
      await using node = openNode(redisBackplane({ url }));
      await node.until(() => node.events.length > 0);
    }
  },
});

Deno.test("redisBackplane takes no URL of anything else, and does not quote it", () => {
  for (const url of ["", "secret", "http://:secret@host", "nats://secret@h"]) {
    const error = assertThrows(() => redisBackplane({ url }), TypeError);
    assert(!error.message.includes("secret"));
  }
});
