import { assert, assertEquals } from "@std/assert";
import { IceLease } from "../../server/ice_lease.ts";
import { type Ice, IceSource } from "../../server/ice_source.ts";
import { PUBLIC_STUN } from "../../server/public_stun.ts";
import { Tally } from "../../server/tally.ts";
import { type IceConfig, TurnError } from "../../server/turn_provider.ts";
import { FakeTime } from "../support/fake_time.ts";

const HOUR_MS = 3_600_000;
const STUN: Ice = {
  iceServers: [{ urls: [PUBLIC_STUN] }],
  expiresAt: null,
  turn: "failed",
};

/** A lease of one session, at a time that the test lets pass. */
class Scene implements Disposable {
  readonly time = new FakeTime();
  /** Numbers the credentials; the last one that was given, or 0. */
  given = 0;
  /** What is made of a request. */
  answer: "at once" | "fails" | "waits" = "at once";
  /** Life of the next credentials. */
  lifeMs: number | null = HOUR_MS;
  /** Whom the provider was asked for, each time. */
  readonly peers: string[] = [];
  readonly signals: AbortSignal[] = [];
  /** User names that were revoked. */
  readonly revoked: (string | undefined)[] = [];
  /** What was known at each change. */
  readonly changes: Ice[] = [];
  /** The random number of all jitter. */
  random = 0;
  readonly lease: IceLease;
  readonly source: IceSource;
  #waiting = Promise.withResolvers<void>();

  constructor({ shared = false, borrows = false } = {}) {
    this.source = new IceSource({
      providers: [{
        name: "fake",
        description: "fake",
        credentials: async ({ peer, signal }) => {
          this.peers.push(peer);
          this.signals.push(signal);
          if (this.answer === "waits") await this.#waiting.promise;
          if (this.answer === "fails") throw new TurnError("down");
          return this.config(++this.given);
        },
        revoke: (config) => {
          this.revoked.push(config.iceServers[0]?.username);
          return Promise.resolve();
        },
      }],
      log: () => {},
      tally: new Tally(),
      now: Date.now,
      random: () => this.random,
    });
    const onChange = () => this.changes.push(this.lease.known);
    this.lease = new IceLease(this.source, {
      peer: "7",
      borrows,
      ...(!shared && { onChange }),
    });
  }

  config(number: number): IceConfig {
    return {
      iceServers: [{
        urls: ["turn:t"],
        username: String(number),
        credential: "c",
      }],
      expiresAt: this.lifeMs === null ? null : Date.now() + this.lifeMs,
    };
  }

  /** Number of the credentials that are known; 0 if it is STUN. */
  get known(): number {
    return Number(this.lease.known.iceServers[0]?.username ?? 0);
  }

  /** Lets time pass, and what follows from it happen. */
  async pass(ms: number): Promise<void> {
    await this.time.flow(ms);
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  }

  /** Answers what waits. */
  async release(answer: "at once" | "fails"): Promise<void> {
    this.answer = answer;
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
    await this.settle();
  }

  [Symbol.dispose](): void {
    this.lease.end({ revoke: false });
    assertEquals(this.time.timers, 0, "a timer outlives the lease");
    this.time[Symbol.dispose]();
  }
}

Deno.test("IceLease asks for its own peer, once when it is wanted several times at once", async () => {
  using scene = new Scene();
  const { lease } = scene;
  assertEquals(scene.peers, []);
  await Promise.all([lease.fresh(), lease.fresh(), lease.fresh()]);
  assertEquals(scene.peers, ["7"]);
  const expiresAt = Date.now() + HOUR_MS;
  const { iceServers } = scene.config(1);
  assertEquals(lease.known, { iceServers, expiresAt, turn: "ready" });
});

Deno.test("IceLease keeps its credentials until half of their life is gone", async () => {
  using scene = new Scene({ shared: true });
  await scene.lease.fresh();
  await scene.pass(HOUR_MS / 2 - 1);
  await scene.lease.fresh();
  assertEquals(scene.known, 1);
  await scene.pass(1);
  await scene.lease.fresh();
  assertEquals(scene.known, 2);
});

for (const [random, part] of [[0, 0.5], [0.5, 0.625], [1, 0.75]] as const) {
  Deno.test(`IceLease renews its credentials, and tells, when ${part} of their life is gone and chance says ${random}`, async () => {
    using scene = new Scene();
    scene.random = random;
    await scene.lease.fresh();
    for (let renewals = 1; renewals < 4; renewals++) {
      await scene.pass(HOUR_MS * part - 1);
      assertEquals(scene.known, renewals);
      await scene.pass(1);
      assertEquals(scene.known, renewals + 1);
    }
    assertEquals(scene.changes.map(({ turn }) => turn), [
      "ready",
      "ready",
      "ready",
      "ready",
    ]);
    assertEquals(scene.changes.at(-1), scene.lease.known);
  });
}

Deno.test("IceLease counts the life of credentials from when it asked for them", async () => {
  using scene = new Scene();
  scene.answer = "waits";
  const asked = scene.lease.fresh();
  // They expire in an hour from now on, but their life has begun before.
  scene.time.pass(4_000);
  await scene.release("at once");
  await asked;
  await scene.pass((HOUR_MS + 4_000) / 2 - 4_000 - 1);
  assertEquals(scene.known, 1);
  await scene.pass(1);
  assertEquals(scene.known, 2);
});

Deno.test("IceLease renews anew when a session that has come back has renewed before", async () => {
  using scene = new Scene();
  scene.random = 1;
  await scene.lease.fresh();
  await scene.pass(HOUR_MS * 0.6);
  await scene.lease.fresh();
  assertEquals(scene.known, 2);
  await scene.pass(HOUR_MS * 0.75 - 1);
  assertEquals(scene.known, 2);
  await scene.pass(1);
  assertEquals(scene.known, 3);
});

Deno.test("IceLease asks again after an hour, when it is wanted, though its credentials do not expire", async () => {
  using scene = new Scene();
  scene.lifeMs = null;
  await scene.lease.fresh();
  assertEquals(scene.time.timers, 0);
  await scene.pass(HOUR_MS - 1);
  await scene.lease.fresh();
  assertEquals(scene.known, 1);
  await scene.pass(1e12);
  assertEquals(scene.known, 1);
  await scene.lease.fresh();
  assertEquals(scene.known, 2);
  assertEquals(scene.time.timers, 0);
});

Deno.test("IceLease asks only when it is wanted, and sets no timer, when nobody is told", async () => {
  using scene = new Scene({ shared: true });
  await scene.lease.fresh();
  assertEquals(scene.time.timers, 0);
  scene.answer = "fails";
  await scene.pass(HOUR_MS);
  await scene.lease.fresh();
  assertEquals(scene.time.timers, 0);
  assertEquals(scene.lease.known, STUN);
});

for (const [random, retryMs] of [[0, 10_000], [1, 15_000]] as const) {
  Deno.test(`IceLease tries again after ${retryMs} ms, until it works, when there is no TURN and chance says ${random}`, async () => {
    using scene = new Scene();
    scene.random = random;
    scene.answer = "fails";
    await scene.lease.fresh();
    assertEquals(scene.lease.known, STUN);
    for (let failures = 1; failures < 4; failures++) {
      assertEquals(scene.peers.length, failures);
      await scene.pass(retryMs - 1);
      assertEquals(scene.peers.length, failures);
      await scene.pass(1);
    }
    assertEquals(scene.changes, []);
    scene.answer = "at once";
    await scene.pass(retryMs);
    assertEquals(scene.known, 1);
    assertEquals(scene.changes.length, 1);
  });
}

Deno.test("IceLease goes on with the old credentials while their renewal fails, and tells of the new ones", async () => {
  using scene = new Scene();
  await scene.lease.fresh();
  scene.answer = "fails";
  await scene.pass(HOUR_MS / 2);
  for (let tries = 2; tries < 5; tries++) {
    assertEquals(scene.peers.length, tries);
    assertEquals(scene.known, 1);
    await scene.pass(10_000);
  }
  assertEquals(scene.changes.length, 1);
  scene.answer = "at once";
  await scene.pass(10_000);
  assertEquals(scene.known, 2);
  assertEquals(scene.changes.length, 2);
});

Deno.test("IceLease tells once that there is no TURN when its credentials have expired, and again when there is", async () => {
  using scene = new Scene();
  await scene.lease.fresh();
  scene.answer = "fails";
  await scene.pass(HOUR_MS + 60_000);
  assertEquals(scene.changes.map(({ turn }) => turn), ["ready", "failed"]);
  assertEquals(scene.lease.known, STUN);
  scene.answer = "at once";
  await scene.pass(10_000);
  assertEquals(scene.changes.at(-1)?.turn, "ready");
});

Deno.test("IceLease knows STUN when its credentials have expired, though nobody has found out yet", async () => {
  using scene = new Scene({ shared: true });
  await scene.lease.fresh();
  await scene.pass(HOUR_MS);
  assertEquals(scene.lease.known, STUN);
});

Deno.test("IceLease asks again when the clock has gone back behind its last request", async () => {
  using scene = new Scene({ shared: true });
  await scene.lease.fresh();
  scene.time.turnClock(-1);
  await scene.lease.fresh();
  assertEquals(scene.known, 2);
});

Deno.test("IceLease renews within a minute when the clock has gone forward, as after a sleep", async () => {
  using scene = new Scene();
  await scene.lease.fresh();
  scene.time.turnClock(2 * HOUR_MS);
  await scene.pass(59_999);
  assertEquals(scene.peers.length, 1);
  await scene.pass(1);
  assertEquals(scene.known, 2);
});

Deno.test("IceLease renews in time when the clock has gone back", async () => {
  using scene = new Scene();
  await scene.lease.fresh();
  await scene.pass(HOUR_MS / 4);
  scene.time.turnClock(-HOUR_MS / 4);
  await scene.pass(HOUR_MS / 4);
  assertEquals(scene.known, 2);
});

for (
  const [what, lifeMs, waitMs] of [
    ["no time at all", 1, 1_000],
    ["longer than a timer can wait", 2 ** 33, 2 ** 32],
  ] as const
) {
  Deno.test(`IceLease waits for ${waitMs} ms when credentials live for ${what}`, async () => {
    using scene = new Scene();
    scene.lifeMs = lifeMs;
    await scene.lease.fresh();
    await scene.pass(waitMs - 1);
    assertEquals(scene.peers.length, 1);
    await scene.pass(1);
    assertEquals(scene.peers.length, 2);
  });
}

Deno.test("IceLease revokes what it holds, and what it has renewed and still lives, when its peer has left for good", async () => {
  using scene = new Scene();
  await scene.lease.fresh();
  await scene.pass(HOUR_MS / 2);
  assertEquals(scene.known, 2);
  scene.lease.end({ revoke: true });
  scene.lease.end({ revoke: true });
  await scene.settle();
  assertEquals(scene.revoked, ["2", "1"]);
});

Deno.test("IceLease revokes nothing that has expired", async () => {
  using scene = new Scene();
  await scene.lease.fresh();
  for (let renewals = 0; renewals < 4; renewals++) {
    await scene.pass(HOUR_MS / 2);
  }
  scene.lease.end({ revoke: true });
  await scene.settle();
  assertEquals(scene.revoked, ["5", "4"]);
});

Deno.test("IceLease revokes nothing when its peer may live on", async () => {
  using scene = new Scene();
  await scene.lease.fresh();
  scene.lease.end({ revoke: false });
  assertEquals(scene.revoked, []);
  assertEquals(scene.time.timers, 0);
});

Deno.test("IceLease ends its request, and asks no more, when it has ended", async () => {
  using scene = new Scene();
  scene.answer = "waits";
  const asked = scene.lease.fresh();
  scene.lease.end({ revoke: true });
  await asked;
  assert(scene.signals[0]?.aborted);
  await scene.release("at once");
  await scene.lease.fresh();
  await scene.pass(HOUR_MS);
  assertEquals(scene.peers.length, 1);
  assertEquals(scene.changes, []);
  assertEquals(scene.revoked, []);
});

Deno.test("IceLease borrows what is shared, renews it as its own, and never revokes it", async () => {
  using scene = new Scene({ borrows: true });
  await scene.source.shared.fresh();
  await scene.pass(HOUR_MS / 4);
  await scene.lease.fresh();
  assertEquals(scene.lease.known, scene.source.shared.known);
  assertEquals([scene.known, scene.peers], [1, ["shared"]]);
  // Half of what was left.
  await scene.pass(HOUR_MS * 3 / 8 - 1);
  assertEquals(scene.known, 1);
  await scene.pass(1);
  assertEquals([scene.known, scene.peers], [2, ["shared", "shared"]]);
  assertEquals(scene.changes.length, 2);
  scene.lease.end({ revoke: true });
  await scene.settle();
  assertEquals(scene.revoked, []);
});

Deno.test("IceLease tells nothing, and tries again, when what it borrows could not be renewed", async () => {
  using scene = new Scene({ borrows: true });
  await scene.lease.fresh();
  scene.answer = "fails";
  await scene.pass(HOUR_MS / 2 + 60_000);
  assertEquals(scene.known, 1);
  assertEquals(scene.changes.length, 1);
  scene.answer = "at once";
  await scene.pass(20_000);
  assertEquals(scene.known, 2);
  assertEquals(scene.changes.length, 2);
});
