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

const TURN = { urls: ["turn:t"], username: "u", credential: "c" };
const CONFIG: IceConfig = { iceServers: [TURN], expiresAt: null };
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

  constructor(
    provider: Partial<TurnProvider> = {},
    options: { probes?: boolean } = {},
  ) {
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
    }, options);
  }

  ask(signal = new AbortController().signal): Promise<IceConfig | undefined> {
    return this.watched.credentials({ peer: "7", signal });
  }

  revoke(): Promise<void> {
    return this.watched.revoke(CONFIG);
  }

  /** Asks, and lets the request fail. */
  async fail(): Promise<void> {
    const answer = this.ask();
    this.asked.at(-1)?.reject(new TurnError("down"));
    assertEquals(await answer, undefined);
  }

  /** Asks, and answers. */
  async succeed(): Promise<void> {
    const answer = this.ask();
    this.asked.at(-1)?.resolve(CONFIG);
    assertEquals(await answer, CONFIG);
  }

  /** Lets it fail until it is left alone, and forgets what it was asked. */
  async down(): Promise<void> {
    for (let failures = 0; failures < 3; failures++) await this.fail();
    this.asked.length = 0;
  }

  /** Lets time pass, and what follows from it happen. */
  async pass(ms: number): Promise<void> {
    await this.time.flow(ms);
    await this.time.flow(0);
  }

  counts(): readonly number[] {
    return ([
      "turn_minted",
      "turn_failed",
      "turn_revoked",
      "turn_revoke_failed",
    ] as const).map((what) => this.tally.count(what, "fake"));
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
  assertEquals(scene.counts(), [1, 0, 0, 0]);
  assertEquals(scene.records, []);
  assertEquals(scene.time.timers, 0);
});

Deno.test("WatchedProvider asks again at once when a provider failed twice", async () => {
  using scene = new Scene();
  for (let rounds = 0; rounds < 3; rounds++) {
    await scene.fail();
    await scene.fail();
    await scene.succeed();
  }
  assertEquals(scene.records, []);
  assertEquals(scene.counts(), [3, 6, 0, 0]);
});

Deno.test("WatchedProvider leaves a provider alone for ten seconds when it failed three times in a row", async () => {
  using scene = new Scene();
  await scene.down();
  scene.time.pass(9_999);
  assertEquals(await scene.ask(), undefined);
  assertEquals(scene.asked.length, 0);
  scene.time.pass(1);
  void scene.ask();
  assertEquals(scene.asked.length, 1);
});

Deno.test("WatchedProvider tells once that a provider is down, and once that it is back", async () => {
  using scene = new Scene();
  // All that were under way when it went down.
  const answers = [1, 2, 3, 4].map(() => scene.ask());
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
  await scene.down();
  assertEquals(scene.records, [FAILED, RECOVERED, FAILED]);
  assertEquals(scene.counts(), [2, 10, 0, 0]);
});

Deno.test("WatchedProvider lets one request find out whether a provider is back, and no other", async () => {
  using scene = new Scene();
  await scene.down();
  scene.time.pass(10_000);
  const trial = scene.ask();
  assertEquals(await scene.ask(), undefined);
  assertEquals(scene.asked.length, 1);
  scene.asked[0]?.resolve(CONFIG);
  assertEquals(await trial, CONFIG);
  void scene.ask();
  assertEquals(scene.asked.length, 2);
});

Deno.test("WatchedProvider finds out whether a provider is back though whoever asked has gone, and revokes what nobody got", async () => {
  using scene = new Scene();
  await scene.down();
  scene.time.pass(10_000);
  const controller = new AbortController();
  const trial = scene.ask(controller.signal);
  controller.abort();
  assertEquals(scene.asked[0]?.signal.aborted, false);
  scene.asked[0]?.resolve(CONFIG);
  assertEquals(await trial, undefined);
  assertEquals(scene.records, [FAILED, RECOVERED]);
  scene.revoked[0]?.resolve();
  await scene.pass(0);
  assertEquals(scene.counts(), [1, 3, 1, 0]);
  await scene.succeed();
});

Deno.test("WatchedProvider ends what is under way, and asks for nothing, when it is closed", async () => {
  using scene = new Scene();
  await scene.down();
  scene.time.pass(10_000);
  const trial = scene.ask();
  const revoked = scene.revoke();
  scene.watched.close();
  assertEquals(await trial, undefined);
  await revoked;
  assertEquals(scene.asked[0]?.signal.aborted, true);
  assertEquals(scene.revoked[0]?.signal.aborted, true);
  assertEquals(await scene.ask(), undefined);
  await scene.revoke();
  assertEquals([scene.asked.length, scene.revoked.length], [1, 1]);
  assertEquals(scene.records, [FAILED]);
  assertEquals(scene.counts(), [0, 3, 0, 0]);
  assertEquals(scene.time.timers, 0);
});

Deno.test("WatchedProvider keeps what it knows of a provider when a request that nobody wants any more ends late", async () => {
  using scene = new Scene();
  const controller = new AbortController();
  const gone = scene.ask(controller.signal);
  await scene.down();
  controller.abort();
  await gone;
  assertEquals(await scene.ask(), undefined);
  assertEquals(scene.asked.length, 0);
});

Deno.test("WatchedProvider pauses no longer when the clock has gone back", async () => {
  using scene = new Scene();
  await scene.down();
  scene.time.turnClock(-3_600_000);
  void scene.ask();
  assertEquals(scene.asked.length, 1);
});

Deno.test("WatchedProvider gives up after five seconds, even if the provider ignores its signal", async () => {
  using scene = new Scene();
  const answers = [1, 2, 3].map(() => scene.ask());
  scene.time.pass(4_999);
  assertEquals(scene.asked[0]?.signal.aborted, false);
  scene.time.pass(1);
  assertEquals(await answers[2], undefined);
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
  assertEquals(scene.counts(), [0, 0, 0, 0]);
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
  assertEquals(counting.listeners, 1);
  scene.asked[0]?.resolve(CONFIG);
  await answer;
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
      "TURN with an empty user name",
      { ...CONFIG, iceServers: [{ ...TURN, username: "" }] },
      "no TURN server with a credential",
    ],
    [
      "one that makes browsers throw, beside a good one",
      { ...CONFIG, iceServers: [TURN, { urls: ["stun:s:70000"] }] },
      "a server that browsers do not take",
    ],
    [
      "what has expired",
      { ...CONFIG, expiresAt: 1_700_000_000_000 },
      "the credentials have expired already",
    ],
    ...[undefined, NaN, Infinity, "2100-01-01", "4102444800000"].map((at) =>
      [
        `what expires at ${at}, which is a ${typeof at}`,
        { ...CONFIG, expiresAt: at as number },
        "no time at which the credentials expire",
      ] as const
    ),
  ] as const
) {
  Deno.test(`WatchedProvider takes it for a failure when a provider gives ${what}`, async () => {
    using scene = new Scene();
    const answers = [1, 2, 3].map(() => scene.ask());
    for (const { resolve } of scene.asked) resolve(config);
    assertEquals(await answers[2], undefined);
    assertEquals(scene.records, [{ ...FAILED, reason }]);
  });
}

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
    for (let asked = 0; asked < 3; asked++) {
      assertEquals(await scene.ask(), undefined);
    }
    void scene.revoke();
    await scene.pass(10_000);
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
  assertEquals(scene.counts(), [0, 0, 1, 0]);
  assertEquals(scene.records, []);
  assertEquals(scene.time.timers, 0);
});

Deno.test("WatchedProvider does nothing when a provider cannot revoke", async () => {
  using scene = new Scene();
  const plain = new WatchedProvider({
    name: "fake",
    description: "fake",
    credentials: () => Promise.resolve(CONFIG),
  }, { log: () => {}, tally: scene.tally, now: Date.now });
  await plain.revoke(CONFIG);
  assertEquals(scene.counts(), [0, 0, 0, 0]);
});

Deno.test("WatchedProvider revokes again ten seconds after it failed to", async () => {
  using scene = new Scene();
  const done = scene.revoke();
  scene.revoked[0]?.reject(new TurnError("down"));
  await scene.pass(9_999);
  assertEquals(scene.revoked.length, 1);
  await scene.pass(1);
  scene.revoked[1]?.resolve();
  await done;
  assertEquals(scene.records, []);
  assertEquals(scene.counts(), [0, 0, 1, 0]);
});

Deno.test("WatchedProvider tells once that a provider revokes nothing, and again when it did meanwhile, and counts all", async () => {
  using scene = new Scene();
  const revoke = async (works: boolean) => {
    const done = scene.revoke();
    for (let tries = 0; tries < 2; tries++) {
      if (works) scene.revoked.at(-1)?.resolve();
      else scene.revoked.at(-1)?.reject(new TurnError("down"));
      await scene.pass(10_000);
    }
    await done;
  };
  const told = { ...FAILED, event: "turn-revoke-failed" } as const;
  for (const works of [false, false]) await revoke(works);
  assertEquals(scene.records, [told]);
  for (const works of [true, false]) await revoke(works);
  assertEquals(scene.records, [told, told]);
  assertEquals(scene.counts(), [0, 0, 1, 3]);
});

Deno.test("WatchedProvider gives a revocation five seconds, twice, and drops it quietly when the server stops", async () => {
  using scene = new Scene();
  const late = scene.revoke();
  await scene.pass(20_000);
  await late;
  assertEquals(scene.revoked.length, 2);
  assertEquals(scene.counts(), [0, 0, 0, 1]);
  const waiting = scene.revoke();
  scene.revoked[2]?.reject(new TurnError("down"));
  const dropped = scene.revoke();
  await scene.pass(0);
  scene.watched.close();
  await Promise.all([waiting, dropped]);
  assertEquals(scene.revoked[3]?.signal.aborted, true);
  assertEquals(scene.counts(), [0, 0, 0, 1]);
  assertEquals(scene.time.timers, 0);
});

Deno.test("WatchedProvider revokes no more than 32 at once, and loses none of those that wait", async () => {
  using scene = new Scene();
  const all = Array.from({ length: 600 }, () => scene.revoke());
  for (let done = 0; done < 600; done += scene.revoked.length - done) {
    await scene.pass(0);
    assertEquals(scene.revoked.length - done <= 32, true);
    for (const { resolve } of scene.revoked.slice(done)) resolve();
  }
  await Promise.all(all);
  assertEquals(scene.counts(), [0, 0, 600, 0]);
});

Deno.test("WatchedProvider gives up what cannot be revoked for too many that wait", async () => {
  using scene = new Scene();
  // One that is done waits no more.
  const done = scene.revoke();
  scene.revoked[0]?.resolve();
  await done;
  for (let count = 0; count < 4_096; count++) void scene.revoke();
  assertEquals(scene.records, []);
  await scene.revoke();
  assertEquals(scene.records, [{
    ...FAILED,
    event: "turn-revoke-failed",
    reason: "too many wait for it",
  }]);
  assertEquals(scene.counts(), [0, 0, 1, 1]);
  scene.watched.close();
  await scene.pass(0);
});

/** A provider that is probed, and the probes that were made. */
function probed() {
  const probes: (PromiseWithResolvers<void> & { signal: AbortSignal })[] = [];
  const probe = ({ signal }: { signal: AbortSignal }) => {
    const answer = Promise.withResolvers<void>();
    probes.push({ ...answer, signal });
    return answer.promise;
  };
  return { probes, scene: new Scene({ probe }, { probes: true }) };
}

Deno.test("WatchedProvider probes nothing when there is no other provider to ask", async () => {
  using scene = new Scene({ probe: () => Promise.reject(new Error()) });
  await scene.succeed();
});

Deno.test("WatchedProvider probes once for all who ask, and again after thirty seconds", async () => {
  const { probes, scene } = probed();
  using _ = scene;
  for (let rounds = 1; rounds < 3; rounds++) {
    const answers = [scene.ask(), scene.ask()];
    assertEquals([probes.length, scene.asked.length], [rounds, 0]);
    probes.at(-1)?.resolve();
    await scene.pass(0);
    for (const { resolve } of scene.asked) resolve(CONFIG);
    assertEquals(await Promise.all(answers), [CONFIG, CONFIG]);
    await scene.pass(29_999);
    await scene.succeed();
    assertEquals(probes.length, rounds);
    await scene.pass(1);
    scene.asked.length = 0;
  }
});

Deno.test("WatchedProvider takes it for a failure when servers do not answer its probe, and is told when they do", async () => {
  const { probes, scene } = probed();
  using _ = scene;
  for (let failures = 0; failures < 3; failures++) {
    const answer = scene.ask();
    probes.at(-1)?.reject(new TurnError("down"));
    assertEquals(await answer, undefined);
  }
  assertEquals(scene.records, [FAILED]);
  scene.time.pass(10_000);
  const answer = scene.ask();
  probes.at(-1)?.resolve();
  await scene.pass(0);
  scene.asked[0]?.resolve(CONFIG);
  assertEquals(await answer, CONFIG);
  assertEquals(scene.records, [FAILED, RECOVERED]);
});

Deno.test("WatchedProvider gives a probe five seconds, and goes on with it when whoever asked has gone", async () => {
  const { probes, scene } = probed();
  using _ = scene;
  const controller = new AbortController();
  const gone = scene.ask(controller.signal);
  controller.abort();
  assertEquals(await gone, undefined);
  scene.time.pass(4_999);
  const answer = scene.ask();
  assertEquals(probes.map(({ signal }) => signal.aborted), [false]);
  scene.time.pass(1);
  assertEquals(await answer, undefined);
  assertEquals(probes.map(({ signal }) => signal.aborted), [true]);
  assertEquals(scene.counts(), [0, 1, 0, 0]);
});
