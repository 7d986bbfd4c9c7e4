import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { KIND, type Kind } from "../../../client/data/item_frame.ts";
import { ItemQueue } from "../../../client/data/item_queue.ts";
import { FRAME_BYTES, viewOf } from "../../../client/data/lane_frame.ts";
import { Payload, type Sendable } from "../../../client/data/payload.ts";
import { RequestError } from "../../../client/data/request_error.ts";
import {
  type RequestHandler,
  Requests,
} from "../../../client/data/requests.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { HeardPlane, JoinedPlanes } from "../../support/joined_planes.ts";
import { UncaughtErrors } from "../../support/uncaught_errors.ts";

type Handler = RequestHandler<string | ArrayBuffer>;

/** `a` asks, `b` answers. */
function setup(handler?: Handler, options = {}): JoinedPlanes {
  const test = new JoinedPlanes(options);
  test.b.handler = handler;
  test.join({ flows: true });
  return test;
}

function ask(
  { a }: JoinedPlanes,
  data: Sendable,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<string | ArrayBuffer> {
  return a.plane.request(new Payload("request", data), {
    timeoutMs: 30_000,
    ...options,
  });
}

/** The code with which a request fails. */
async function codeOf(answer: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => answer, RequestError)).code;
}

/** Everything that is due in microtasks has happened. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A handler that answers when the test says so, and its requests. */
function slowHandler(): {
  handler: Handler;
  asked: {
    data: string | ArrayBuffer;
    signal: AbortSignal;
    answer: (data: Sendable) => void;
  }[];
  /** Resolves when it was asked so often. */
  times(count: number): Promise<void>;
} {
  const asked: ReturnType<typeof slowHandler>["asked"] = [];
  const waiters: { count: number; resolve: () => void }[] = [];
  return {
    asked,
    handler: ({ data, signal }) =>
      new Promise((answer) => {
        asked.push({ data, signal, answer });
        for (const { count, resolve } of waiters) {
          if (asked.length >= count) resolve();
        }
      }),
    times: (count) =>
      new Promise((resolve) => {
        waiters.push({ count, resolve });
        if (asked.length >= count) resolve();
      }),
  };
}

// --- answers

const ANSWERS: readonly (readonly [string, Sendable, string | ArrayBuffer])[] =
  [
    ["a string", "answer", "answer"],
    ["an empty string", "", ""],
    ["a long string", "é".repeat(200_000), "é".repeat(200_000)],
    ["an ArrayBuffer", Uint8Array.of(1, 2).buffer, Uint8Array.of(1, 2).buffer],
    [
      "a view with an offset",
      Uint8Array.of(1, 2, 3).subarray(1),
      Uint8Array.of(2, 3).buffer,
    ],
    ["a Blob", new Blob(["ab"]), new TextEncoder().encode("ab").buffer],
    ["an empty Blob", new Blob([]), new ArrayBuffer(0)],
    [
      "many bytes",
      new Uint8Array(300_000).fill(7),
      new Uint8Array(300_000).fill(7).buffer,
    ],
  ];

for (const [what, data, arrives] of ANSWERS) {
  Deno.test(`Requests resolves with ${what} when that is the answer`, async () => {
    using test = setup(() => data);
    assertEquals(await ask(test, "?"), arrives);
  });

  Deno.test(`Requests gives ${what} to the handler when that is asked`, async () => {
    let heard: unknown;
    using test = setup(({ data, peer }) => {
      heard = data;
      return peer;
    });
    assertEquals(await ask(test, data), "a");
    assertEquals(heard, arrives);
  });
}

Deno.test("Requests keeps answers apart when they come in another order", async () => {
  const { handler, asked, times } = slowHandler();
  using test = setup(handler);
  const answers = ["1", "2", "3"].map((data) => ask(test, data));
  await times(3);
  for (const { data, answer } of asked.toReversed()) answer(`re ${data}`);
  assertEquals(await Promise.all(answers), ["re 1", "re 2", "re 3"]);
});

Deno.test("Requests asks and answers in both directions at once", async () => {
  using test = setup(async ({ data }) =>
    `${data} ${await test.b.plane.request(
      new Payload("request", "back"),
      { timeoutMs: 1000 },
    )}`
  );
  test.a.handler = ({ data }) => `${data}!`;
  assertEquals(await ask(test, "there"), "there back!");
});

Deno.test("Requests lets the app write to what it asked, and to what it answered", async () => {
  const question = new Uint8Array(200_000).fill(1);
  const reply = new Uint8Array(200_000).fill(2);
  let heard: unknown;
  using test = setup(({ data }) => {
    heard = data;
    queueMicrotask(() => queueMicrotask(() => reply.fill(0)));
    return reply;
  });
  const answer = ask(test, question);
  question.fill(0);
  assertEquals(await answer, new Uint8Array(200_000).fill(2).buffer);
  assertEquals(heard, new Uint8Array(200_000).fill(1).buffer);
});

Deno.test("Requests resolves when the connection was lost with the question, and then with the answer", async () => {
  const { handler, asked, times } = slowHandler();
  using test = new JoinedPlanes();
  test.b.handler = handler;
  test.join();
  test.flush();
  const answer = ask(test, "?");
  test.cut();
  test.join();
  test.flush();
  await times(1);
  test.cut();
  asked[0]?.answer("!");
  test.join({ flows: true });
  test.flush();
  assertEquals(await answer, "!");
  assertEquals(asked.length, 1);
});

// --- failures

Deno.test("Requests rejects with code and message when the handler throws a RequestError", async () => {
  using uncaught = new UncaughtErrors();
  using test = setup(() => {
    throw new RequestError("not-now", "Ask tomorrow");
  });
  const error = await assertRejects(() => ask(test, "?"), RequestError);
  assertEquals([error.code, error.message, error.peer, error.name], [
    "not-now",
    "Ask tomorrow",
    "b",
    "RequestError",
  ]);
  assertEquals(uncaught.errors, []);
});

Deno.test("Requests cuts code and message when a handler throws very long ones", async () => {
  using test = setup(() => {
    throw new RequestError("c".repeat(1000), "\0".repeat(100_000));
  });
  const error = await assertRejects(() => ask(test, "?"), RequestError);
  assertEquals([error.code.length, error.message.length], [64, 1024]);
});

const FAULTS: Readonly<Record<string, () => Sendable | Promise<Sendable>>> = {
  "throws": () => {
    throw new Error("secret-detail");
  },
  "rejects": () => Promise.reject(new Error("secret-detail")),
  "throws what is no error": () => {
    throw "secret-detail";
  },
  "answers with nothing": () => undefined as unknown as string,
  "answers with what cannot be sent": () => ({}) as unknown as string,
};

for (const [what, fault] of Object.entries(FAULTS)) {
  Deno.test(`Requests rejects with handler-failed, and tells only the console, when the handler ${what}`, async () => {
    using uncaught = new UncaughtErrors();
    const a = new HeardPlane("b", { maxMessageBytes: FRAME_BYTES });
    using test = setup(() => fault(), { a });
    assertEquals(await codeOf(ask(test, "?")), "handler-failed");
    await uncaught.next;
    assertEquals(uncaught.errors.length, 1);
    const said = test.channel.other.sent.map((frame) =>
      new TextDecoder().decode(frame as Uint8Array)
    );
    assertEquals(said.filter((text) => text.includes("secret-detail")), []);
    assertEquals([test.a.events, test.b.events], [[], []]);
  });
}

Deno.test("Requests tells the console where there is no reportError", async () => {
  using uncaught = new UncaughtErrors();
  const { reportError } = globalThis;
  Reflect.deleteProperty(globalThis, "reportError");
  try {
    using test = setup(() => {
      throw new Error("mine");
    });
    assertEquals(await codeOf(ask(test, "?")), "handler-failed");
    await uncaught.next;
  } finally {
    globalThis.reportError = reportError;
  }
  assertEquals(uncaught.errors.length, 1);
});

Deno.test("Requests rejects with handler-failed when the answer is a Blob that cannot be read", async () => {
  using uncaught = new UncaughtErrors();
  const blob = new Blob(["x".repeat(100)]);
  blob.slice = () => {
    throw new DOMException("Gone", "NotReadableError");
  };
  using test = setup(() => blob);
  assertEquals(await codeOf(ask(test, "?")), "handler-failed");
  await uncaught.next;
  assertEquals(uncaught.errors.length, 1);
});

for (const known of [true, false]) {
  const when = known ? "has said so" : "says so only then";
  Deno.test(`Requests rejects with too-large, and is no fault of the handler, when the side that asks takes less and ${when}`, async () => {
    using uncaught = new UncaughtErrors();
    const a = new HeardPlane("b", { maxMessageBytes: FRAME_BYTES });
    using test = new JoinedPlanes({ a });
    test.b.handler = () => new Uint8Array(FRAME_BYTES + 1);
    test.join({ opens: false, flows: true });
    if (known) test.ends.messages.open();
    test.ends.messages.flush();
    test.ends.requests.open();
    const error = await assertRejects(() => ask(test, "?"), RequestError);
    assertEquals([error.code, error.peer], ["too-large", "b"]);
    assertEquals(uncaught.errors, []);
    // The next one is answered.
    test.b.handler = () => "!";
    assertEquals(await ask(test, "?"), "!");
  });
}

Deno.test("Requests rejects with no-handler when nobody answers", async () => {
  using test = setup();
  assertEquals(await codeOf(ask(test, "?")), "no-handler");
});

Deno.test("Requests rejects with what is wrong when a Blob cannot be read, and asks nothing", async () => {
  const { handler, asked } = slowHandler();
  using test = setup(handler);
  const blob = new Blob(["x"]);
  blob.slice = () => {
    throw new DOMException("Gone", "NotReadableError");
  };
  await assertRejects(() => ask(test, blob), DOMException, "Gone");
  test.b.handler = ({ data }) => data;
  assertEquals(await ask(test, "next"), "next");
  assertEquals(asked, []);
});

// --- time limit and abort

Deno.test("Requests rejects with timeout when no answer comes in time, and aborts the signal of the handler", async () => {
  using time = new FakeTime();
  const { handler, asked, times } = slowHandler();
  using test = setup(handler);
  const answer = ask(test, "?", { timeoutMs: 500 });
  const code = codeOf(answer);
  await times(1);
  await time.flow(499);
  assertEquals(asked[0]?.signal.aborted, false);
  await time.flow(1);
  assertEquals(await code, "timeout");
  await time.flow(0);
  assertEquals(asked[0]?.signal.aborted, true);
  // Too late.
  asked[0]?.answer("!");
  await time.flow(1000);
  assertEquals([test.a.events, test.b.events], [[], []]);
});

for (const timeoutMs of [2 ** 31, 2 ** 53, Infinity]) {
  Deno.test(`Requests waits for an answer when it may take ${timeoutMs} ms`, async () => {
    const delays: number[] = [];
    const { setTimeout } = globalThis;
    const watched = (run: () => void, ms?: number) => {
      delays.push(ms ?? 0);
      return setTimeout(run, ms);
    };
    Object.assign(globalThis, { setTimeout: watched });
    try {
      using test = setup(() => "!");
      assertEquals(await ask(test, "?", { timeoutMs }), "!");
    } finally {
      Object.assign(globalThis, { setTimeout });
    }
    // A timer takes 32 bits; beyond that it fires at once.
    assertEquals(delays.filter((ms) => ms > 2 ** 31 - 1), []);
  });
}

Deno.test("Requests rejects with the reason of its signal, untouched, and aborts that of the handler", async () => {
  using time = new FakeTime();
  const { handler, asked, times } = slowHandler();
  using test = setup(handler);
  const controller = new AbortController();
  const { signal } = controller;
  const answer = ask(test, "?", { signal });
  await times(1);
  const reason = { mine: true };
  controller.abort(reason);
  assertStrictEquals(await answer.catch((error) => error), reason);
  await time.flow(0);
  assertEquals(asked[0]?.signal.aborted, true);
});

Deno.test("Requests asks nothing when its signal is aborted already", async () => {
  const { handler, asked } = slowHandler();
  using test = setup(handler);
  const signal = AbortSignal.abort("mine");
  assertEquals(
    await ask(test, "?", { signal }).catch((error) => error),
    "mine",
  );
  test.b.handler = ({ data }) => data;
  assertEquals(await ask(test, "next"), "next");
  assertEquals(asked, []);
});

for (const size of [1, 8 * 2 ** 20]) {
  Deno.test(`Requests takes a question of ${size} bytes back when it is aborted before it has left`, async () => {
    const { handler, asked } = slowHandler();
    const sizes = { maxMessageBytes: 2 ** 24 };
    using test = new JoinedPlanes({
      a: new HeardPlane("b", sizes),
      b: new HeardPlane("a", sizes),
    });
    test.b.handler = handler;
    if (size > 1) test.join();
    if (size > 1) test.flush();
    const controller = new AbortController();
    const { signal } = controller;
    const answer = ask(test, new Uint8Array(size), { signal });
    controller.abort("mine");
    assertEquals(await answer.catch((error) => error), "mine");
    test.cut();
    test.join({ flows: true });
    test.flush();
    test.b.handler = ({ data }) => data;
    assertEquals(await ask(test, "next"), "next");
    assertEquals([asked, test.b.events], [[], []]);
  });
}

Deno.test("Requests removes its listener from the signal when it is answered", async () => {
  using test = setup(() => "!");
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_: string, listener: unknown) =>
    void listeners.add(listener);
  signal.removeEventListener = (_: string, listener: unknown) =>
    void listeners.delete(listener);
  await ask(test, "?", { signal });
  assertEquals(listeners.size, 0);
});

// --- many at once

Deno.test("Requests has 64 on their way at once, and the others in order when those are answered", async () => {
  using time = new FakeTime();
  const { handler, asked, times } = slowHandler();
  using test = setup(handler);
  const answers = Array.from(
    { length: 150 },
    (_, index) => ask(test, String(index)),
  );
  await times(64);
  await time.flow(0);
  assertEquals(asked.length, 64);
  asked[7]?.answer("re 7");
  await times(65);
  await time.flow(0);
  assertEquals(asked.length, 65);
  for (let index = 0; index < 150; index++) {
    await times(index + 1);
    asked[index]?.answer(`re ${asked[index]?.data}`);
  }
  assertEquals(
    await Promise.all(answers),
    Array.from({ length: 150 }, (_, index) => `re ${index}`),
  );
  assertEquals(asked.map(({ data }) => Number(data)), [...Array(150).keys()]);
});

Deno.test("Requests never asks what was aborted, or was too late, while it waited", async () => {
  using time = new FakeTime();
  const { handler, asked, times } = slowHandler();
  using test = setup(handler);
  const open = Array.from({ length: 64 }, () => ask(test, "open"));
  const controller = new AbortController();
  const { signal } = controller;
  const late = codeOf(ask(test, "late", { timeoutMs: 10 }));
  const aborted = ask(test, "aborted", { signal }).catch((error) => error);
  const last = ask(test, "last");
  await times(64);
  controller.abort("mine");
  await time.flow(10);
  assertEquals([await aborted, await late], ["mine", "timeout"]);
  for (const { answer } of [...asked]) answer("!");
  await times(65);
  asked[64]?.answer("!");
  await Promise.all([...open, last]);
  assertEquals(asked.map(({ data }) => data).slice(64), ["last"]);
});

// --- the end of a pair

for (const joined of [true, false]) {
  Deno.test(`Requests rejects all with peer-left when the pair ends ${joined ? "after" : "before"} they have left`, async () => {
    const { handler, times } = slowHandler();
    using test = new JoinedPlanes();
    test.b.handler = handler;
    if (joined) test.join({ flows: true });
    const codes = Array.from({ length: 70 }, () => codeOf(ask(test, "?")));
    if (joined) await times(64);
    test.a.plane.end();
    assertEquals(await Promise.all(codes), Array(70).fill("peer-left"));
  });
}

Deno.test("Requests aborts the signal of a handler when the pair ends", async () => {
  const { handler, asked, times } = slowHandler();
  using test = setup(handler);
  const code = codeOf(ask(test, "?"));
  await times(1);
  test.b.plane.end();
  assertEquals(asked[0]?.signal.aborted, true);
  asked[0]?.answer("!");
  test.a.plane.end();
  assertEquals(await code, "peer-left");
});

Deno.test("Requests rejects with peer-left when the other side begins anew", async () => {
  const { handler, times } = slowHandler();
  using test = setup(handler);
  const code = codeOf(ask(test, "?"));
  await times(1);
  test.cut();
  using anew = new JoinedPlanes({ a: test.a });
  anew.b.handler = ({ data }) => data;
  anew.join({ flows: true });
  anew.flush();
  assertEquals(await code, "peer-left");
  assertEquals(await ask(anew, "again"), "again");
});

// --- what a peer that is written by hand says

/** Requests whose peer is written by hand. */
function byHand(handler?: Handler): {
  requests: Requests;
  receive(kind: number, number: number, text?: string): boolean;
  /** What was said meanwhile: kind, number, text. */
  said(): [number, number, string][];
} {
  const lane = { wake() {}, peerMaxMessageBytes: 2 ** 20 };
  const queue = new ItemQueue(lane);
  const requests = new Requests({
    peer: "p",
    queue,
    maxAnswerBytes: () => 2 ** 20,
    handler: () => handler,
  });
  return {
    requests,
    receive: (kind, number, text = "") => {
      const body = new TextEncoder().encode(text);
      const bytes = new Uint8Array(4 + body.byteLength);
      viewOf(bytes).setUint32(0, number);
      bytes.set(body, 4);
      return requests.receive({ kind: kind as Kind, bytes });
    },
    said: () => {
      const said: [number, number, string][] = [];
      for (let frame; (frame = queue.next(FRAME_BYTES));) {
        const text = new TextDecoder().decode(frame.subarray(6));
        said.push([frame[1] ?? -1, viewOf(frame).getUint32(2), text]);
      }
      return said;
    },
  };
}

function failure(code: unknown, reason: unknown): string {
  return JSON.stringify({ code, reason });
}

Deno.test("Requests answers busy when 64 handlers run, though nobody waits for them any more", async () => {
  const { handler, asked } = slowHandler();
  const { receive, said } = byHand(handler);
  for (let number = 1; number <= 64; number++) {
    receive(KIND.textRequest, number);
    receive(KIND.cancel, number);
  }
  assertEquals(receive(KIND.textRequest, 65), true);
  assertEquals(asked.length, 64);
  assertEquals(said(), [[
    KIND.failure,
    65,
    failure("busy", "the peer answers too many requests"),
  ]]);
  for (const { answer } of asked) answer("!");
  await settle();
  assertEquals(receive(KIND.textRequest, 66), true);
  assertEquals([asked.length, said()], [65, []]);
});

const HOSTILE: Readonly<
  Record<string, (peer: ReturnType<typeof byHand>) => boolean>
> = {
  "a request without a whole number": ({ requests }) =>
    requests.receive({ kind: KIND.textRequest, bytes: new Uint8Array(3) }),
  "a cancel without a number": ({ requests }) =>
    requests.receive({ kind: KIND.cancel, bytes: new Uint8Array() }),
  "a number of which the answer is not made yet": ({ receive }) => {
    receive(KIND.textRequest, 1);
    return receive(KIND.binaryRequest, 1);
  },
  "a failure that is no JSON": ({ receive }) => receive(KIND.failure, 1, "{"),
  "a failure that is a string": ({ receive }) =>
    receive(KIND.failure, 1, '"timeout"'),
  "a failure that is null": ({ receive }) => receive(KIND.failure, 1, "null"),
  "a failure that is a list": ({ receive }) => receive(KIND.failure, 1, "[]"),
  "a failure without a reason": ({ receive }) =>
    receive(KIND.failure, 1, '{"code":"x"}'),
  "a failure whose code is a number": ({ receive }) =>
    receive(KIND.failure, 1, failure(1, "x")),
  "a failure whose code is inherited": ({ receive }) =>
    receive(KIND.failure, 1, '{"__proto__":{"code":"x","reason":"y"}}'),
  "a message": ({ receive }) => receive(KIND.text, 1),
  "a channel": ({ receive }) => receive(KIND.channel, 1),
  "the end of a channel": ({ receive }) => receive(KIND.channelEnd, 1),
};

for (const [what, say] of Object.entries(HOSTILE)) {
  Deno.test(`Requests refuses ${what}, and answers nothing with it`, async () => {
    const peer = byHand(slowHandler().handler);
    const controller = new AbortController();
    const { signal } = controller;
    const answer = peer.requests.ask(new Payload("request", "?"), {
      timeoutMs: 1000,
      signal,
    });
    peer.said();
    assertEquals(say(peer), false);
    controller.abort("still open");
    assertEquals(await answer.catch((error) => error), "still open");
    peer.requests.reset();
  });
}

for (
  const [what, kind, text] of [
    ["an answer", KIND.textAnswer, "!"],
    ["a failure", KIND.failure, failure("x", "y")],
    ["a cancel", KIND.cancel, ""],
  ] as const
) {
  Deno.test(`Requests takes no notice of ${what} to what was not asked`, () => {
    const { receive, said } = byHand();
    assertEquals(receive(kind, 4_294_967_295, text), true);
    assertEquals(said(), []);
  });
}

Deno.test("Requests takes the first answer when a peer answers twice", async () => {
  const { requests, receive } = byHand();
  const payload = new Payload("request", "?");
  const answer = requests.ask(payload, { timeoutMs: 1000 });
  assertEquals(receive(KIND.textAnswer, 1, "first"), true);
  assertEquals(receive(KIND.failure, 1, failure("x", "y")), true);
  assertEquals(receive(KIND.binaryAnswer, 1, "second"), true);
  assertEquals(await answer, "first");
});

Deno.test("Requests takes an answer to a question that has not begun", async () => {
  const { requests, receive, said } = byHand();
  const answers = Array.from(
    { length: 66 },
    () => requests.ask(new Payload("request", "?"), { timeoutMs: 1000 }),
  );
  assertEquals(said().length, 64);
  receive(KIND.textAnswer, 65, "early");
  assertEquals(await answers[64], "early");
  await settle();
  assertEquals(said(), []);
  requests.reset();
  await Promise.allSettled(answers);
});

Deno.test("Requests aborts the right handler when a peer that began anew uses a number again", async () => {
  const { handler, asked } = slowHandler();
  const { requests, receive, said } = byHand(handler);
  receive(KIND.textRequest, 1);
  requests.reset();
  receive(KIND.textRequest, 1);
  asked[0]?.answer("of the one before");
  await settle();
  assertEquals(receive(KIND.cancel, 1), true);
  assertEquals(asked.map(({ signal }) => signal.aborted), [true, true]);
  assertEquals(said(), []);
});

Deno.test("Requests takes an answer back that has not left when nobody waits for it any more", async () => {
  const { receive, said } = byHand(({ data }) => data);
  receive(KIND.textRequest, 1, "one");
  receive(KIND.textRequest, 2, "two");
  await settle();
  receive(KIND.cancel, 1);
  assertEquals(said(), [[KIND.textAnswer, 2, "two"]]);
});

Deno.test("Requests answers a number again when the one before was answered", async () => {
  const { receive, said } = byHand(({ data }) => data);
  for (const text of ["one", "two"]) {
    assertEquals(receive(KIND.textRequest, 7, text), true);
    await settle();
    assertEquals(said(), [[KIND.textAnswer, 7, text]]);
    await settle();
  }
});

Deno.test("Requests says nothing after a cancel, whatever the handler does", async () => {
  using uncaught = new UncaughtErrors();
  for (const fails of [true, false]) {
    let settle = () => {};
    const { receive, said } = byHand(() =>
      new Promise<string>((resolve, reject) => {
        settle = fails ? () => reject(new Error("late")) : () => resolve("!");
      })
    );
    receive(KIND.textRequest, 1);
    receive(KIND.cancel, 1);
    settle();
    await settle();
    assertEquals(said(), []);
  }
  assert(uncaught.errors.length === 0);
});
