import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import type { ReceivedFile } from "../../../client/data/received_file.ts";
import { TransferError } from "../../../client/data/transfer_error.ts";
import { contentOf, streamOf } from "../../support/joined_transfers.ts";
import { KnownPeers } from "../../support/known_peers.ts";

/** Peers of which each does something with what it is offered. */
function meet(
  test: KnownPeers,
  does: Readonly<Record<string, (file: ReceivedFile) => void>>,
): void {
  for (const [peer, onFile] of Object.entries(does)) {
    test.meet(peer).b.onFile = onFile;
  }
}

const FILE = new File(["abc"], "a.txt", { type: "text/plain" });

/** What a file is called when an app sends it with such options. */
const CALLED: readonly (readonly [
  string,
  source: Blob | ReadableStream,
  options: { readonly name?: string; readonly type?: string },
  expected: readonly [string, string, number | null],
])[] = [
  ["a File by its own name and type", FILE, {}, ["a.txt", "text/plain", 3]],
  ["a File by those of the options", FILE, { name: "b", type: "" }, [
    "b",
    "",
    3,
  ]],
  ["a Blob by its type", new Blob(["a"], { type: "a/b" }), {}, ["", "a/b", 1]],
  ["a stream by nothing", streamOf(contentOf(3)), {}, ["", "", null]],
  [
    "a stream by the options",
    streamOf(contentOf(3)),
    { name: "x".repeat(255), type: "a/b" },
    ["x".repeat(255), "a/b", null],
  ],
];

for (const [what, source, options, expected] of CALLED) {
  Deno.test(`Exchange.sendFile calls ${what}`, async () => {
    using test = new KnownPeers();
    let called: unknown;
    meet(test, {
      x: (file) => {
        called = [file.name, file.type, file.size];
        void file.blob();
      },
    });
    assertEquals(await test.exchange.sendFile(source, options), 1);
    assertEquals(called, expected);
  });
}

Deno.test("Exchange.sendFile sends a Blob to everybody met, and resolves when all have it", async () => {
  using test = new KnownPeers();
  const sizes: Promise<number>[] = [];
  const take = (file: ReceivedFile) =>
    void sizes.push(file.blob().then(({ size }) => size));
  meet(test, { x: take, y: take, z: take });
  const told = new Set<string>();
  const onProgress = ({ peer }: { peer: string }) => void told.add(peer);
  const sent = test.exchange.sendFile(new Blob([contentOf(100_000)]), {
    onProgress,
  });
  assertEquals(await sent, 3);
  assertEquals(await Promise.all(sizes), [100_000, 100_000, 100_000]);
  assertEquals(told, new Set(["x", "y", "z"]));
});

Deno.test("Exchange.sendFile sends only to those named, each once", async () => {
  using test = new KnownPeers();
  const offered: string[] = [];
  const taker = (peer: string) => (file: ReceivedFile) => {
    offered.push(peer);
    void file.blob();
  };
  meet(test, { x: taker("x"), y: taker("y"), z: taker("z") });
  const to = ["z", "x", "z"];
  assertEquals(await test.exchange.sendFile(FILE, { to }), 2);
  assertEquals(offered.toSorted(), ["x", "z"]);
});

Deno.test("Exchange.sendFile resolves with 0 when nobody was met", async () => {
  using test = new KnownPeers();
  assertEquals(await test.exchange.sendFile(FILE, {}), 0);
});

Deno.test("Exchange.sendFile sends a stream to the only peer, or the one that is named", async () => {
  using test = new KnownPeers();
  meet(test, { x: (file) => void file.blob() });
  const send = (to?: string) =>
    test.exchange.sendFile(streamOf(contentOf(3)), { to });
  assertEquals(await send(), 1);
  meet(test, { y: (file) => void file.blob() });
  assertEquals(await send("y"), 1);
});

// --- what is refused

const REFUSED: readonly (readonly [
  string,
  source: unknown,
  options: { readonly to?: string | readonly string[]; readonly name?: string },
  error: string,
  message: string,
])[] = [
  ...["abc", new Uint8Array(3), null, {}].map((source) =>
    [
      `what is ${Object.prototype.toString.call(source)}`,
      source,
      {},
      "TypeError",
      "Cannot send file: it must be a File, a Blob or a ReadableStream",
    ] as const
  ),
  [
    "a stream for two peers",
    new ReadableStream(),
    {},
    "RangeError",
    "Cannot send file: a stream is read once, so it goes to 1 peer, not to 2",
  ],
  [
    "a stream for nobody",
    new ReadableStream(),
    { to: [] },
    "RangeError",
    "Cannot send file: a stream is read once, so it goes to 1 peer, not to 0",
  ],
  [
    "a name that is too long",
    new Blob(),
    { name: "x".repeat(256) },
    "RangeError",
    'Cannot send file: "name" must have at most 255 characters, got 256',
  ],
  [
    "a name that is no string",
    new Blob(),
    { name: 5 as unknown as string },
    "TypeError",
    'Cannot send file: "name" must be a string, got number',
  ],
  [
    "the name of a File that is too long",
    new File([], "x".repeat(256)),
    {},
    "RangeError",
    'Cannot send file: "name" must have at most 255 characters, got 256',
  ],
  [
    "a type that is too long",
    new Blob([], { type: "x".repeat(256) }),
    {},
    "RangeError",
    'Cannot send file: "type" must have at most 255 characters, got 256',
  ],
  [
    "a peer that was not met",
    new Blob(),
    { to: ["x", "nobody"] },
    "InvalidStateError",
    'Cannot send file: peer "nobody" is not connected',
  ],
];

for (const [what, source, options, name, message] of REFUSED) {
  Deno.test(`Exchange.sendFile refuses ${what}, and offers nothing`, async () => {
    using test = new KnownPeers();
    let offered = 0;
    const count = () => void offered++;
    meet(test, { x: count, y: count });
    const error = await assertRejects(
      () => test.exchange.sendFile(source, options),
      Error,
    );
    assertEquals([error.name, error.message], [name, message]);
    for (const pair of test.pairs.values()) pair.flush();
    assertEquals(offered, 0);
  });
}

Deno.test("Exchange.sendFile offers nothing when its signal is aborted already", async () => {
  using test = new KnownPeers();
  let offered = 0;
  meet(test, { x: () => void offered++ });
  const signal = AbortSignal.abort("enough");
  const sent = test.exchange.sendFile(FILE, { signal });
  assertEquals(await sent.catch((error) => error), "enough");
  test.pairs.get("x")?.flush();
  assertEquals(offered, 0);
});

// --- what goes wrong

Deno.test("Exchange.sendFile rejects with the error of its only peer", async () => {
  using test = new KnownPeers();
  meet(test, { x: (file) => file.reject("full") });
  const error = await assertRejects(
    () => test.exchange.sendFile(FILE, {}),
    TransferError,
    "full",
  );
  assertEquals([error.code, error.peer], ["rejected", "x"]);
});

Deno.test("Exchange.sendFile rejects with an error for each peer that does not have it, when the others do", async () => {
  using test = new KnownPeers();
  let taken: Promise<Blob> | undefined;
  meet(test, {
    x: (file) => file.reject("full"),
    y: (file) => void (taken = file.blob()),
  });
  // Nobody listens there.
  test.meet("z");
  const error = await assertRejects(
    () => test.exchange.sendFile(new Blob([contentOf(100_000)]), {}),
    AggregateError,
    "Cannot send file to 2 of 3 peers",
  );
  assertEquals(
    error.errors.map(({ peer, code }: TransferError) => [peer, code]),
    [["x", "rejected"], ["z", "no-listener"]],
  );
  assertEquals((await taken)?.size, 100_000);
});

Deno.test("Exchange.sendFile rejects with an AggregateError when one peer leaves and the other takes it", async () => {
  using test = new KnownPeers();
  const offered = Promise.withResolvers<void>();
  meet(test, { x: () => offered.resolve(), y: (file) => void file.blob() });
  const sent = assertRejects(
    () => test.exchange.sendFile(FILE, {}),
    AggregateError,
  );
  await offered.promise;
  test.part("x");
  const { errors } = await sent;
  assertEquals(errors.length, 1);
  const [error] = errors;
  assertInstanceOf(error, TransferError);
  assertEquals([error.code, error.peer], ["peer-left", "x"]);
});

for (const peers of [["x"], ["x", "y"]]) {
  Deno.test(`Exchange.sendFile rejects with the reason of its signal when it has stopped ${peers.length}, and they hear so`, async () => {
    using test = new KnownPeers();
    const files: ReceivedFile[] = [];
    const all = Promise.withResolvers<void>();
    for (const peer of peers) {
      meet(test, {
        [peer]: (file) => {
          if (files.push(file) === peers.length) all.resolve();
        },
      });
    }
    const aborting = new AbortController();
    const { signal } = aborting;
    const sent = test.exchange.sendFile(FILE, { signal });
    await all.promise;
    const reason = new Error("enough");
    aborting.abort(reason);
    assertStrictEquals(await sent.catch((error) => error), reason);
    for (const pair of test.pairs.values()) pair.flush();
    for (const { signal } of files) {
      assert(signal.reason instanceof TransferError);
      assertEquals(signal.reason.code, "cancelled");
    }
  });
}

Deno.test("Exchange.sendFile rejects with the reason of its signal when a peer had refused before", async () => {
  using test = new KnownPeers();
  const offered = Promise.withResolvers<void>();
  meet(test, {
    x: (file) => file.reject(),
    y: () => offered.resolve(),
  });
  const aborting = new AbortController();
  const { signal } = aborting;
  const sent = test.exchange.sendFile(FILE, { signal });
  await offered.promise;
  test.pairs.get("x")?.flush();
  const reason = new Error("enough");
  aborting.abort(reason);
  assertStrictEquals(await sent.catch((error) => error), reason);
});
