import { assertEquals } from "@std/assert";
import { IceSource } from "../../server/ice_source.ts";
import { PUBLIC_STUN, publicStun } from "../../server/public_stun.ts";
import { Tally } from "../../server/tally.ts";
import {
  type IceConfig,
  type IceProvider,
  TurnError,
  type TurnProvider,
} from "../../server/turn_provider.ts";

/** A provider that works until it is told not to. */
class FakeProvider implements TurnProvider {
  readonly description = "fake";
  works = true;
  asked = 0;
  readonly revoked: IceConfig[] = [];

  constructor(readonly name: string) {}

  get config(): IceConfig {
    return {
      iceServers: [{
        urls: [`turn:${this.name}`],
        username: "u",
        credential: "c",
      }],
      expiresAt: null,
    };
  }

  credentials(): Promise<IceConfig> {
    this.asked++;
    return this.works
      ? Promise.resolve(this.config)
      : Promise.reject(new TurnError("down"));
  }

  revoke(config: IceConfig): Promise<void> {
    this.revoked.push(config);
    return Promise.resolve();
  }
}

function setup(...providers: IceProvider[]) {
  const clock = { now: 0 };
  const events: string[] = [];
  const source = new IceSource({
    providers,
    log: (record) =>
      events.push(
        "provider" in record ? `${record.event} ${record.provider}` : "",
      ),
    tally: new Tally(),
    now: () => clock.now,
    random: () => 0,
  });
  const mint = async () => {
    const { signal } = new AbortController();
    return await source.mint({ peer: "7", signal });
  };
  return { source, mint, clock, events };
}

Deno.test("IceSource asks the first provider alone when that works", async () => {
  const [a, b] = [new FakeProvider("a"), new FakeProvider("b")];
  const { mint } = setup(a, b);
  assertEquals((await mint())?.config, a.config);
  assertEquals([a.asked, b.asked], [1, 0]);
});

Deno.test("IceSource goes on with the next provider when one has failed, and leaves that alone the third time", async () => {
  const [a, b] = [new FakeProvider("a"), new FakeProvider("b")];
  const { mint, clock, events } = setup(a, b);
  a.works = false;
  for (let asked = 1; asked < 6; asked++) {
    assertEquals((await mint())?.config, b.config);
    assertEquals([a.asked, b.asked], [Math.min(asked, 3), asked]);
  }
  a.works = true;
  clock.now = 10_000;
  assertEquals((await mint())?.config, a.config);
  assertEquals(events, ["turn-failed a", "turn-recovered a"]);
});

Deno.test("IceSource has nothing when all providers have failed, and then there is STUN", async () => {
  const [a, b] = [new FakeProvider("a"), new FakeProvider("b")];
  const { source, mint } = setup(a, b);
  a.works = b.works = false;
  assertEquals(await mint(), undefined);
  assertEquals([a.asked, b.asked], [1, 1]);
  assertEquals(source.withoutTurn, {
    iceServers: [{ urls: [PUBLIC_STUN] }],
    expiresAt: null,
    turn: "failed",
  });
});

const OWN = "stun:own.example";

for (
  const [what, urls, providers, turn] of [
    ["nothing", [PUBLIC_STUN], [], "none"],
    ["STUN", [OWN], [publicStun([OWN])], "none"],
    ["no STUN even", [], [publicStun([])], "none"],
    ["STUN before TURN that fails", [OWN], ["before"], "failed"],
    ["STUN after TURN that fails", [OWN], ["after"], "failed"],
  ] as const
) {
  Deno.test(
    `IceSource gives ${
      urls.join() || "an empty list"
    } and says ${turn} when there is ${what}`,
    async () => {
      const down = new FakeProvider("down");
      down.works = false;
      const all = providers.flatMap((provider) => {
        switch (provider) {
          case "before":
            return [publicStun([OWN]), down];
          case "after":
            return [down, publicStun([OWN])];
          default:
            return [provider];
        }
      });
      const { source, mint } = setup(...all);
      const iceServers = urls.length > 0 ? [{ urls }] : [];
      // Known at once, before anybody was asked.
      assertEquals(source.withoutTurn, { iceServers, expiresAt: null, turn });
      assertEquals(await mint(), undefined);
    },
  );
}

Deno.test("IceSource asks no further when nobody wants to know any more", async () => {
  const [a, b] = [new FakeProvider("a"), new FakeProvider("b")];
  const { source } = setup(a, b);
  const controller = new AbortController();
  a.credentials = () => {
    controller.abort();
    return Promise.reject(new TurnError("down"));
  };
  const { signal } = controller;
  assertEquals(await source.mint({ peer: "7", signal }), undefined);
  assertEquals(b.asked, 0);
});

Deno.test("IceSource tells which provider can revoke what it gave", async () => {
  const [a, b] = [new FakeProvider("a"), new FakeProvider("b")];
  const { mint } = setup(a, b);
  a.works = false;
  const minted = await mint();
  if (minted) await minted.provider?.revoke(minted.config);
  assertEquals([a.revoked, b.revoked], [[], [b.config]]);
});

Deno.test("IceSource asks nobody and revokes nothing when it is closed", async () => {
  const a = new FakeProvider("a");
  const { source, mint } = setup(a);
  const minted = await mint();
  source.close();
  assertEquals(await mint(), undefined);
  if (minted) await minted.provider?.revoke(minted.config);
  await source.shared.fresh();
  assertEquals([a.asked, a.revoked], [1, []]);
});

Deno.test("IceSource probes a provider that another one can stand in for, and not the last one", async () => {
  const [a, b] = [new FakeProvider("a"), new FakeProvider("b")];
  const probed: string[] = [];
  const probes = [a, b].map((provider) =>
    Object.assign(provider, {
      probe: () => {
        probed.push(provider.name);
        return Promise.reject(new TurnError("down"));
      },
    })
  );
  const { mint } = setup(...probes);
  assertEquals((await mint())?.config, b.config);
  assertEquals([a.asked, b.asked, probed], [0, 1, ["a"]]);
});
