import { assert, assertEquals } from "@std/assert";
import { END, ITEM, KIND, START } from "../../client/data/item_frame.ts";
import {
  ackFrame,
  FRAME_BYTES,
  greetFrame,
  viewOf,
} from "../../client/data/lane_frame.ts";
import {
  endFrame,
  grantFrame,
  jsonFrame,
  TRANSFER,
  transferFrame,
} from "../../client/data/transfer_frame.ts";
import { startBrowser } from "../support/browsers.ts";
import { type JoinedPage, openJoinedPages } from "../support/joined_pages.ts";
import { openPage } from "../support/open_page.ts";
import { measurePages } from "../support/page_memory.ts";
import { startSite } from "../support/site.ts";
import { defineAttack, type Stolen } from "../support/stolen_channels.ts";
import { untilKept } from "../support/until_kept.ts";

declare global {
  /** Collects garbage. */
  var gc: () => void;
  /** What the victim was told of its attackers. */
  var heard: string[];
  /** Resolves when the victim has ended its pair with an attacker, with the reason. */
  var untilDropped: (attacker: string) => Promise<string>;
}

const MIB = 2 ** 20;

/** How much more the victim may take than before any attack. */
const BOUND_BYTES = 64 * MIB;

/** What is sent, and on which channel. */
type Frames = readonly (string | Uint8Array)[];

const encoder = new TextEncoder();

/** A frame of an item. */
function item(type: number, ...rest: (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    [type, ...rest].flatMap((part) =>
      typeof part === "number" ? [part] : [...part]
    ),
  );
}

/** A frame that starts an item of that length. */
function start(kind: number, byteLength: number, body: Uint8Array): Uint8Array {
  const frame = item(ITEM | START, kind, new Uint8Array(8), body);
  viewOf(frame).setFloat64(2, byteLength);
  return frame;
}

function jsonOffer(text: string): Uint8Array {
  return transferFrame(TRANSFER.offer, 1, encoder.encode(text));
}

const ONE_BYTE = new Uint8Array(1);
const GREETING = greetFrame({
  mine: 1n,
  yours: 0n,
  received: 0,
  maxMessageBytes: FRAME_BYTES,
  name: new Uint8Array(),
});
const OFFER = jsonFrame(TRANSFER.offer, 1, { name: "kept", type: "", size: 3 });

const ENDLESS_OFFER = jsonFrame(TRANSFER.offer, 1, {
  name: "kept",
  type: "",
  size: null,
});

/** What no honest peer sends. */
const DROPPED: readonly (readonly [
  what: string,
  channel: Stolen,
  frames: Frames,
])[] = [
  ["a string", "messages", ["hello"]],
  ["an empty frame", "messages", [new Uint8Array()]],
  ["a type that there is not", "messages", [item(2)]],
  ["a second greeting", "messages", [GREETING]],
  ["an acknowledgement of what was never sent", "messages", [ackFrame(1)]],
  ["a frame that is too large", "messages", [
    item(ITEM | START | END, KIND.text, new Uint8Array(FRAME_BYTES)),
  ]],
  ["a middle without a start", "messages", [item(ITEM, 1)]],
  ["a kind that there is not", "messages", [item(ITEM | START | END, 99)]],
  ["the start of more than it takes", "messages", [
    start(KIND.text, 2 ** 28 + 5, ONE_BYTE),
  ]],
  ["a message that is longer than it said", "messages", [
    start(KIND.text, 3, new Uint8Array(4)),
  ]],
  ["a message that ends too early", "messages", [
    start(KIND.text, 3, ONE_BYTE),
    item(ITEM | END, 1),
  ]],
  ["a middle of no bytes", "messages", [
    start(KIND.text, 3, ONE_BYTE),
    item(ITEM),
  ]],
  ["a request among messages", "messages", [
    item(ITEM | START | END, KIND.textRequest, 0, 0, 0, 0),
  ]],
  ["a message among requests", "requests", [
    item(ITEM | START | END, KIND.text),
  ]],
  ["an answer without a number", "requests", [
    item(ITEM | START | END, KIND.textAnswer, 1),
  ]],
  ["a failure that is no JSON", "requests", [
    item(ITEM | START | END, KIND.failure, 0, 0, 0, 1, 0xff),
  ]],
  ["a string for a file", "files", ["hello"]],
  ["data of what was never offered", "files", [
    transferFrame(TRANSFER.data, 1, ONE_BYTE),
  ]],
  ["an offer that is no JSON", "files", [jsonOffer("{")]],
  ["an offer in sixty thousand brackets", "files", [
    jsonOffer("[".repeat(60_000)),
  ]],
  ["an offer with a name of sixty thousand characters", "files", [
    jsonOffer(`{"type":"","size":1,"name":"${"x".repeat(60_000)}"}`),
  ]],
  ["an offer of less than nothing", "files", [
    jsonOffer('{"type":"","size":-1,"name":""}'),
  ]],
  ["the same offer twice", "files", [OFFER, OFFER]],
  ["more than it offered", "files", [
    OFFER,
    transferFrame(TRANSFER.data, 1, new Uint8Array(4)),
  ]],
  ["data of no bytes", "files", [OFFER, transferFrame(TRANSFER.data, 1)]],
  ["an end before the end", "files", [
    OFFER,
    endFrame(1, { byteLength: 3, digest: new Uint8Array(32) }),
  ]],
  ["a grant for what was never sent", "files", [
    grantFrame(1, { granted: 1, confirmed: 0 }),
  ]],
  ["word that it has what was never sent", "files", [
    transferFrame(TRANSFER.done, 1),
  ]],
];

/** What one can send many times; `send` runs in the page of the attacker. */
interface Flood {
  readonly what: string;
  readonly channel: Exclude<Stolen, "messages">;
  readonly frames: readonly Uint8Array[];
  /** How often all of them are sent, each time with the next number. */
  readonly count: number;
  /** Where in a frame its number stands; nowhere if there is none. */
  readonly numberAt?: number;
  /** What is sent once, before. */
  readonly first?: readonly Uint8Array[];
  /** How many answers of which type show that it is borne; else it is dropped. */
  readonly answers?: readonly [type: number, count: number];
  /** What is sent once, behind. */
  readonly last?: Uint8Array;
}

const ANSWER = ITEM | START | END;

const FLOODS: readonly Flood[] = [
  {
    what: "more than was granted",
    channel: "files",
    first: [ENDLESS_OFFER],
    frames: [transferFrame(TRANSFER.data, 1, new Uint8Array(60_000))],
    count: 40,
  },
  {
    what: "ten thousand offers that never end, and confirms no answer",
    channel: "files",
    frames: [OFFER],
    count: 10_000,
    numberAt: 1,
  },
  {
    what: "a thousand files, taken back when they are accepted",
    channel: "files",
    frames: [
      OFFER,
      jsonFrame(TRANSFER.abandon, 1, { code: "cancelled", reason: "" }),
    ],
    count: 1_000,
    numberAt: 1,
    last: transferFrame(
      TRANSFER.offer,
      2 ** 31,
      encoder.encode('{"name":"refused","type":"","size":1}'),
    ),
    answers: [TRANSFER.refuse, 1],
  },
  {
    what: "ten thousand requests, and confirms no answer",
    channel: "requests",
    frames: [item(ANSWER, KIND.textRequest, 0, 0, 0, 0)],
    count: 10_000,
    numberAt: 2,
    // More do not leave before those are confirmed.
    answers: [ANSWER, 3_000],
  },
  {
    what: "a thousand requests that begin large and are void",
    channel: "requests",
    frames: [
      start(KIND.textRequest, 2 ** 28, ONE_BYTE),
      item(ANSWER),
    ],
    count: 1_000,
    last: item(ANSWER, KIND.textRequest, 255, 0, 0, 0),
    answers: [ANSWER, 1],
  },
];

/** Keeps files, counts what it is told, and says how attackers end. Runs in the page of the victim. */
function defend(): void {
  globalThis.heard = [];
  connection.on("file", async (file) => {
    if (file.name === "refused") file.reject();
    else file.accept();
    if (file.name !== "read") return;
    try {
      await file.blob();
    } catch (error) {
      heard.push((error as { code: string }).code);
    }
  });
  connection.onRequest(() => "answer");
  connection.on("message", ({ data, peer: to }) => {
    heard.push(String(data));
    if (data === "ping") void connection.send("pong", { to });
  });
  const reasons = new Map<string, PromiseWithResolvers<string>>();
  const reasonOf = (attacker: string) => {
    const reason = reasons.get(attacker) ?? Promise.withResolvers<string>();
    reasons.set(attacker, reason);
    return reason;
  };
  connection.on("peer-state", ({ peer, state, reason }) => {
    if (state === "closed") reasonOf(peer).resolve(reason);
  });
  globalThis.untilDropped = (attacker) => reasonOf(attacker).promise;
}

Deno.test("a peer that breaks the protocol costs its victim little, and others nothing", async (t) => {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await startSite());
  const mine = stack.use(
    await startBrowser("chrome", { args: ["--js-flags=--expose-gc"] }),
  );
  const theirs = stack.use(await startBrowser("chrome"));
  const pages = await openJoinedPages(
    [mine.browser, theirs.browser],
    site.url,
  );
  for (const page of pages) stack.use(page);
  const [victim, honest] = pages as [JoinedPage, JoinedPage];
  const attacker = stack.use(await openPage(theirs.browser, site.url));
  await defineAttack(attacker.page);
  await victim.page.evaluate(defend);
  const measure = await measurePages(mine.browser);
  const before = await measure();
  let attacks = 0;

  /** Joins as somebody else each time, and attacks; afterwards the others still talk. */
  const underAttack = async (
    run: (id: string) => Promise<void>,
  ): Promise<void> => {
    const id = `attacker-${attacks++}`;
    await attacker.page.evaluate(
      (host, id, victim) => attack({ host, room: "r", id }, victim),
      site.url,
      id,
      victim.id,
    );
    await run(id);
    const answer = await honest.page.evaluate(async () => {
      const pong = next(connection, "message");
      await connection.send("ping", { to: "page-0" });
      return (await pong).data;
    });
    assertEquals(answer, "pong");
    // What it has thrown away already is no harm.
    await victim.page.evaluate(() => gc());
    const more = await measure() - before;
    assert(more <= BOUND_BYTES, `${more} bytes more`);
    await attacker.page.evaluate(() => connection.close());
  };

  const strike = async (channel: Stolen, frames: Frames) => {
    const numbers = frames.map((frame) =>
      typeof frame === "string" ? frame : [...frame]
    );
    await attacker.page.evaluate(
      (channel, frames) => globalThis.strike(channel, frames),
      channel,
      numbers,
    );
  };

  const untilDropped = async (id: string) => {
    await victim.page.evaluate((id) => {
      globalThis.kept = globalThis.untilDropped(id);
    }, id);
    assertEquals(await untilKept(victim.page), "the peer broke the protocol");
  };

  const untilHeard = async (what: string) => {
    await victim.page.evaluate((what) => {
      globalThis.kept = (async () => {
        while (!heard.includes(what)) await next(connection, "message");
      })();
    }, what);
    await untilKept(victim.page);
  };

  for (const [what, channel, frames] of DROPPED) {
    await t.step(`who is dropped when it sends ${what}`, async () => {
      await underAttack(async (id) => {
        await strike(channel, frames);
        await untilDropped(id);
      });
    });
  }

  for (const flood of FLOODS) {
    const { what, channel, first = [], frames, count, last, answers } = flood;
    const outcome = answers ? "borne" : "dropped";
    await t.step(`who is ${outcome} when it sends ${what}`, async () => {
      await underAttack(async (id) => {
        await strike(channel, first);
        await attacker.page.evaluate(
          (channel, frames, count, numberAt) => {
            const all = frames.map((frame) => Uint8Array.from(frame));
            for (let number = 1; number <= count; number++) {
              for (const frame of all) {
                const view = new DataView(frame.buffer);
                if (numberAt !== null) view.setUint32(numberAt, number);
                stolen[channel].send(frame);
              }
            }
          },
          channel,
          frames.map((frame) => [...frame]),
          count,
          flood.numberAt ?? null,
        );
        if (!answers) return await untilDropped(id);
        if (last) await strike(channel, [last]);
        await attacker.page.evaluate(
          (channel, type, count) => {
            globalThis.kept = answered(channel, type, count);
          },
          channel,
          ...answers,
        );
        assert(await untilKept(attacker.page), "it was dropped");
      });
    });
  }

  await t.step("who is heard when it sends wrong UTF-8", async () => {
    await underAttack(async () => {
      await strike("messages", [
        item(ITEM | START | END, KIND.text, 0xff, 0x61),
      ]);
      await untilHeard("\ufffda");
    });
  });

  await t.step("whose file is refused when its digest is wrong", async () => {
    await underAttack(async () => {
      await strike("files", [
        jsonFrame(TRANSFER.offer, 1, { name: "read", type: "", size: 3 }),
        transferFrame(TRANSFER.data, 1, new Uint8Array(3)),
        endFrame(1, { byteLength: 3, digest: new Uint8Array(32) }),
      ]);
      await attacker.page.evaluate(
        (refuse) => answered("files", refuse, 1),
        TRANSFER.refuse,
      );
      const told = await victim.page.evaluate(() => heard.at(-1));
      assertEquals(told, "corrupt");
    });
  });

  await t.step("who takes nothing of what it is sent", async () => {
    await underAttack(async (id) => {
      await victim.page.evaluate(async (to) => {
        // Its channels may have opened later than those of the attacker.
        await connection.connectToPeer(to);
        const name = (error: unknown) => (error as Error).name;
        globalThis.kept = Promise.all([
          connection.send(content.bytes(0, 2 ** 23), { to }).catch(name),
          connection.sendFile(content.stream(2 ** 23), { to }).catch(name),
          connection.request("x", { to }).catch(name),
        ]);
      }, id);
    });
    assertEquals(await untilKept(victim.page), [
      "SendError",
      "TransferError",
      "RequestError",
    ]);
  });

  assertEquals(victim.complaints, []);
  assertEquals(honest.complaints, []);
});
