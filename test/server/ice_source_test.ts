import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { IceSource } from "../../server/ice_source.ts";
import type { LogRecord } from "../../server/log_record.ts";
import { PUBLIC_STUN } from "../../server/public_stun.ts";
import { type IceConfig, TurnError } from "../../server/turn_provider.ts";

const STUN = { iceServers: [{ urls: [PUBLIC_STUN] }], expiresAt: null };

/** A source whose provider answers what the test says, at a time that the test sets. */
function setup(timeoutMs = 5_000) {
  const records: LogRecord[] = [];
  const asked: PromiseWithResolvers<IceConfig>[] = [];
  const clock = { now: 0 };
  const source = new IceSource({
    provider: {
      name: "fake",
      description: "fake",
      credentials: () => {
        const answer = Promise.withResolvers<IceConfig>();
        asked.push(answer);
        return answer.promise;
      },
    },
    log: (record) => records.push(record),
    now: () => clock.now,
    timeoutMs,
  });
  return { source, asked, clock, records };
}

function config(expiresAt: number | null): IceConfig {
  return {
    iceServers: [{ urls: ["turn:t"], username: "u", credential: "c" }],
    expiresAt,
  };
}

Deno.test("IceSource asks once when many ask at the same time", async () => {
  const { source, asked } = setup();
  const answers = [source.fresh(), source.fresh(), source.fresh()];
  asked[0]?.resolve(config(1000));
  for (const answer of answers) assertEquals(await answer, config(1000));
  assertEquals(asked.length, 1);
});

Deno.test("IceSource keeps a credential until half of its life is gone", async () => {
  const { source, asked, clock } = setup();
  const first = source.fresh();
  asked[0]?.resolve(config(1000));
  await first;
  clock.now = 499;
  assertEquals(await source.fresh(), config(1000));
  assertEquals(asked.length, 1);
  clock.now = 500;
  const second = source.fresh();
  asked[1]?.resolve(config(1500));
  assertEquals(await second, config(1500));
});

Deno.test("IceSource asks once and for all when nothing expires", async () => {
  const { source, asked, clock } = setup();
  const first = source.fresh();
  asked[0]?.resolve(config(null));
  await first;
  clock.now = Number.MAX_SAFE_INTEGER;
  assertEquals(await source.fresh(), config(null));
  assertEquals(source.known, config(null));
  assertEquals(asked.length, 1);
});

Deno.test("IceSource knows STUN until the provider has answered, and again when the credential died", async () => {
  const { source, asked, clock } = setup();
  assertEquals(source.known, STUN);
  const first = source.fresh();
  assertEquals(source.known, STUN);
  asked[0]?.resolve(config(1000));
  await first;
  assertEquals(source.known, config(1000));
  clock.now = 1000;
  assertEquals(source.known, STUN);
});

Deno.test("IceSource goes on with the old credential when the renewal fails", async () => {
  const { source, asked, clock } = setup();
  const first = source.fresh();
  asked[0]?.resolve(config(1000));
  await first;
  clock.now = 600;
  const second = source.fresh();
  asked[1]?.reject(new TurnError("down"));
  assertEquals(await second, undefined);
  assertEquals(source.known, config(1000));
});

Deno.test("IceSource leaves the provider alone for ten seconds when it failed, then says that it recovered", async () => {
  const { source, asked, clock, records } = setup();
  const first = source.fresh();
  asked[0]?.reject(new TurnError("down"));
  assertEquals(await first, undefined);
  clock.now = 9_999;
  assertEquals(await source.fresh(), undefined);
  assertEquals(asked.length, 1);
  clock.now = 10_000;
  const second = source.fresh();
  asked[1]?.resolve(config(20_000));
  assertEquals(await second, config(20_000));
  assertEquals(records, [
    { level: "warn", event: "turn-failed", provider: "fake", reason: "down" },
    { level: "info", event: "turn-recovered", provider: "fake" },
  ]);
});

Deno.test("IceSource logs no word of an error that is not our own", async () => {
  const { source, asked, records } = setup();
  const first = source.fresh();
  asked[0]?.reject(new Error("token abc is wrong"));
  assertEquals(await first, undefined);
  assertEquals(records, [{
    level: "warn",
    event: "turn-failed",
    provider: "fake",
    reason: "the provider threw",
  }]);
});

Deno.test("IceSource fails quietly when it is closed in the middle of a request", async () => {
  const { source, records } = setup();
  const first = source.fresh();
  source.close();
  assertStrictEquals(await first, undefined);
  assert(records.length === 0);
});

Deno.test("IceSource gives up when the provider takes too long, even one that ignores its signal", async () => {
  const { source, asked, records } = setup(1);
  assertEquals(await source.fresh(), undefined);
  assertEquals(asked.length, 1);
  assertEquals(records, [{
    level: "warn",
    event: "turn-failed",
    provider: "fake",
    reason: "no answer within 1 ms",
  }]);
});
