import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Backplane, Link } from "../../../server/backplane/backplane.ts";

/** Long after an event that is waited for must have come. */
const PATIENCE_MS = 20_000;

/** Longer than any test, so that no name runs out in it. */
const LONG_MS = 60_000;

/** An engine of its own for one test. */
export interface EngineUnderTest extends AsyncDisposable {
  /** What nodes are opened with; another world for another prefix. */
  backplane(prefix?: string): Backplane;
  /** Ends the engine, with all that it knows. */
  kill(): Promise<void>;
  /** Starts it again. */
  restart(): Promise<void>;
  /** Freezes it. */
  pause(): void;
  /** Lets it go on. */
  resume(): void;
}

/** A node among others, and what it was told. */
interface Node extends AsyncDisposable {
  readonly name: string;
  readonly link: Link;
  readonly frames: readonly string[];
  /** `up`, `down` and `trouble`, in the order in which they came. */
  readonly events: readonly string[];
  /** Resolves when it has heard something after which that is true. */
  until(condition: () => boolean): Promise<void>;
}

let nodes = 0;

/** Goes among the nodes. Does not wait until it is there. */
export function openNode(
  backplane: Backplane,
  options: { claimMs?: number; name?: string } = {},
): Node {
  const { claimMs = LONG_MS, name = `node-${nodes++}` } = options;
  const frames: string[] = [];
  const events: string[] = [];
  const waiting = new Set<() => void>();
  const heard = () => waiting.forEach((look) => look());
  const hear = (event: string) => {
    events.push(event);
    heard();
  };
  const link = backplane.open({
    node: name,
    claimMs,
    onFrame(frame) {
      frames.push(frame);
      heard();
    },
    onUp: () => hear("up"),
    onDown: () => hear("down"),
    onTrouble: (reason) => hear(`trouble: ${reason}`),
  });
  return {
    name,
    link,
    frames,
    events,
    until(condition) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        reject(new Error(`${name} waits in vain after ${events.join(", ")}`));
      }, PATIENCE_MS);
      const look = () => condition() && resolve();
      waiting.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
      });
    },
    [Symbol.asyncDispose]: () => link.close(),
  };
}

/** Goes among the nodes, and waits until it is there. */
export async function upNode(
  backplane: Backplane,
  options: { claimMs?: number; name?: string } = {},
): Promise<Node> {
  const node = openNode(backplane, options);
  await node.until(() => node.events.at(-1) === "up");
  return node;
}

/** Some nodes, gone at the end of the block. */
async function upNodes(
  count: number,
  backplane: Backplane,
  stack: AsyncDisposableStack,
): Promise<Node[]> {
  const all: Node[] = [];
  for (let i = 0; i < count; i++) {
    all.push(stack.use(await upNode(backplane)));
  }
  return all;
}

/** Asks until the answer is that, as time goes by. */
export async function untilHolder(
  link: Link,
  name: string,
  expected: string | undefined,
): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (await link.holder(name) !== expected) {
    assert(Date.now() < end, `${name} is still not held by ${expected}`);
    // Lets other events in, where the answer needs none.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `name-${i}`);
}

/** Registers the tests that every engine must pass. */
export function testBackplane(
  engineName: string,
  start: () => Promise<EngineUnderTest>,
  options: { ignore?: boolean } = {},
): void {
  const { ignore = false } = options;

  function test(
    name: string,
    fn: (
      engine: EngineUnderTest,
      stack: AsyncDisposableStack,
    ) => Promise<void>,
  ): void {
    Deno.test({
      name: `${engineName} ${name}`,
      ignore,
      async fn() {
        await using engine = await start();
        await using stack = new AsyncDisposableStack();
        await fn(engine, stack);
      },
    });
  }

  test(
    "delivers in order what several nodes send and broadcast",
    async (engine, stack) => {
      const all = await upNodes(3, engine.backplane(), stack);
      for (let i = 0; i < 1200; i++) {
        for (const { name, link } of all) {
          const frame = `${name} ${i}`;
          if (i % 3 === 0) link.broadcast(frame);
          else for (const to of all) link.send(to.name, frame);
        }
      }
      for (const node of all) {
        await node.until(() => node.frames.length === 2400);
        for (const { name } of all) {
          const numbers = node.frames
            .filter((frame) => frame.startsWith(`${name} `))
            .map((frame) => Number(frame.split(" ")[1]));
          // A node hears nothing of itself, whatever it has sent to itself.
          const count = name === node.name ? 0 : 1200;
          assertEquals(numbers, Array.from({ length: count }, (_, i) => i));
        }
      }
    },
  );

  test(
    "delivers to one node alone what is sent to it",
    async (engine, stack) => {
      const [a, b, c] = await upNodes(3, engine.backplane(), stack);
      assert(a && b && c);
      a.link.send(b.name, "for b");
      a.link.send("nobody", "for nobody");
      a.link.broadcast("for all");
      await b.until(() => b.frames.length === 2);
      await c.until(() => c.frames.length === 1);
      assertEquals(b.frames, ["for b", "for all"]);
      assertEquals(c.frames, ["for all"]);
      assertEquals(a.frames, []);
    },
  );

  test(
    "delivers 256 KiB of any characters as they are",
    async (engine, stack) => {
      const [a, b] = await upNodes(2, engine.backplane(), stack);
      assert(a && b);
      const odd = "\uFEFF\0\r\n\t é 漢 \u2028 👩‍👩‍👧 \u{10FFFF} \x7F\x80 \uFFFD";
      const frames = ["", " ", odd, odd.repeat(9000).slice(0, 256 * 1024)];
      // Half of a pair is no character.
      const whole = frames.map((frame) => frame.toWellFormed());
      for (const frame of whole) a.link.send(b.name, frame);
      for (const frame of whole) a.link.broadcast(frame);
      await b.until(() => b.frames.length === 2 * whole.length);
      for (const [i, frame] of b.frames.entries()) {
        assert(frame === whole[i % whole.length], `frame ${i} has changed`);
      }
    },
  );

  for (const count of [2, 8]) {
    test(
      `lets one of ${count} nodes win that claim a name at once`,
      async (engine, stack) => {
        const all = await upNodes(count, engine.backplane(), stack);
        const wins = new Map<string, number>();
        for (let round = 0; round < 1000; round += 50) {
          await Promise.all(
            names(50).map(async (name) => {
              const claims = all.map(({ link }) =>
                link.claim(`${name}-${round}`)
              );
              const holders = new Set(await Promise.all(claims));
              assertEquals(holders.size, 1);
              const [winner = ""] = holders;
              wins.set(winner, (wins.get(winner) ?? 0) + 1);
              const other = all.at(-1);
              assertEquals(
                await other?.link.holder(`${name}-${round}`),
                winner,
              );
            }),
          );
        }
        assertEquals([...wins.values()].reduce((sum, n) => sum + n), 1000);
        assert(
          [...wins.keys()].every((win) => all.some((n) => n.name === win)),
        );
      },
    );
  }

  test(
    "lets one node take a name over that another holds",
    async (engine, stack) => {
      const [a, ...others] = await upNodes(5, engine.backplane(), stack);
      assert(a);
      for (const name of names(100)) {
        assertEquals(await a.link.claim(name), a.name);
        const holders = new Set(
          await Promise.all(
            others.map(({ link }) => link.claim(name, a.name)),
          ),
        );
        assertEquals(holders.size, 1);
        const [winner] = holders;
        assert(winner !== a.name);
        assertEquals(await a.link.holder(name), winner);
        assertEquals(await a.link.claim(name), winner);
      }
    },
  );

  test(
    "claims instead of a node what that node holds or nobody",
    async (engine, stack) => {
      const [a, b, c] = await upNodes(3, engine.backplane(), stack);
      assert(a && b && c);
      assertEquals(await a.link.holder("x"), undefined);
      assertEquals(await a.link.claim("x"), a.name);
      assertEquals(await a.link.claim("x"), a.name);
      assertEquals(await b.link.claim("x", c.name), a.name);
      assertEquals(await b.link.claim("x", a.name), b.name);
      assertEquals(await b.link.claim("x", a.name), b.name);
      assertEquals(await a.link.holder("x"), b.name);
      assertEquals(await c.link.claim("free", a.name), c.name);
    },
  );

  test(
    "gives back what the node holds and nothing else",
    async (engine, stack) => {
      const [a, b] = await upNodes(2, engine.backplane(), stack);
      assert(a && b);
      await a.link.claim("a");
      await b.link.claim("b");
      await b.link.release([]);
      await b.link.release(["a", "b", "free"]);
      assertEquals(await a.link.holder("a"), a.name);
      assertEquals(await a.link.holder("b"), undefined);
      assertEquals(await a.link.claim("b"), a.name);
      await a.link.release(["b"]);
      assertEquals(await b.link.claim("b"), b.name);
    },
  );

  test(
    "renews 2,000 names, claims the free ones and tells the lost ones",
    async (engine, stack) => {
      const [a, b] = await upNodes(2, engine.backplane(), stack);
      assert(a && b);
      const all = names(2000);
      assertEquals(await a.link.renew([]), []);
      assertEquals(await a.link.renew(all), []);
      assertEquals(await a.link.renew(all), []);
      const taken = [all[0] ?? "", all[999] ?? "", all[1999] ?? ""];
      for (const name of taken) await b.link.claim(name, a.name);
      assertEquals((await a.link.renew(all)).toSorted(), taken.toSorted());
      assertEquals(await b.link.holder(all[1] ?? ""), a.name);
      assertEquals(await a.link.holder(all[0] ?? ""), b.name);
      await a.link.release(all);
      assertEquals(await b.link.renew(all), []);
    },
  );

  test("lets a name run out that is not renewed", async (engine, stack) => {
    const backplane = engine.backplane();
    const a = stack.use(await upNode(backplane, { claimMs: 600 }));
    const b = stack.use(await upNode(backplane, { claimMs: 600 }));
    const claimed = Date.now();
    await a.link.claim("kept");
    await a.link.claim("left");
    let renewed = Date.now();
    while (await b.link.holder("left") !== undefined) {
      renewed = Date.now();
      assert(renewed - claimed < PATIENCE_MS, "it does not run out");
      assertEquals(await a.link.renew(["kept"]), []);
      await new Promise((resolve) => setTimeout(resolve));
    }
    assert(Date.now() - claimed >= 590, "it ran out too early");
    const holder = await b.link.holder("kept");
    // Only a machine that stood still in between finds nobody there.
    if (Date.now() - renewed < 500) assertEquals(holder, a.name);
    assertEquals(await b.link.claim("left"), b.name);
    await untilHolder(b.link, "kept", undefined);
  });

  test("keeps worlds of different prefixes apart", async (engine, stack) => {
    const [a] = await upNodes(1, engine.backplane("one"), stack);
    const [b, c] = await upNodes(2, engine.backplane("two"), stack);
    assert(a && b && c);
    await a.link.claim("x");
    assertEquals(await b.link.holder("x"), undefined);
    assertEquals(await b.link.claim("x"), b.name);
    assertEquals(await a.link.holder("x"), a.name);
    a.link.broadcast("from one");
    a.link.send(b.name, "from one");
    // It answers after what it was told before.
    await a.link.holder("x");
    c.link.broadcast("from two");
    await b.until(() => b.frames.length > 0);
    assertEquals(b.frames, ["from two"]);
  });

  test(
    "says goodbye and leaves its names when it is closed",
    async (engine, stack) => {
      const backplane = engine.backplane();
      const [b] = await upNodes(1, backplane, stack);
      const a = await upNode(backplane);
      assert(b);
      await a.link.claim("x");
      a.link.broadcast("goodbye");
      await a.link.close();
      await a.link.close();
      a.link.broadcast("more");
      await assertRejects(() => a.link.claim("y"), Error, "closed");
      await b.until(() => b.frames.length > 0);
      assertEquals(await b.link.holder("x"), a.name);
      assertEquals(await b.link.holder("y"), undefined);
      assertEquals(b.frames, ["goodbye"]);
      assertEquals(a.events, ["up"]);
    },
  );

  test("does without whoever closes before it is up", async (engine) => {
    const node = openNode(engine.backplane());
    await Promise.all([node.link.close(), node.link.close()]);
    assertEquals(node.events.filter((event) => event !== "up"), []);
    node.link.broadcast("nothing");
  });

  test(
    "goes on when the engine was killed and started again",
    async (engine, stack) => {
      const [a, b] = await upNodes(2, engine.backplane(), stack);
      assert(a && b);
      await a.link.claim("x");
      await engine.kill();
      for (const node of [a, b]) {
        await node.until(() => node.events.includes("down"));
        await assertRejects(() => node.link.claim("y"));
        node.link.broadcast("lost");
      }
      await engine.restart();
      for (const node of [a, b]) {
        await node.until(() => node.events.at(-1) === "up");
      }
      assertEquals(await b.link.holder("x"), undefined);
      assertEquals(await b.link.claim("x"), b.name);
      assertEquals(await a.link.renew(["x", "y"]), ["x"]);
      a.link.broadcast("found");
      b.link.send(a.name, "found");
      for (const node of [a, b]) {
        await node.until(() => node.frames.length > 0);
        assertEquals(node.frames, ["found"]);
        const told = node.events.filter((event) => !/^trouble/.test(event));
        assertEquals(told, ["up", "down", "up"]);
        // Each reason once, however often it was tried.
        assertEquals(new Set(node.events).size, node.events.length - 1);
      }
    },
  );

  test(
    "notices that the engine is frozen, and that it goes on",
    async (engine, stack) => {
      const [a, b] = await upNodes(2, engine.backplane(), stack);
      assert(a && b);
      await a.link.claim("x");
      engine.pause();
      const paused = Date.now();
      const question = assertRejects(() => a.link.claim("y"));
      const others = [a.link.holder("x"), a.link.renew(["x"])];
      await Promise.all([
        question,
        ...others.map((other) => assertRejects(() => other)),
      ]);
      const answered = Date.now() - paused;
      assert(answered < 2000, `it took ${answered} ms to give up`);
      await Promise.all(
        [a, b].map((node) => node.until(() => node.events.at(-1) === "down")),
      );
      const noticed = Date.now() - paused;
      assert(noticed < 5000, `it took ${noticed} ms to notice`);
      engine.resume();
      for (const node of [a, b]) {
        await node.until(() => node.events.at(-1) === "up");
      }
      const before = b.frames.length;
      a.link.broadcast("again");
      await b.until(() => b.frames.length > before);
      assertEquals(await b.link.holder("x"), a.name);
    },
  );

  test("waits for an engine that is not there yet", async (engine, stack) => {
    await engine.kill();
    const node = stack.use(openNode(engine.backplane()));
    await assertRejects(() => node.link.claim("x"), Error, "down");
    await engine.restart();
    await node.until(() => node.events.at(-1) === "up");
    assertEquals(await node.link.claim("x"), node.name);
    assert(!node.events.includes("down"));
  });
}
