import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  type IceConfig,
  TurnError,
  type TurnProvider,
} from "../../server/turn_provider.ts";
import { type FakeApi, startFakeApi } from "../support/fake_api.ts";

/** What a provider is made with. */
export interface Making {
  /** Where the fake of its API listens. */
  readonly apiUrl: string;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Life of its credentials, if it mints any. */
  readonly ttlSeconds: number;
}

/** A provider, as its tests need to know it. */
export interface Subject {
  /** Name of its function. */
  readonly name: string;
  /** Makes one. */
  readonly make: (making: Making) => TurnProvider;
  /** What must be in no error and no log. */
  readonly secrets: readonly string[];
  /** Longest life of a credential, in seconds; `undefined` if its credentials do not expire. */
  readonly maxTtlSeconds: number | undefined;
  /** What its API answers, if it has one. */
  readonly api?: {
    /** The documented answer. */
    readonly good: (making: Pick<Making, "ttlSeconds">) => Response;
    /** An answer in the documented form, with that list of servers. */
    readonly listing: (iceServers: readonly unknown[]) => Response;
  };
}

/** Puts spaces behind JSON, which changes nothing about it but its size. */
function padding(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    flush: (stream) =>
      stream.enqueue(new TextEncoder().encode(" ".repeat(64 * 1024))),
  });
}

/** What a vendor says, and nobody may see. */
const WORDS = "words-of-the-vendor";
const CREDENTIALS = { username: "u", credential: "c" };

const peer = "7";
const never = () => new AbortController().signal;

/** Runs the tests that every provider must pass. */
export function conformsToTurnProvider(subject: Subject): void {
  const { name, make, secrets, maxTtlSeconds, api } = subject;
  const ttlSeconds = 60;

  /** The provider with a fake of its API, and a clock that a test sets. */
  function setup(answer: (api: FakeApi) => Response | Promise<Response>) {
    const clock = { now: 1_700_000_000_123 };
    const fake: FakeApi = startFakeApi(() => answer(fake));
    const now = () => clock.now;
    const provider = make({ apiUrl: fake.url, now, ttlSeconds });
    return { fake, clock, provider };
  }

  const good = () => api?.good({ ttlSeconds }) ?? new Response();

  function isDiscreet(error: unknown): void {
    // With its stack and its causes.
    const shown = Deno.inspect(error, { depth: 9 });
    for (const secret of [...secrets, WORDS]) {
      assertEquals(shown.includes(secret), false, shown);
    }
  }

  Deno.test(`${name} gives servers that an RTCPeerConnection takes when it is asked`, async () => {
    const { fake, provider } = setup(good);
    await using _ = fake;
    const { iceServers } = await provider.credentials({
      peer,
      signal: never(),
    });
    const turn = iceServers.filter(({ credential }) => credential);
    assert(turn.length > 0);
    for (const { urls, username, credential } of iceServers) {
      assert(urls.length > 0);
      for (const url of urls) {
        assertMatch(url, /^(stun|turn)s?:[\w.-]+(:\d+)?(\?transport=\w+)?$/);
        assertEquals(/:53\b/.test(url), false, url);
        if (url.startsWith("turn")) {
          assertEquals([typeof username, typeof credential], [
            "string",
            "string",
          ]);
        }
      }
    }
  });

  Deno.test(`${name} claims no longer life than there is when the answer takes its time`, async () => {
    const { fake, clock, provider } = setup(() => {
      clock.now += 4_000;
      return good();
    });
    await using _ = fake;
    const askedAt = clock.now;
    const { expiresAt } = await provider.credentials({
      peer,
      signal: never(),
    });
    if (maxTtlSeconds === undefined) assertEquals(expiresAt, null);
    else {
      const lifeMs = (expiresAt ?? 0) - askedAt;
      assert(lifeMs <= ttlSeconds * 1000, `${lifeMs}`);
      // Some count in whole seconds.
      assert(lifeMs > ttlSeconds * 1000 - 1000, `${lifeMs}`);
    }
  });

  Deno.test(`${name} tells no secret when it describes itself`, async () => {
    const { fake, provider } = setup(good);
    await using _ = fake;
    isDiscreet([provider.name, provider.description]);
  });

  Deno.test(`${name} rejects with the reason of its signal when that is aborted before`, async () => {
    const { fake, provider } = setup(good);
    await using _ = fake;
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const error = await assertRejects(() =>
      provider.credentials({ peer, signal })
    );
    assertStrictEquals(error, reason);
  });

  if (maxTtlSeconds !== undefined) {
    for (const ttlSeconds of [0, -1, 1.5, NaN, maxTtlSeconds + 1]) {
      Deno.test(`${name} throws when a credential shall live ${ttlSeconds} seconds`, () => {
        assertThrows(
          () => make({ apiUrl: "http://localhost", now: () => 0, ttlSeconds }),
          RangeError,
          "ttlSeconds",
        );
      });
    }

    Deno.test(`${name} takes the longest life that there is`, () => {
      const ttlSeconds = maxTtlSeconds;
      make({ apiUrl: "http://localhost", now: () => 0, ttlSeconds });
    });
  }

  if (!api) return;
  const { listing } = api;

  Deno.test(`${name} leaves out what no browser takes when the vendor lists it`, async () => {
    const { fake, provider } = setup(() =>
      listing([
        { urls: ["stun:a:53", "STUN:a", "stun:a?transport=udp", "stun:"] },
        { urls: ["turn:a:053", "turn:a:0", "turn:a:65536"], ...CREDENTIALS },
        { urls: ["turn:a<b", "turn:[:::::]", "turn:a:993"], ...CREDENTIALS },
        { urls: "turn:a", username: "", credential: "c" },
        { urls: "turn:a", username: "u", credential: "" },
        { urls: "turn:a", username: "ü".repeat(255), credential: "c" },
        { urls: ["turns:a:53?transport=tcp", "turn:a"], ...CREDENTIALS },
        { urls: ["turn:[::1]:3478?transport=sctp"], ...CREDENTIALS },
        { urls: ["turn:[::1]:3478", 7, "https://a"], ...CREDENTIALS },
        { urls: ["turn:b"], username: "u" },
        { urls: [], ...CREDENTIALS },
        {},
        null,
        "turn:c",
      ])
    );
    await using _ = fake;
    const { iceServers } = await provider.credentials({
      peer,
      signal: never(),
    });
    assertEquals(iceServers, [
      { urls: ["stun:a"] },
      { urls: ["turn:a"], ...CREDENTIALS },
      { urls: ["turn:[::1]:3478"], ...CREDENTIALS },
    ]);
  });

  Deno.test(`${name} takes no more than 16 URLs when the vendor lists more`, async () => {
    const urls = Array.from({ length: 9 }, (_, host) => `turn:${host}.example`);
    const { fake, provider } = setup(() =>
      listing([
        { urls, ...CREDENTIALS },
        { urls, ...CREDENTIALS },
        { urls, ...CREDENTIALS },
      ])
    );
    await using _ = fake;
    const { iceServers } = await provider.credentials({
      peer,
      signal: never(),
    });
    assertEquals(iceServers, [
      { urls, ...CREDENTIALS },
      { urls: urls.slice(0, 7), ...CREDENTIALS },
    ]);
  });

  const nonsense: readonly (readonly [
    what: string,
    answer: () => Response,
  ])[] = [
    ...[400, 401, 403, 404, 429, 500, 503].map((status) =>
      [
        `${status} with a secret in its body`,
        () => new Response(`${WORDS} ${secrets}`, { status }),
      ] as const
    ),
    [
      "500 with what would be an answer",
      () => new Response(good().body, { status: 500 }),
    ],
    ["200 that is HTML", () => new Response(`<html>${WORDS}${secrets}</html>`)],
    ["201 without a body", () => new Response(null, { status: 201 })],
    [
      "more than it may",
      () => new Response(good().body?.pipeThrough(padding())),
    ],
    ["JSON that is cut off", () => new Response('[{"urls":')],
    ["null", () => Response.json(null)],
    ["an empty object", () => Response.json({})],
    ["an empty list", () => Response.json([])],
    ["a string", () => Response.json(WORDS)],
    ["no servers", () => listing([])],
    ["STUN only", () => listing([{ urls: ["stun:a"] }])],
    ["TURN without a credential", () => listing([{ urls: ["turn:a"] }])],
    [
      "a credential that is a number",
      () => listing([{ urls: ["turn:a"], username: "u", credential: 1 }]),
    ],
    [
      "URLs of another kind",
      () => listing([{ urls: ["https://a", 1, "turn:"], ...CREDENTIALS }]),
    ],
    [
      "port 53 only",
      () => listing([{ urls: ["turn:a:53?transport=udp"], ...CREDENTIALS }]),
    ],
    [
      "a redirect",
      () =>
        new Response(null, {
          status: 307,
          headers: { location: `http://127.0.0.1:1/${WORDS}` },
        }),
    ],
  ];

  for (const [what, answer] of nonsense) {
    Deno.test(`${name} rejects, and is discreet, when the vendor answers ${what}`, async () => {
      const { fake, provider } = setup(answer);
      await using _ = fake;
      const error = await assertRejects(
        () => provider.credentials({ peer, signal: never() }),
        TurnError,
      );
      isDiscreet(error);
    });
  }

  Deno.test(`${name} follows no redirect, which would take its secret elsewhere`, async () => {
    await using elsewhere = startFakeApi(good);
    const location = `${elsewhere.url}/here`;
    const { fake, provider } = setup(() =>
      new Response(null, { status: 307, headers: { location } })
    );
    await using _ = fake;
    await assertRejects(
      () => provider.credentials({ peer, signal: never() }),
      TurnError,
    );
    assertEquals(elsewhere.asked, []);
  });

  Deno.test(`${name} rejects, and is discreet, when nothing listens there`, async () => {
    const { fake, provider } = setup(good);
    await fake[Symbol.asyncDispose]();
    const error = await assertRejects(
      () => provider.credentials({ peer, signal: never() }),
      TurnError,
      "cannot be reached",
    );
    isDiscreet(error);
  });

  const CONFIG: IceConfig = {
    iceServers: [{ urls: ["turn:a"], username: "us/er", credential: "c" }],
    expiresAt: null,
  };

  /** What can be asked of it. */
  const requests: readonly (readonly [
    what: string,
    ask: (
      provider: TurnProvider,
      signal: AbortSignal,
    ) => Promise<unknown> | undefined,
  ])[] = [
    [
      "credentials",
      (provider, signal) => provider.credentials({ peer, signal }),
    ],
    [
      "a revocation",
      (provider, signal) => provider.revoke?.(CONFIG, { signal }),
    ],
  ];
  /** How a vendor can hang; it calls `abort` when its answer is under way. */
  const hangs: readonly (readonly [
    what: string,
    hang: (abort: () => void) => Response | Promise<Response>,
  ])[] = [
    ["nothing", (abort) => {
      abort();
      return new Promise(() => {});
    }],
    ["a body that never ends", (abort) => {
      let begun = false;
      const pull = (body: ReadableStreamDefaultController) => {
        // The second time, the first piece has been taken.
        if (begun) abort();
        else body.enqueue(new TextEncoder().encode("["));
        begun = true;
      };
      return new Response(new ReadableStream({ pull }));
    }],
  ];
  for (const [asked, ask] of requests) {
    for (const [what, hang] of hangs) {
      Deno.test(`${name} rejects with the reason of its signal when it is aborted while the vendor answers ${asked} with ${what}`, async () => {
        const controller = new AbortController();
        const reason = new Error("enough");
        const { fake, provider } = setup(() =>
          hang(() => controller.abort(reason))
        );
        await using _ = fake;
        const promise = ask(provider, controller.signal);
        // A revocation is done when the vendor says so, whatever follows.
        const done = await promise?.then(() => reason, (error) => error);
        assertStrictEquals(done ?? reason, reason);
      });
    }
  }

  for (const status of [401, 404, 500]) {
    Deno.test(`${name} rejects, and is discreet, when the vendor answers a revocation with ${status}`, async () => {
      const { fake, provider } = setup(() =>
        new Response(`${WORDS} ${secrets}`, { status })
      );
      await using _ = fake;
      const revoked = provider.revoke?.(CONFIG, { signal: never() });
      if (!revoked) return;
      isDiscreet(await assertRejects(() => revoked, TurnError));
    });
  }
}
