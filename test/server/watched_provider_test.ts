import { assertEquals } from "@std/assert";
import type { LogRecord } from "../../server/log_record.ts";
import { Tally } from "../../server/tally.ts";
import {
  type IceConfig,
  TurnError,
  type TurnProvider,
  type TurnRequest,
} from "../../server/turn_provider.ts";
import { WatchedProvider } from "../../server/watched_provider.ts";
import { FakeTime } from "../support/fake_time.ts";

const CONFIG: IceConfig = {
  iceServers: [{ urls: ["turn:t"], username: "u", credential: "c" }],
  expiresAt: null,
};
const FAILED = {
  level: "warn",
  event: "turn-failed",
  provider: "fake",
  reason: "down",
} as const;
const RECOVERED = {
  level: "info",
  event: "turn-recovered",
  provider: "fake",
} as const;

/** A provider that a test answers for, watched, at a time that the test lets pass. */
class Scene implements Disposable {
  readonly time = new FakeTime();
  readonly tally = new Tally();
  readonly records: LogRecord[] = [];
  readonly asked: (PromiseWithResolvers<IceConfig> & TurnRequest)[] = [];
  readonly revoked: (PromiseWithResolvers<void> & { signal: AbortSignal })[] =
    [];
  readonly watched: WatchedProvider;

  constructor(provider: Partial<TurnProvider> = {}) {
    this.watched = new WatchedProvider({
      name: "fake",
      description: "fake",
      credentials: (request) => {
        const answer = Promise.withResolvers<IceConfig>();
        this.asked.push({ ...answer, ...request });
        return answer.promise;
      },
      revoke: (_, { signal }) => {
        const answer = Promise.withResolvers<void>();
        this.revoked.push({ ...answer, signal });
        return answer.promise;
      },
      ...provider,
    }, {
      log: (record) => this.records.push(record),
      tally: this.tally,
      now: Date.now,
    });
  }

  ask(signal = new AbortController().signal): Promise<IceConfig | undefined> {
    return this.watched.credentials({ peer: "7", signal });
  }

  revoke(signal = new AbortController().signal): Promise<void> {
    return this.watched.revoke(CONFIG, signal);
  }

  /** Asks, and lets the request fail. */
  async fail(error: Error = new TurnError("down")): Promise<void> {
    const answer = this.ask();
    this.asked.at(-1)?.reject(error);
    assertEquals(await answer, undefined);
  }

  counts(): readonly number[] {
    return (["turn_minted", "turn_failed", "turn_revoked"] as const)
      .map((what) => this.tally.count(what, "fake"));
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }
}

Deno.test("WatchedProvider passes on who asks and what is given, and counts it", async () => {
  using scene = new Scene();
  const answer = scene.ask();
  assertEquals(scene.asked[0]?.peer, "7");
  scene.asked[0]?.resolve(CONFIG);
  assertEquals(await answer, CONFIG);
  assertEquals(scene.counts(), [1, 0, 0]);
  assertEquals(scene.records, []);
  assertEquals(scene.time.timers, 0);
});

Deno.test("WatchedProvider leaves a provider alone for ten seconds when it failed", async () => {
  using scene = new Scene();
  await scene.fail();
  scene.time.pass(9_999);
  assertEquals(await scene.ask(), undefined);
  assertEquals(scene.asked.length, 1);
  scene.time.pass(1);
  void scene.ask();
  assertEquals(scene.asked.length, 2);
});

Deno.test("WatchedProvider tells once that a provider failed, and once that it is back", async () => {
  using scene = new Scene();
  // All that were under way when it went down.
  const answers = [scene.ask(), scene.ask(), scene.ask()];
  for (const { reject } of scene.asked) reject(new TurnError("down"));
  await Promise.all(answers);
  for (let minutes = 0; minutes < 3; minutes++) {
    scene.time.pass(60_000);
    await scene.fail();
  }
  assertEquals(scene.records, [FAILED]);
  for (let back = 0; back < 2; back++) {
    scene.time.pass(60_000);
    const answer = scene.ask();
    scene.asked.at(-1)?.resolve(CONFIG);
    await answer;
  }
  assertEquals(scene.records, [FAILED, RECOVERED]);
  await scene.fail();
  assertEquals(scene.records, [FAILED, RECOVERED, FAILED]);
  assertEquals(scene.counts(), [2, 7, 0]);
});

Deno.test("WatchedProvider lets one request find out whether a provider is back, and no other", async () => {
  using scene = new Scene();
  await scene.fail();
  scene.time.pass(10_000);
  const trial = scene.ask();
  assertEquals(await scene.ask(), undefined);
  assertEquals(scene.asked.length, 2);
  scene.asked[1]?.resolve(CONFIG);
  assertEquals(await trial, CONFIG);
  void scene.ask();
  assertEquals(scene.asked.length, 3);
});

Deno.test("WatchedProvider lets the next request find out when the one that should has gone", async () => {
  using scene = new Scene();
  await scene.fail();
  scene.time.pass(10_000);
  const controller = new AbortController();
  const trial = scene.ask(controller.signal);
  controller.abort();
  assertEquals(await trial, undefined);
  void scene.ask();
  assertEquals(scene.asked.length, 3);
  assertEquals(scene.records, [FAILED]);
});

Deno.test("WatchedProvider keeps what it knows of a provider when a request that nobody wants any more ends late", async () => {
  using scene = new Scene();
  const controller = new AbortController();
  const gone = scene.ask(controller.signal);
  await scene.fail();
  controller.abort();
  await gone;
  assertEquals(await scene.ask(), undefined);
  assertEquals(scene.asked.length, 2);
});

Deno.test("WatchedProvider pauses no longer when the clock has gone back", async () => {
  using scene = new Scene();
  await scene.fail();
  scene.time.turnClock(-3_600_000);
  void scene.ask();
  assertEquals(scene.asked.length, 2);
});

Deno.test("WatchedProvider gives up after five seconds, even if the provider ignores its signal", async () => {
  using scene = new Scene();
  const answer = scene.ask();
  scene.time.pass(4_999);
  assertEquals(scene.asked[0]?.signal.aborted, false);
  scene.time.pass(1);
  assertEquals(await answer, undefined);
  assertEquals(scene.asked[0]?.signal.aborted, true);
  assertEquals(scene.records, [
    { ...FAILED, reason: "no answer within 5000 ms" },
  ]);
});

Deno.test("WatchedProvider ends a request at once, and counts no failure, when nobody wants it any more", async () => {
  using scene = new Scene();
  const controller = new AbortController();
  const answer = scene.ask(controller.signal);
  controller.abort();
  assertEquals(await answer, undefined);
  assertEquals(scene.asked[0]?.signal.aborted, true);
  assertEquals(scene.records, []);
  assertEquals(scene.counts(), [0, 0, 0]);
  assertEquals(scene.time.timers, 0);
});

Deno.test("WatchedProvider asks for no more than 64 at once, the others in the order they came, and not for those who have gone", async () => {
  using scene = new Scene();
  const controller = new AbortController();
  const answers = Array.from({ length: 64 }, () => scene.ask());
  const gone = scene.ask(controller.signal);
  const next = scene.ask();
  controller.abort();
  assertEquals(scene.asked.length, 64);
  scene.time.pass(4_000);
  scene.asked[0]?.resolve(CONFIG);
  assertEquals(await answers[0], CONFIG);
  assertEquals(await gone, undefined);
  assertEquals(scene.asked.length, 65);
  // Its five seconds have begun just now.
  scene.time.pass(4_000);
  scene.asked[64]?.resolve(CONFIG);
  assertEquals(await next, CONFIG);
});

Deno.test("WatchedProvider lets those who wait go on without it when it has failed", async () => {
  using scene = new Scene();
  const answers = Array.from({ length: 200 }, () => scene.ask());
  scene.time.pass(5_000);
  assertEquals((await Promise.all(answers)).some(Boolean), false);
  assertEquals(scene.asked.length, 64);
  assertEquals(scene.records.length, 1);
});

/** A signal that lives as long as a server, and how many listen to it. */
class CountingSignal extends AbortController {
  listeners = 0;

  constructor() {
    super();
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    Object.assign(signal, {
      addEventListener: (...args: Parameters<typeof add>) => {
        this.listeners++;
        add(...args);
      },
      removeEventListener: (...args: Parameters<typeof remove>) => {
        this.listeners--;
        remove(...args);
      },
    });
  }
}

Deno.test("WatchedProvider listens no longer to a signal than its request lasts", async () => {
  using scene = new Scene();
  const counting = new CountingSignal();
  const answer = scene.ask(counting.signal);
  const revoked = scene.revoke(counting.signal);
  assertEquals(counting.listeners, 2);
  scene.asked[0]?.resolve(CONFIG);
  scene.revoked[0]?.reject(new TurnError("down"));
  await Promise.all([answer, revoked]);
  assertEquals(counting.listeners, 0);
});

const STUN = { iceServers: [{ urls: ["stun:s"] }], expiresAt: null };

for (
  const [what, config, reason] of [
    ["STUN only", STUN, "no TURN server with a credential"],
    [
      "nothing",
      { ...CONFIG, iceServers: [] },
      "no TURN server with a credential",
    ],
    [
      "TURN without a credential",
      { ...CONFIG, iceServers: [{ urls: ["turn:t"], username: "u" }] },
      "no TURN server with a credential",
    ],
    [
      "what has expired",
      { ...CONFIG, expiresAt: 1_700_000_000_000 },
      "the credentials have expired already",
    ],
  ] as const
) {
  Deno.test(`WatchedProvider takes it for a failure when a provider gives ${what}`, async () => {
    using scene = new Scene();
    const answer = scene.ask();
    scene.asked[0]?.resolve(config);
    assertEquals(await answer, undefined);
    assertEquals(scene.records, [{ ...FAILED, reason }]);
  });
}

Deno.test("WatchedProvider takes STUN of a provider that has no more, and does not count it", async () => {
  using scene = new Scene({ stunOnly: true });
  const answer = scene.ask();
  scene.asked[0]?.resolve(STUN);
  assertEquals(await answer, STUN);
  assertEquals(scene.counts(), [0, 0, 0]);
});

for (
  const [what, thrower] of [
    ["rejects", () => Promise.reject(new Error("token abc is wrong"))],
    ["throws", () => {
      throw new Error("token abc is wrong");
    }],
  ] as const
) {
  Deno.test(`WatchedProvider logs no word that is not our own when a provider ${what}`, async () => {
    using scene = new Scene({ credentials: thrower, revoke: thrower });
    assertEquals(await scene.ask(), undefined);
    await scene.revoke();
    assertEquals(scene.records, [
      { ...FAILED, reason: "the provider threw" },
      { ...FAILED, event: "turn-revoke-failed", reason: "the provider threw" },
    ]);
  });
}

Deno.test("WatchedProvider revokes and counts it, and says nothing about it", async () => {
  using scene = new Scene();
  const done = scene.revoke();
  scene.revoked[0]?.resolve();
  await done;
  assertEquals(scene.counts(), [0, 0, 1]);
  assertEquals(scene.records, []);
  assertEquals(scene.time.timers, 0);
});

Deno.test("WatchedProvider does nothing when a provider cannot revoke", async () => {
  using scene = new Scene();
  const { watched } = scene;
  const plain = new WatchedProvider({
    name: "fake",
    description: "fake",
    credentials: () => Promise.resolve(CONFIG),
  }, { log: () => {}, tally: scene.tally, now: Date.now });
  await plain.revoke(CONFIG, new AbortController().signal);
  await watched.revoke(CONFIG, AbortSignal.abort());
  assertEquals(scene.revoked, []);
  assertEquals(scene.counts(), [0, 0, 0]);
});

Deno.test("WatchedProvider tells once that a provider revokes nothing, and again when it did meanwhile", async () => {
  using scene = new Scene();
  const revoke = async (works: boolean) => {
    const done = scene.revoke();
    if (works) scene.revoked.at(-1)?.resolve();
    else scene.revoked.at(-1)?.reject(new TurnError("down"));
    await done;
  };
  const told = { ...FAILED, event: "turn-revoke-failed" } as const;
  for (const works of [false, false]) await revoke(works);
  assertEquals(scene.records, [told]);
  for (const works of [true, false]) await revoke(works);
  assertEquals(scene.records, [told, told]);
});

Deno.test("WatchedProvider gives a revocation five seconds, and drops it quietly when the server stops", async () => {
  using scene = new Scene();
  const late = scene.revoke();
  scene.time.pass(5_000);
  await late;
  assertEquals(scene.records.length, 1);
  const controller = new AbortController();
  const dropped = scene.revoke(controller.signal);
  controller.abort();
  await dropped;
  assertEquals(scene.revoked[1]?.signal.aborted, true);
  assertEquals(scene.records.length, 1);
  assertEquals(scene.time.timers, 0);
});
