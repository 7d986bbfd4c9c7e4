import { assertEquals, assertRejects } from "@std/assert";
import { within } from "../../../server/backplane/within.ts";

Deno.test("within gives the answer, or why there is none", async () => {
  assertEquals(await within(60_000, Promise.resolve("yes")), "yes");
  const no = Promise.reject(new RangeError("no"));
  await assertRejects(() => within(60_000, no), RangeError, "no");
});

Deno.test("within rejects when no answer comes", async () => {
  const never = new Promise(() => {});
  await assertRejects(() => within(2, never), Error, "no answer within 2 ms");
});

Deno.test("within hears the answer that came while the process was held up", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [asker, engine] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  using _ = asker;
  using __ = engine;
  const answer = within(200, asker.read(new Uint8Array(1)));
  await engine.write(new Uint8Array(1));
  const end = performance.now() + 300;
  while (performance.now() < end);
  assertEquals(await answer, 1);
});
