import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Buffer } from "node:buffer";
import type { SafetyEmoji } from "../../../client/trust/emoji.ts";
import { SafetyEmojiExchange } from "../../../client/trust/safety_emoji.ts";
import type { SafetySide } from "../../../client/trust/safety_number.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { UnhandledRejections } from "../../support/unhandled_rejections.ts";

const A: SafetySide = { fingerprint: "sha-256 AA:BB:CC" };
const B: SafetySide = {
  fingerprint: "sha-256 01:02:03",
  id: "b",
  publicKey: Uint8Array.of(1, 2, 3),
};
/** Who is in between. */
const M: SafetySide = { fingerprint: "sha-256 FF" };

/** What A and B say with the nonces below, computed elsewhere. */
const KNOWN = {
  A: {
    nonce: (index: number) => index,
    commit: "commit.NkURtoNiw2U9n11FIXddGyMlc1hyG_VSiOSTAhKXlYc",
    reveal: "reveal.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  },
  B: {
    nonce: (index: number) => 255 - index,
    commit: "commit.svKA9wrTQXLzXa6tMOrPEz8xNXtnOloJ4JVR3jXbuUg",
    reveal: "reveal.__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA",
  },
  names: ["Giraffe", "Rose", "Duck", "Lemon", "Rabbit", "Fox", "Apple"],
};

/** One side, and what it says. */
class Side {
  readonly exchange: SafetyEmojiExchange;
  readonly #said: string[] = [];
  readonly #digests: Promise<ArrayBuffer>[] = [];
  #heard = Promise.withResolvers<void>();

  constructor(
    own: SafetySide,
    other: SafetySide,
    nonce?: (index: number) => number,
  ) {
    const recorded = {
      subtle: {
        digest: (name: string, bytes: BufferSource) => {
          const digest = crypto.subtle.digest(name, bytes);
          this.#digests.push(digest);
          return digest;
        },
      },
      getRandomValues: (bytes: Uint8Array<ArrayBuffer>) =>
        nonce
          ? bytes.map((_, index) => nonce(index))
          : crypto.getRandomValues(bytes),
    };
    this.exchange = new SafetyEmojiExchange({
      crypto: recorded as Crypto,
      sides: [own, other],
      send: (text) => {
        this.#said.push(text);
        this.#heard.resolve();
      },
    });
  }

  /** Asks, and is not told yet. */
  start(): Promise<readonly SafetyEmoji[]> {
    return this.exchange.start();
  }

  /** The next text that it says. */
  async next(): Promise<string> {
    for (;;) {
      const text = this.#said.shift();
      if (text !== undefined) return text;
      this.#heard = Promise.withResolvers();
      await this.#heard.promise;
    }
  }

  /** What it has said and nobody has taken. */
  rest(): readonly string[] {
    return this.#said;
  }

  /** Takes texts, one after the other. */
  hear(...texts: readonly string[]): void {
    for (const text of texts) this.exchange.receive(text);
  }

  /** Nothing is computed any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#digests);
  }

  /** Why it fails. */
  async failure(): Promise<string> {
    const error = await assertRejects(() => this.start(), DOMException);
    assertEquals(error.name, "DataError");
    // It stays so.
    assertStrictEquals(await assertRejects(() => this.start()), error);
    await this.idle();
    return error.message;
  }
}

/** Carries two texts in each direction. */
async function carry(one: Side, other: Side): Promise<void> {
  const toOther = async () => {
    for (let texts = 0; texts < 2; texts++) other.hear(await one.next());
  };
  const toOne = async () => {
    for (let texts = 0; texts < 2; texts++) one.hear(await other.next());
  };
  await Promise.all([toOther(), toOne()]);
}

/** Both sides of an exchange that both have asked for, and what they got. */
async function meet(
  one: Side,
  other: Side,
): Promise<(readonly SafetyEmoji[])[]> {
  const asked = [one.start(), other.start()];
  await carry(one, other);
  return await Promise.all(asked);
}

const known = () => new Side(A, B, KNOWN.A.nonce);

Deno.test("SafetyEmojiExchange says and shows what was computed elsewhere", async () => {
  const one = known();
  const other = new Side(B, A, KNOWN.B.nonce);
  const asked = [one.start(), other.start()];
  const [commitA, commitB] = [await one.next(), await other.next()];
  assertEquals([commitA, commitB], [KNOWN.A.commit, KNOWN.B.commit]);
  one.hear(commitB);
  other.hear(commitA);
  const [revealA, revealB] = [await one.next(), await other.next()];
  assertEquals([revealA, revealB], [KNOWN.A.reveal, KNOWN.B.reveal]);
  one.hear(revealB);
  other.hear(revealA);
  const [first, second] = await Promise.all(asked);
  assertEquals(first?.map(({ name }) => name), KNOWN.names);
  assertEquals(second, first);
});

Deno.test("SafetyEmojiExchange shows other emoji when the same sides meet again as others", async () => {
  const [first] = await meet(new Side(A, B), new Side(B, A));
  const [second] = await meet(new Side(A, B), new Side(B, A));
  assertNotEquals(first, second);
});

Deno.test("SafetyEmojiExchange shows the same emoji when asked again, and says nothing new", async () => {
  const [one, other] = [new Side(A, B), new Side(B, A)];
  const early = one.start();
  const [first] = await meet(one, other);
  assertStrictEquals(await early, first);
  assertStrictEquals(await one.start(), first);
  await one.idle();
  assertEquals(one.rest(), []);
});

Deno.test("SafetyEmojiExchange keeps a commit that comes before it is asked", async () => {
  const [one, other] = [new Side(A, B), new Side(B, A)];
  const asked = [one.start()];
  other.hear(await one.next());
  assertEquals([one.rest(), other.rest()], [[], []]);
  asked.push(other.start());
  one.hear(await other.next());
  other.hear(await one.next());
  one.hear(await other.next());
  const [first, second] = await Promise.all(asked);
  assertEquals(first, second);
});

Deno.test("SafetyEmojiExchange reveals nothing when the other has not committed", async () => {
  const one = known();
  one.start();
  assertEquals(await one.next(), KNOWN.A.commit);
  // What it would say next it would say at once.
  assertEquals(one.rest(), []);
  one.hear(KNOWN.B.commit);
  assertEquals(one.rest(), [KNOWN.A.reveal]);
});

Deno.test("SafetyEmojiExchange reveals nothing when it was not asked, whatever comes", async () => {
  const one = known();
  one.hear(KNOWN.B.commit);
  assertEquals(one.rest(), []);
  one.start();
  assertEquals([await one.next(), await one.next()], [
    KNOWN.A.commit,
    KNOWN.A.reveal,
  ]);
});

Deno.test("SafetyEmojiExchange takes the same text twice for one", async () => {
  const one = known();
  const asked = one.start();
  await one.next();
  const { commit, reveal } = KNOWN.B;
  one.hear(commit, commit, reveal, reveal, commit);
  assertEquals((await asked).map(({ name }) => name), KNOWN.names);
  one.hear(reveal, commit, "nonsense");
  assertEquals((await one.start()).map(({ name }) => name), KNOWN.names);
  assertEquals(one.rest(), [KNOWN.A.reveal]);
});

Deno.test("SafetyEmojiExchange agrees in whatever order texts and questions come", async () => {
  const random = seededRandom(7);
  for (let tries = 0; tries < 100; tries++) {
    const [one, other] = [new Side(A, B), new Side(B, A)];
    const asked: Promise<readonly SafetyEmoji[]>[] = [];
    const steps = [one, other].map((side, index) => async () => {
      for (let turns = random() * 4; turns > 0; turns--) await undefined;
      asked[index] = side.start();
    });
    if (random() < 0.5) steps.reverse();
    await Promise.all([...steps.map((step) => step()), carry(one, other)]);
    const [first, second] = await Promise.all(asked);
    assertEquals(first?.length, 7);
    assertEquals(first, second);
  }
});

Deno.test("SafetyEmojiExchange shows different emoji when somebody is in between", async () => {
  const [a, b] = [new Side(A, M), new Side(B, M)];
  // The best that it can do: the same nonce to both.
  const same = (index: number) => index;
  const [seenByA] = await meet(a, new Side(M, A, same));
  const [seenByB] = await meet(b, new Side(M, B, same));
  assertNotEquals(seenByA, seenByB);
});

Deno.test("SafetyEmojiExchange fails on both sides when somebody in between passes on what they say", async () => {
  const [a, b] = [new Side(A, M), new Side(B, M)];
  a.start();
  b.start();
  await carry(a, b);
  for (const side of [a, b]) {
    assertEquals(
      await side.failure(),
      "Cannot compare emoji: it revealed something else than it had committed to",
    );
  }
});

const { commit: COMMIT, reveal: REVEAL } = KNOWN.B;
const OTHER = Buffer.alloc(32, 7).toString("base64url");

/** What the other side says after we have committed, and why that is refused. */
const REFUSED: readonly (readonly [string, readonly string[], string])[] = [
  ["our own commit comes back", [KNOWN.A.commit], "our own commit came back"],
  [
    "our own commit comes back after the other's",
    [COMMIT, KNOWN.A.commit],
    "our own commit came back",
  ],
  ["a second commit comes", [COMMIT, `commit.${OTHER}`], "it committed twice"],
  ["a second commit comes in place of the reveal's", [
    COMMIT,
    REVEAL,
    `commit.${OTHER}`,
  ], "it committed twice"],
  ["a reveal comes without a commit", [REVEAL], "it revealed too early"],
  [
    "another nonce is revealed",
    [COMMIT, `reveal.${OTHER}`],
    "it revealed something else than it had committed to",
  ],
  [
    "our own nonce comes back",
    [COMMIT, KNOWN.A.reveal],
    "it revealed something else than it had committed to",
  ],
  [
    "two nonces are revealed",
    [COMMIT, REVEAL, `reveal.${OTHER}`],
    "it revealed twice",
  ],
  ...[
    "",
    "commit",
    "commit.",
    "reveal.",
    "Commit." + OTHER,
    "commit." + OTHER.slice(1),
    "commit." + OTHER + "A",
    "commit." + OTHER + "=",
    "commit." + OTHER + "\n",
    "\ncommit." + OTHER,
    "commit." + OTHER.slice(0, 42) + "d",
    "constructor." + OTHER,
    OTHER,
    "x".repeat(100_000),
  ].map((text) =>
    [
      `${JSON.stringify(text.slice(0, 60))} comes`,
      [text],
      "what came is malformed",
    ] as const
  ),
];

for (const [when, texts, why] of REFUSED) {
  Deno.test(`SafetyEmojiExchange fails for good when ${when}`, async () => {
    const one = known();
    one.start();
    await one.next();
    one.hear(...texts);
    assertEquals(await one.failure(), `Cannot compare emoji: ${why}`);
    // What is right comes too late.
    const before = [...one.rest()];
    one.hear(COMMIT, REVEAL);
    await one.failure();
    assertEquals(one.rest(), before);
  });
}

Deno.test("SafetyEmojiExchange fails when asked if the other revealed before that", async () => {
  const one = known();
  one.hear(COMMIT, REVEAL);
  assertEquals(
    await one.failure(),
    "Cannot compare emoji: it revealed too early",
  );
  assertEquals(one.rest(), []);
});

Deno.test("SafetyEmojiExchange leaves no rejection to nobody when it fails before it is asked", async () => {
  using unhandled = new UnhandledRejections();
  const one = known();
  one.hear("nonsense");
  assertEquals(await unhandled.all(), []);
  assertEquals(
    await one.failure(),
    "Cannot compare emoji: what came is malformed",
  );
});

Deno.test("SafetyEmojiExchange says nothing when it fails while it commits", async () => {
  const one = known();
  const asked = one.start();
  one.hear(REVEAL);
  await assertRejects(() => asked, DOMException, "it revealed too early");
  await one.idle();
  // Its own commit is known by now, and goes nowhere.
  await undefined;
  assertEquals(one.rest(), []);
});

Deno.test("SafetyEmojiExchange fails when both sides are the same", async () => {
  const one = new Side(A, { fingerprint: A.fingerprint.toLowerCase() });
  assertEquals(
    await one.failure(),
    "Cannot compare emoji: the other side is this one",
  );
});

Deno.test("SafetyEmojiExchange fails when it cannot send", async () => {
  const failure = new Error("closed");
  const exchange = new SafetyEmojiExchange({
    crypto,
    sides: [A, B],
    send() {
      throw failure;
    },
  });
  assertStrictEquals(await assertRejects(() => exchange.start()), failure);
});

Deno.test("SafetyEmojiExchange rejects with the reason when it is aborted", async () => {
  const reason = { gone: true };
  const one = known();
  const asked = one.start();
  one.exchange.abort(reason);
  one.exchange.abort(new Error("later"));
  let caught: unknown;
  await asked.catch((error) => caught = error);
  assertStrictEquals(caught, reason);
  await one.idle();
});

Deno.test("SafetyEmojiExchange keeps its emoji when it is aborted later", async () => {
  const [one, other] = [new Side(A, B), new Side(B, A)];
  const [first] = await meet(one, other);
  one.exchange.abort(new Error("gone"));
  assertStrictEquals(await one.start(), first);
  assert(first);
});
