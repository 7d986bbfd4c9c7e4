import { assert, assertEquals } from "@std/assert";
import { startBrowser } from "../support/browsers.ts";
import { type JoinedPage, openJoinedPages } from "../support/joined_pages.ts";
import { startSite } from "../support/site.ts";
import { untilKept } from "../support/until_kept.ts";

declare global {
  /** Measures round trips for as long as something large is sent. */
  var beside: (
    send: () => Promise<number>,
    ask: () => Promise<unknown>,
  ) => Promise<{ ms: number; bytes: number }[]>;
}

/** Large transfers and what they cost in time, instead of short ones. */
const WHOLE = Deno.args.includes("--whole");

const MIB = 2 ** 20;
const FILE_BYTES = (WHOLE ? 500 : 32) * MIB;
const MESSAGE_BYTES = (WHOLE ? 200 : 32) * MIB;

/** How much may leave before an answer has come. */
const BOUND_BYTES = 8 * MIB;

/** Defines `beside` in the page. */
function defineBeside(): void {
  let leftBytes = 0;
  const channelSend = RTCDataChannel.prototype.send as (
    this: RTCDataChannel,
    data: ArrayBufferView,
  ) => void;
  RTCDataChannel.prototype.send = function (
    this: RTCDataChannel,
    data: unknown,
  ) {
    const view = data as ArrayBufferView<ArrayBuffer>;
    leftBytes += view.byteLength;
    channelSend.call(this, view);
  };
  globalThis.beside = async (send, ask) => {
    const trips: { ms: number; bytes: number }[] = [];
    let ended = false;
    const sent = send().finally(() => ended = true);
    while (!ended) {
      const startedAt = performance.now();
      const before = leftBytes;
      await ask();
      const ms = performance.now() - startedAt;
      trips.push({ ms, bytes: leftBytes - before });
    }
    await sent;
    return trips;
  };
}

/** What is sent, what is asked meanwhile. Each runs in the page. */
const CASES: readonly (readonly [
  name: string,
  byteLength: number,
  run: (byteLength: number) => void,
])[] = [
  [
    "a request is answered while a file flows",
    FILE_BYTES,
    (byteLength) => {
      globalThis.kept = beside(
        () => connection.sendFile(content.stream(byteLength)),
        () => connection.request("x", { to: "page-1" }),
      );
    },
  ],
  [
    "a message is echoed while a file flows",
    FILE_BYTES,
    (byteLength) => {
      globalThis.kept = beside(
        () => connection.sendFile(content.stream(byteLength)),
        async () => {
          const echo = next(connection, "message");
          await connection.send("x");
          await echo;
        },
      );
    },
  ],
  [
    "a request is answered while a large message flows",
    MESSAGE_BYTES,
    (byteLength) => {
      globalThis.kept = beside(
        () => connection.send(content.bytes(0, byteLength)),
        () => connection.request("x", { to: "page-1" }),
      );
    },
  ],
];

function quantile(sorted: readonly number[], part: number): string {
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * part));
  return (sorted[index] ?? NaN).toFixed(1);
}

Deno.test("what is small need not wait for what is large", async (t) => {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await startSite());
  const browsers = await Promise.all(
    [0, 1].map(async () => stack.use(await startBrowser("chrome")).browser),
  );
  const pages = await openJoinedPages(browsers, site.url);
  for (const page of pages) stack.use(page);
  const [sender, receiver] = pages as [JoinedPage, JoinedPage];
  await sender.page.evaluate(defineBeside);
  await receiver.page.evaluate(() => {
    connection.onRequest(() => "answer");
    connection.on("message", ({ data, peer: to }) => {
      if (data === "x") void connection.send("echo", { to });
    });
    connection.on("file", async (file) => {
      const reader = file.getReader();
      while (!(await reader.read()).done);
    });
  });
  for (const [name, byteLength, run] of CASES) {
    await t.step(name, async () => {
      const startedAt = performance.now();
      await sender.page.evaluate(run, byteLength);
      const trips = await untilKept<{ ms: number; bytes: number }[]>(
        sender.page,
      );
      const seconds = (performance.now() - startedAt) / 1000;
      const times = trips.map(({ ms }) => ms).sort((a, b) => a - b);
      const most = Math.max(...trips.map(({ bytes }) => bytes));
      console.log(
        `  ${times.length} round trips beside ${
          (byteLength / MIB / seconds).toFixed(1)
        } MiB/s: p50 ${quantile(times, 0.5)} ms, p99 ${
          quantile(times, 0.99)
        } ms, max ${quantile(times, 1)} ms, at most ${
          (most / MIB).toFixed(2)
        } MiB left meanwhile`,
      );
      assert(trips.length > 10, `${trips.length} round trips`);
      assert(most <= BOUND_BYTES, `${most} bytes left meanwhile`);
    });
  }
  assertEquals(pages.map(({ complaints }) => complaints), [[], []]);
});
