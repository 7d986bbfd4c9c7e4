import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { CREDIT_BYTES } from "../../../client/data/incoming_file.ts";
import { FRAME_BYTES } from "../../../client/data/lane_frame.ts";
import type { ReceivedFile } from "../../../client/data/received_file.ts";
import { TransferError } from "../../../client/data/transfer_error.ts";
import { TRANSFER_HEAD_BYTES } from "../../../client/data/transfer_frame.ts";
import type { TransferProgress } from "../../../client/data/transfer_progress.ts";
import {
  assertContent,
  contentOf,
  JoinedTransfers,
  streamOf,
} from "../../support/joined_transfers.ts";
import { UncaughtErrors } from "../../support/uncaught_errors.ts";

const MIB = 2 ** 20;
const DATA_BYTES = FRAME_BYTES - TRANSFER_HEAD_BYTES;

/** The code of the TransferError with which something rejects. */
async function codeOf(sent: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => sent, TransferError)).code;
}

/** A stream that gives nothing before it is told to. */
function openStream(): {
  readonly stream: ReadableStream<unknown>;
  readonly controller: ReadableStreamDefaultController<unknown>;
  /** Resolves with the reason when nobody reads it any more. */
  readonly cancelled: Promise<unknown>;
} {
  const { promise: cancelled, resolve } = Promise.withResolvers<unknown>();
  let controller: ReadableStreamDefaultController<unknown> | undefined;
  const stream = new ReadableStream<unknown>({
    start: (given) => void (controller = given),
    cancel: resolve,
  });
  if (!controller) throw new Error("It has not started");
  return { stream, controller, cancelled };
}

/** Reads a file to its end. */
async function bytesOf(file: ReceivedFile): Promise<Uint8Array> {
  return new Uint8Array(await new Response(file).arrayBuffer());
}

// --- content

const SIZES = [
  0,
  1,
  DATA_BYTES - 1,
  DATA_BYTES,
  DATA_BYTES + 1,
  FRAME_BYTES,
  MIB - 1,
  MIB,
  MIB + 1,
  2 * MIB,
  2 * MIB + 1,
  5 * MIB,
];

for (const size of SIZES) {
  for (const kind of ["Blob", "stream"]) {
    Deno.test(`Transfers give ${size} bytes of a ${kind} as they were sent`, async () => {
      await using test = new JoinedTransfers().join();
      const content = contentOf(size);
      const source = kind === "Blob" ? new Blob([content]) : streamOf(content);
      const offered = test.b.file();
      const sent = test.a.send(source, { name: "x", type: "text/plain" });
      const file = await offered;
      const bytes = await bytesOf(file);
      await sent;
      assertContent(bytes, size);
      assertEquals(
        [file.peer, file.name, file.type, file.size, file.receivedBytes],
        ["a", "x", "text/plain", kind === "Blob" ? size : null, size],
      );
      assertEquals(file.signal.aborted, false);
      assertEquals([...test.a.events, ...test.b.events], []);
    });
  }
}

Deno.test("Transfers give a stream of empty, tiny and large chunks as they were sent", async () => {
  await using test = new JoinedTransfers().join();
  const content = contentOf(3 * MIB);
  let at = 0;
  const sizes = [0, 1, 0, 0, 7, 100_000, 2 * MIB, 3, 0, 3 * MIB, 0];
  const source = new ReadableStream({
    pull(controller) {
      const size = sizes.shift();
      if (size === undefined) return controller.close();
      controller.enqueue(content.subarray(at, at += size));
    },
  });
  const offered = test.b.file();
  const sent = test.a.send(source);
  assertContent(await bytesOf(await offered), 3 * MIB);
  await sent;
});

Deno.test("Transfers go both ways at once", async () => {
  await using test = new JoinedTransfers().join();
  const offered = [test.a.file(), test.b.file()];
  const blob = new Blob([contentOf(MIB)]);
  const sent = [test.a.send(blob), test.b.send(blob)];
  for (const file of await Promise.all(offered)) {
    assertContent(await bytesOf(file), MIB);
  }
  await Promise.all(sent);
});

// --- accepting

Deno.test("ReceivedFile waits, and nothing of it comes, until the app accepts it", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const sent = test.a.send(new Blob([contentOf(MIB)]));
  const file = await offered;
  test.channel.flush();
  assertEquals(file.receivedBytes, 0);
  assertStrictEquals(file.accept(), file);
  assertContent(await bytesOf(file), MIB);
  await sent;
});

Deno.test("ReceivedFile.accept lets 2 MiB come that nobody reads yet", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const sent = test.a.send(streamOf(contentOf(3 * MIB)));
  const file = (await offered).accept();
  // Whoever takes turns with it goes on when it has to wait.
  const next = test.b.file();
  const other = test.a.send(new Blob([contentOf(3 * MIB)]));
  assertContent(await bytesOf(await next), 3 * MIB);
  await other;
  assertEquals(file.receivedBytes, CREDIT_BYTES);
  assertContent(await bytesOf(file), 3 * MIB);
  await sent;
});

Deno.test("ReceivedFile.blob gives all of it, with its type", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const size = 9 * MIB + 1;
  const sent = test.a.send(new Blob([contentOf(size)]), { type: "a/b" });
  const blob = await (await offered).blob();
  assertEquals(blob.type, "a/b");
  assertContent(new Uint8Array(await blob.arrayBuffer()), size);
  await sent;
});

Deno.test("ReceivedFile.blob rejects when it is being read", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const sent = test.a.send(new Blob([contentOf(3)]));
  const file = await offered;
  const reader = file.getReader();
  await assertRejects(() => file.blob(), TypeError);
  assertContent((await reader.read()).value ?? new Uint8Array(), 3);
  assertEquals((await reader.read()).done, true);
  await sent;
});

Deno.test("ReceivedFile can be piped and teed", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const sent = test.a.send(new Blob([contentOf(MIB)]));
  const [one, two] = (await offered).tee();
  for (const stream of [one, two.pipeThrough(new TransformStream())]) {
    const { readable, writable } = new TransformStream();
    const piped = stream.pipeTo(writable);
    assertContent(
      new Uint8Array(await new Response(readable).arrayBuffer()),
      MIB,
    );
    await piped;
  }
  await sent;
});

// --- not accepting

/** How the receiving app stops a file, at any time, and what both sides hear. */
const STOPPED: Readonly<
  Record<string, {
    stop(file: ReceivedFile): unknown;
    readonly code: string;
    readonly message?: string;
    /** Whether reading on fails; else it ends. */
    readonly fails?: boolean;
  }>
> = {
  "reject()": { stop: (file) => file.reject(), code: "rejected" },
  "reject() with a reason": {
    stop: (file) => file.reject("full"),
    code: "rejected",
    message: "full",
  },
  "reject() with a reason that is too long": {
    stop: (file) => file.reject("😀".repeat(3000)),
    code: "rejected",
    message: "😀".repeat(512),
  },
  "cancel()": {
    stop: (file) => file.cancel(),
    code: "cancelled",
    fails: false,
  },
  "a signal": {
    stop: (file) => file.accept({ signal: AbortSignal.abort("enough") }),
    code: "cancelled",
  },
  "maxBytes": {
    stop: (file) => file.accept({ maxBytes: 2 }),
    code: "too-large",
    message: "the receiver takes at most 2 bytes",
  },
};

for (const [what, { stop, code, message, fails }] of Object.entries(STOPPED)) {
  for (const when of ["before it is accepted", "in the middle"]) {
    Deno.test(`ReceivedFile ends for both sides by ${what} ${when}`, async () => {
      await using test = new JoinedTransfers().join();
      const { stream, controller, cancelled } = openStream();
      const offered = test.b.file();
      const sent = assertRejects(() => test.a.send(stream), TransferError);
      const file = await offered;
      if (when === "in the middle") {
        controller.enqueue(new Uint8Array(3));
        const reader = file.getReader();
        assertEquals((await reader.read()).value?.byteLength, 3);
        reader.releaseLock();
        controller.enqueue(new Uint8Array(3));
      } else if (code === "too-large") {
        controller.enqueue(new Uint8Array(3));
      }
      stop(file);
      const error = await sent;
      assertEquals([error.code, error.peer], [code, "b"]);
      if (message !== undefined) assertEquals(error.message, message);
      // Whoever makes what is sent need not go on.
      assertStrictEquals(await cancelled, error);
      assertEquals(file.signal.aborted, true);
      const read = file.getReader().read();
      if (fails === false) assertEquals((await read).done, true);
      else {
        const caught = await read.then(() => undefined, (error) => error);
        assertStrictEquals(caught, file.signal.reason);
      }
      const { reason } = file.signal;
      if (what === "a signal") assertEquals(reason, "enough");
      else assertEquals([reason.code, reason.peer], [code, "a"]);
      assertEquals([...test.a.events, ...test.b.events], []);
    });
  }
}

Deno.test("ReceivedFile refuses what is offered with more than maxBytes at once, and takes what has just as many", async () => {
  await using test = new JoinedTransfers().join();
  let offered = test.b.file();
  const large = test.a.send(new Blob([contentOf(101)]));
  const file = await offered;
  await assertRejects(() => file.blob({ maxBytes: 100 }), TransferError);
  assertEquals(await codeOf(large), "too-large");
  assertEquals(file.receivedBytes, 0);
  offered = test.b.file();
  const fitting = test.a.send(new Blob([contentOf(100)]));
  assertEquals((await (await offered).blob({ maxBytes: 100 })).size, 100);
  await fitting;
});

Deno.test("ReceivedFile stops a stream that has grown beyond a later maxBytes already", async () => {
  await using test = new JoinedTransfers().join();
  const { stream, controller } = openStream();
  const offered = test.b.file();
  const sent = codeOf(test.a.send(stream));
  const file = await offered;
  controller.enqueue(new Uint8Array(3));
  await file.getReader().read();
  file.accept({ maxBytes: 2 });
  assertEquals(await sent, "too-large");
});

Deno.test("ReceivedFile ends when the signal of accept is aborted in the middle, with its reason", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const { stream, controller } = openStream();
  const sent = codeOf(test.a.send(stream));
  const file = await offered;
  const aborting = new AbortController();
  file.accept({ signal: aborting.signal });
  controller.enqueue(new Uint8Array(3));
  const reader = file.getReader();
  await reader.read();
  const next = assertRejects(() => reader.read(), Error, "enough");
  aborting.abort(new Error("enough"));
  await next;
  assertEquals(await sent, "cancelled");
});

Deno.test("ReceivedFile forgets a signal that was replaced, and one of a file that has come", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const sent = test.a.send(new Blob([contentOf(3)]));
  const [first, second] = [new AbortController(), new AbortController()];
  const file = await offered;
  file.accept({ signal: first.signal }).accept({ signal: second.signal });
  first.abort();
  assertContent(await bytesOf(file), 3);
  await sent;
  second.abort();
  assertEquals(file.signal.aborted, false);
});

Deno.test("ReceivedFile does nothing more when it has ended", async () => {
  await using test = new JoinedTransfers().join();
  const offered = test.b.file();
  const sent = codeOf(test.a.send(new Blob([contentOf(3)])));
  const file = await offered;
  file.reject("first");
  const { reason } = file.signal;
  file.reject("second");
  file.accept();
  await file.cancel().catch(() => {});
  assertEquals(await sent, "rejected");
  assertStrictEquals(file.signal.reason, reason);
});

// --- the sender stops it

for (const when of ["before it is accepted", "in the middle", "at its end"]) {
  Deno.test(`Transfers.send rejects with the reason of its signal ${when}, and the other side hears so`, async () => {
    await using test = new JoinedTransfers().join();
    const { stream, controller, cancelled } = openStream();
    const aborting = new AbortController();
    const offered = test.b.file();
    const sent = test.a.send(stream, { signal: aborting.signal });
    const file = await offered;
    const reader = file.getReader();
    if (when !== "before it is accepted") {
      controller.enqueue(new Uint8Array(3));
      await reader.read();
    }
    const stopped = reader.read().then(() => undefined, (error) => error);
    if (when === "at its end") controller.close();
    const reason = new Error("enough");
    aborting.abort(reason);
    assertStrictEquals(await sent.catch((error) => error), reason);
    if (when !== "at its end") assertStrictEquals(await cancelled, reason);
    const error = await stopped;
    assertEquals([error.code, error.peer], ["cancelled", "a"]);
    assertStrictEquals(file.signal.reason, error);
  });
}

Deno.test("Transfers.send offers nothing when its signal is aborted already", async () => {
  await using test = new JoinedTransfers().join();
  const source = streamOf(contentOf(3));
  const signal = AbortSignal.abort("enough");
  const error = await test.a.send(source, { signal }).catch((error) => error);
  assertEquals(error, "enough");
  test.channel.flush();
  assertEquals(test.b.offered, []);
  assertEquals(source.locked, false);
});

Deno.test("Transfers forget the signals of both sides when the file has arrived", async () => {
  await using test = new JoinedTransfers().join();
  const listening = new Set<unknown>();
  const signals = ["sender", "receiver"].map((side) => {
    const { signal } = new AbortController();
    signal.addEventListener = () => void listening.add(side);
    signal.removeEventListener = () => void listening.delete(side);
    return signal;
  });
  const [signal, other] = signals;
  const offered = test.b.file();
  const sent = test.a.send(new Blob([contentOf(3)]), signal && { signal });
  const blob = (await offered).blob(other && { signal: other });
  assertEquals(listening, new Set(["sender", "receiver"]));
  await blob;
  await sent;
  assertEquals(listening, new Set());
});

Deno.test("Transfers.send says nothing to a peer of what it has not been offered", async () => {
  await using test = new JoinedTransfers();
  const aborting = new AbortController();
  const { stream, cancelled } = openStream();
  const sent = test.a.send(stream, { signal: aborting.signal });
  aborting.abort("enough");
  assertEquals(await sent.catch((error) => error), "enough");
  assertEquals(await cancelled, "enough");
  test.join().channel.flush();
  assertEquals(test.b.offered, []);
  assertEquals(test.b.events, []);
});

// --- what cannot be sent

Deno.test("Transfers.send rejects a stream that is locked, and sends what comes next", async () => {
  await using test = new JoinedTransfers().join();
  const source = streamOf(contentOf(3));
  source.getReader();
  await assertRejects(() => test.a.send(source), TypeError);
  const offered = test.b.file();
  const sent = test.a.send(new Blob([contentOf(3)]));
  assertContent(await bytesOf(await offered), 3);
  await sent;
});

for (
  const [what, chunk] of [
    ["a string", "abc"],
    ["an ArrayBuffer", new ArrayBuffer(3)],
    ["null", null],
  ]
) {
  Deno.test(`Transfers.send stops for both sides when a stream gives ${what}`, async () => {
    await using test = new JoinedTransfers().join();
    const { stream, controller, cancelled } = openStream();
    const offered = test.b.file();
    const sent = assertRejects(() => test.a.send(stream), TransferError);
    const read = codeOf((await offered).blob());
    controller.enqueue(Uint8Array.of(1));
    controller.enqueue(chunk);
    const error = await sent;
    assertEquals(error.code, "source-failed");
    assert(error.cause instanceof TypeError);
    assertStrictEquals(await cancelled, error);
    assertEquals(await read, "source-failed");
  });
}

Deno.test("Transfers.send stops for both sides when a stream fails, and says why", async () => {
  await using test = new JoinedTransfers().join();
  const { stream, controller } = openStream();
  const offered = test.b.file();
  const sent = assertRejects(() => test.a.send(stream), TransferError);
  const read = codeOf((await offered).blob());
  controller.enqueue(Uint8Array.of(1));
  const cause = new Error("unplugged");
  controller.error(cause);
  const { code, peer, cause: kept } = await sent;
  assertEquals([code, peer], ["source-failed", "b"]);
  assertStrictEquals(kept, cause);
  assertEquals(await read, "source-failed");
});

for (const readable of [0, MIB]) {
  Deno.test(`Transfers.send stops for both sides when a Blob cannot be read from byte ${readable} on`, async () => {
    await using test = new JoinedTransfers().join();
    const blob = new Blob([contentOf(3 * MIB)]);
    const { slice } = blob;
    blob.slice = (start = 0, ...rest) => {
      if (start >= readable) throw new DOMException("Gone", "NotReadableError");
      return slice.call(blob, start, ...rest);
    };
    const offered = test.b.file();
    const sent = assertRejects(() => test.a.send(blob), TransferError);
    const read = codeOf((await offered).blob());
    const { code, cause } = await sent;
    assertEquals(code, "source-failed");
    assert(cause instanceof DOMException);
    assertEquals(await read, "source-failed");
  });
}

Deno.test("Transfers.send rejects with `no-listener` when nobody listens", async () => {
  await using test = new JoinedTransfers().join();
  test.b.onFile = undefined;
  assertEquals(await codeOf(test.a.send(new Blob())), "no-listener");
  assertEquals(test.b.offered[0]?.signal.aborted, true);
});

for (const side of ["sender", "receiver"]) {
  Deno.test(`Transfers.send rejects with \`unsupported\` when the ${side} has no WebCrypto`, async () => {
    await using test = new JoinedTransfers().join();
    const { subtle } = crypto;
    const hide = () =>
      Object.defineProperty(crypto, "subtle", {
        value: undefined,
        configurable: true,
      });
    const show = () =>
      Object.defineProperty(crypto, "subtle", {
        value: subtle,
        configurable: true,
      });
    if (side === "sender") hide();
    try {
      const sent = codeOf(test.a.send(new Blob([contentOf(3)])));
      hide();
      test.channel.flush();
      assertEquals(await sent, "unsupported");
      assertEquals(test.b.offered, []);
    } finally {
      show();
    }
  });
}

// --- the pair ends

Deno.test("Transfers end with `peer-left` for both sides when the pair ends, those that wait too", async () => {
  await using test = new JoinedTransfers().join();
  const { stream, controller, cancelled } = openStream();
  const offered = test.b.file();
  const sent = [stream, ...Array.from({ length: 20 }, () => new Blob(["x"]))]
    .map((source) => codeOf(test.a.send(source)));
  const file = await offered;
  controller.enqueue(Uint8Array.of(1));
  const reader = file.getReader();
  await reader.read();
  const read = codeOf(reader.read());
  test.channel.flush();
  assertEquals(test.b.offered.length, 16);
  test.a.end();
  test.b.end();
  for (const code of await Promise.all(sent)) assertEquals(code, "peer-left");
  assertEquals((await cancelled as TransferError).code, "peer-left");
  assertEquals(await read, "peer-left");
  for (const { signal } of test.b.offered) {
    assertEquals(signal.reason.code, "peer-left");
  }
});

Deno.test("Transfers end with `peer-left` when the other side has begun anew, and new ones go on", async () => {
  await using test = new JoinedTransfers().join();
  const sent = [1, 2].map(() => codeOf(test.a.send(new Blob(["x"]))));
  const back = codeOf(test.b.send(new Blob(["x"])));
  test.channel.flush();
  test.renew();
  assertEquals(await back, "peer-left");
  assertEquals(test.a.offered[0]?.signal.aborted, false);
  test.join().channel.flush();
  for (const code of await Promise.all(sent)) assertEquals(code, "peer-left");
  assertEquals(test.a.offered[0]?.signal.reason.code, "peer-left");
  const [there, here] = [test.b.file(), test.a.file()];
  const blob = new Blob([contentOf(MIB)]);
  const again = [test.a.send(blob), test.b.send(blob)];
  for (const file of [await there, await here]) {
    assertContent(await bytesOf(file), MIB);
  }
  await Promise.all(again);
  assertEquals([...test.a.events, ...test.b.events], ["reset"]);
});

// --- progress

for (const kind of ["Blob", "stream"]) {
  Deno.test(`Transfers tell both sides how far a ${kind} is, never back, and all at the end`, async () => {
    await using test = new JoinedTransfers().join();
    const size = 3 * MIB + 5;
    const content = contentOf(size);
    const told: Record<string, TransferProgress[]> = { a: [], b: [] };
    const offered = test.b.file();
    const sent = test.a.send(
      kind === "Blob" ? new Blob([content]) : streamOf(content),
      { onProgress: (progress) => void told.a?.push(progress) },
    );
    const file = await offered;
    assertEquals(told, { a: [], b: [] });
    await file.blob({
      onProgress: (progress) => void told.b?.push(progress),
    });
    await sent;
    const totalBytes = kind === "Blob" ? size : null;
    const [first] = told.a ?? [];
    assertEquals(first, { peer: "b", confirmedBytes: 0, totalBytes });
    for (const [side, progress] of Object.entries(told)) {
      const peer = side === "a" ? "b" : "a";
      assert(progress.length > 5);
      assertEquals(progress.at(-1), { peer, confirmedBytes: size, totalBytes });
      const bytes = progress.map(({ confirmedBytes }) => confirmedBytes);
      assertEquals(bytes, bytes.toSorted((one, other) => one - other));
      assertEquals(new Set(bytes).size, bytes.length);
    }
  });
}

Deno.test("Transfers tell the sender once that an empty file was accepted", async () => {
  await using test = new JoinedTransfers().join();
  const told: number[] = [];
  const offered = test.b.file();
  const sent = test.a.send(new Blob(), {
    onProgress: ({ confirmedBytes }) => void told.push(confirmedBytes),
  });
  await bytesOf(await offered);
  await sent;
  assertEquals(told, [0]);
});

Deno.test("Transfers go on when a listener of progress throws, which is reported", async () => {
  using uncaught = new UncaughtErrors();
  await using test = new JoinedTransfers().join();
  const onProgress = () => {
    throw new Error("my fault");
  };
  const offered = test.b.file();
  const sent = test.a.send(new Blob([contentOf(MIB)]), { onProgress });
  const blob = await (await offered).blob({ onProgress });
  await sent;
  assertContent(new Uint8Array(await blob.arrayBuffer()), MIB);
  assert(uncaught.errors.length > 2);
  for (const error of uncaught.errors) {
    assertEquals((error as Error).message, "my fault");
  }
});

// --- bounds

for (const count of [1, 16]) {
  Deno.test(`Transfers are never more than 2 MiB ahead of what is read, when there are ${count}`, async () => {
    await using test = new JoinedTransfers().join();
    const size = count === 1 ? 7 * MIB : 3 * MIB;
    test.b.onFile = (file) => file.accept();
    const blob = new Blob([contentOf(size)]);
    const sent = Array.from({ length: count }, () => test.a.send(blob));
    test.channel.flush();
    assertEquals(test.b.offered.length, count);
    const readers = test.b.offered.map((file) => file.getReader());
    const read = readers.map(() => 0);
    while (read.some((bytes) => bytes < size)) {
      // They read at the same time, and see how far all of them are.
      for (const [index, reader] of readers.entries()) {
        const { value } = await reader.read();
        read[index] = (read[index] ?? 0) + (value?.byteLength ?? 0);
        for (const [other, { receivedBytes }] of test.b.offered.entries()) {
          assert(receivedBytes - (read[other] ?? 0) <= CREDIT_BYTES);
        }
      }
    }
    for (const reader of readers) {
      assertEquals((await reader.read()).done, true);
    }
    await Promise.all(sent);
  });
}

Deno.test("Transfers.send lets 16 begin, and one more each time that one ends", async () => {
  await using test = new JoinedTransfers().join();
  const sent = Array.from(
    { length: 20 },
    (_, index) => test.a.send(new Blob(["x"]), { name: `${index}` }),
  );
  test.channel.flush();
  assertEquals(test.b.offered.length, 16);
  const results = Promise.allSettled(sent);
  for (let index = 0; index < 20; index++) {
    const file = test.b.offered[index];
    assertEquals(file?.name, `${index}`);
    if (index % 2) file?.reject();
    else await file?.blob();
    await sent[index]?.catch(() => {});
    test.channel.flush();
    assertEquals(test.b.offered.length, Math.min(20, 17 + index));
  }
  for (const [index, { status }] of (await results).entries()) {
    assertEquals(status, index % 2 ? "rejected" : "fulfilled");
  }
});

for (const connected of [true, false]) {
  Deno.test(`Transfers.send is not \`busy\` when 16 are stopped at once and 16 others begin, ${connected ? "connected" : "while there is no connection"}`, async () => {
    await using test = new JoinedTransfers().join({ flows: false });
    const aborting = new AbortController();
    const { signal } = aborting;
    const first = Array.from(
      { length: 16 },
      () => test.a.send(new Blob(["x"]), { signal }).catch((error) => error),
    );
    test.channel.flush();
    assertEquals(test.b.offered.length, 16);
    if (!connected) test.cut();
    const second = Array.from(
      { length: 16 },
      () => test.a.send(new Blob(["x"])).catch((error) => error),
    );
    aborting.abort("enough");
    if (!connected) test.join({ flows: false });
    test.channel.flush();
    assertEquals(test.b.offered.length, 32);
    for (const file of test.b.offered.slice(16)) file.reject("mine");
    test.channel.flush();
    for (const error of await Promise.all(first)) assertEquals(error, "enough");
    for (const error of await Promise.all(second)) {
      assertEquals(error.message, "mine");
    }
  });
}

Deno.test("Transfers.send never begins what was aborted while it waited", async () => {
  await using test = new JoinedTransfers().join();
  const [running, waiting] = [new AbortController(), new AbortController()];
  const sent = Array.from({ length: 17 }, (_, index) => {
    const { signal } = index < 16 ? running : waiting;
    const source = new Blob(["x"]);
    return test.a.send(source, { name: `${index}`, signal })
      .catch((error) => error);
  });
  test.channel.flush();
  waiting.abort("waiting");
  running.abort("running");
  test.channel.flush();
  assertEquals(
    new Set(await Promise.all(sent)),
    new Set(["running", "waiting"]),
  );
  assertEquals(test.b.offered.length, 16);
});

Deno.test("Transfers.send goes on when those that waited turn out to be locked", async () => {
  await using test = new JoinedTransfers().join();
  test.b.onFile = (file) => file.reject();
  const locked = streamOf(contentOf(3));
  locked.getReader();
  const all = [
    ...Array.from({ length: 16 }, () => new Blob(["x"])),
    ...Array.from({ length: 16 }, () => locked),
    new Blob(["x"]),
  ].map((source) => test.a.send(source));
  const results = await Promise.allSettled(all);
  const reasons = results.map((result) =>
    result.status === "rejected" ? result.reason.name : result.status
  );
  assertEquals(reasons, [
    ...Array.from({ length: 16 }, () => "TransferError"),
    ...Array.from({ length: 16 }, () => "TypeError"),
    "TransferError",
  ]);
});
