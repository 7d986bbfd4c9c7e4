import { assert, assertEquals, assertThrows } from "@std/assert";
import { natsBackplane } from "../../../server/backplane/nats_backplane.ts";
import { hasNats, startNats } from "../../support/engine.ts";
import {
  openNode,
  testBackplane,
  untilHolder,
  upNode,
} from "./backplane_conformance.ts";

const ignore = !await hasNats();

testBackplane("natsBackplane", async () => {
  const nats = await startNats({ password: "p%40ss" });
  return {
    ...nats,
    backplane: (prefix) =>
      natsBackplane({
        url: nats.url.replace("p%40ss", "p%2540ss"),
        ...(prefix !== undefined && { prefix }),
      }),
    [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
  };
}, { ignore });

Deno.test({
  name: "natsBackplane tells a wrong password once, and does not quote it",
  ignore,
  async fn() {
    await using nats = await startNats({ password: "right" });
    const url = nats.url.replace("right", "wrong");
    await using node = openNode(natsBackplane({ url }));
    await node.until(() => node.events.length > 0);
    assertEquals(node.events.length, 1);
    assert(/^trouble: .*authoriz/i.test(node.events[0] ?? ""), node.events[0]);
    assert(!node.events.join().includes("wrong"));
  },
});

Deno.test({
  name: "natsBackplane tells that there is no JetStream",
  ignore,
  async fn() {
    await using nats = await startNats({ jetStream: false });
    await using node = openNode(natsBackplane({ url: nats.url }));
    await node.until(() => node.events.length > 0);
    assert(/^trouble: .*jetstream/i.test(node.events[0] ?? ""), node.events[0]);
  },
});

Deno.test({
  name: "natsBackplane takes a token, and the first server that is there",
  ignore,
  async fn() {
    await using nats = await startNats({ args: ["--auth", "s3cret"] });
    const { port } = nats;
    await using gone = await startNats();
    await gone.kill();
    const url = `nats://s3cret@127.0.0.1:${gone.port},nats://127.0.0.1:${port}`;
    await using node = await upNode(natsBackplane({ url }));
    assertEquals(await node.link.claim("x"), node.name);
  },
});

Deno.test({
  name: "natsBackplane changes how long names live when nodes are told so",
  ignore,
  async fn() {
    await using nats = await startNats();
    const backplane = natsBackplane({ url: nats.url });
    await using a = await upNode(backplane, { claimMs: 3_600_000 });
    await a.link.claim("x");
    await using b = await upNode(backplane, { claimMs: 200 });
    await untilHolder(b.link, "x", undefined);
    assertEquals(await b.link.claim("x"), b.name);
  },
});

Deno.test({
  name: "natsBackplane leaves no connection behind when it is closed",
  ignore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const file = await Deno.makeTempFile();
    stack.defer(() => Deno.remove(file));
    await Deno.writeTextFile(file, "max_connections: 1");
    const nats = stack.use(await startNats({ args: ["--config", file] }));
    const backplane = natsBackplane({ url: nats.url });
    for (let i = 0; i < 3; i++) await (await upNode(backplane)).link.close();
  },
});

Deno.test({
  name: "natsBackplane survives that the engine refuses it again and again",
  ignore,
  async fn() {
    await using engine = await startNats({ password: "right" });
    const url = engine.url.replace("right", "wrong");
    // An error that nobody hears fails the whole file.
    for (let i = 0; i < 200; i++) {
      await using node = openNode(natsBackplane({ url }));
      await node.until(() => node.events.length > 0);
    }
  },
});

Deno.test("natsBackplane takes no URL of anything else, and does not quote it", () => {
  for (
    const url of [
      "",
      "secret",
      "http://:secret@host",
      "redis://secret@h",
      "nats://a,secret",
      "nats://%E0secret@h",
      "nats://",
    ]
  ) {
    const error = assertThrows(() => natsBackplane({ url }), TypeError);
    assert(!error.message.includes("secret"));
  }
});
