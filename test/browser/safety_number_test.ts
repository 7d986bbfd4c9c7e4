import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import type { Page } from "puppeteer";
import type { Connection } from "../../mod.ts";
import { type BrowserName, startBrowser } from "../support/browsers.ts";
import { defineMan, type Forgery } from "../support/man_in_page.ts";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { defineSwitchboard } from "../support/switchboard.ts";

/** One of two who want to talk. */
interface Victim {
  readonly connection: Connection;
  /** What it was told of the other one, in order. */
  readonly told: string[];
  /** Resolves when the other one is connected, or who is taken for it. */
  readonly met: Promise<unknown>;
  /** Resolves when something was refused. */
  readonly refused: Promise<unknown>;
  /** Resolves with the first message. */
  readonly heard: Promise<unknown>;
}

declare global {
  /** Ada and Bob, in the page of a test. */
  var victims: readonly [ada: Victim, bob: Victim];
  /** What the two can compare: numbers, then emoji, of each. */
  var compare: () => Promise<
    readonly [numbers: readonly string[], emoji: readonly string[]]
  >;
}

/** Lets Ada and Bob join a room without a key, of whose server the test is the master. They know of each other; Bob dials if he is to. */
async function meet(page: Page, { dials }: { dials: boolean }): Promise<void> {
  await defineSwitchboard(page);
  await page.evaluate(async (dials) => {
    const join = async (id: string): Promise<Victim> => {
      const connection = await webrtc.connect({
        host: "localhost",
        room: "r",
        id,
        WebSocket: switchboard.WebSocket,
        autoConnect: dials,
      });
      const told: string[] = [];
      const met = next(connection, "peer");
      const refused = next(connection, "untrusted");
      connection.on("untrusted", ({ code }) => told.push(code));
      connection.on("peer-disconnect", () => told.push("peer-disconnect"));
      const heard = next(connection, "message");
      return { connection, told, met, refused, heard };
    };
    const ada = await join("ada");
    const one = { id: "ada", joinedAt: switchboard.line("ada").joinedAt };
    switchboard.present = [one];
    const bob = await join("bob");
    const other = { id: "bob", joinedAt: switchboard.line("bob").joinedAt };
    const rest = { presence: null, away: false };
    switchboard.line("ada").say({ type: "join", peer: { ...other, ...rest } });
    globalThis.victims = [ada, bob];
    globalThis.compare = async () => {
      const [one, other] = [ada.connection, bob.connection];
      const numbers = await Promise.all([
        one.safetyNumber("bob"),
        other.safetyNumber("ada"),
      ]);
      const emoji = await Promise.all([
        one.safetyEmoji("bob"),
        other.safetyEmoji("ada"),
      ]);
      const written = emoji.map((list) =>
        list.map(({ emoji }) => emoji).join(" ")
      );
      return [numbers, written] as const;
    };
  }, dials);
  await defineMan(page);
}

/** Everybody goes. */
async function part(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const { connection } of victims) connection.close();
    man.close();
  });
}

/** Somebody gets in between; he tries to look like the other one if he is to, and both compare. */
function stand(page: Page, forgery?: Forgery) {
  return page.evaluate(async (forgery) => {
    const [ada, bob] = victims;
    const first = man.take(1);
    await Promise.all([
      ...first.map((half) => half.offer()),
      ...victims.map(({ met }) => met),
    ]);
    let answered = false;
    const next = forgery === "section" ? man.take(2) : first;
    if (forgery) {
      const trying = next.map(async (half) => {
        await half.offer(forgery);
        answered = true;
      });
      await Promise.race([
        Promise.all(victims.map(({ refused }) => refused)),
        Promise.all(trying),
      ]);
    }
    const compared = await compare().catch(({ name }) => name as string);
    const told = victims.map(({ told }) => told);
    const seen = { compared, answered, told };
    if (typeof compared === "string") return seen;
    const his = await man.emoji();
    await ada.connection.send("the money comes by noon", { to: "bob" });
    const heard = await bob.heard;
    const read = man.read.some((text) => text.includes("by noon"));
    return { ...seen, his, heard, read };
  }, forgery);
}

/** Both are connected with each other, and compare if they are to; then somebody tries to take the next connection, or this one, and they compare. */
function comeLate(
  page: Page,
  options: {
    readonly generation: number;
    readonly compared: boolean;
    readonly forgery?: Forgery;
  },
) {
  return page.evaluate(
    async ({ generation, compared, forgery }) => {
      const [ada, bob] = victims;
      man.pass();
      await Promise.all(victims.map(({ met }) => met));
      const before = compared ? await compare() : null;
      const halves = man.take(generation);
      let answered = false;
      const trying = halves.map(async (half) => {
        await half.offer(forgery);
        answered = true;
      });
      await Promise.race([
        Promise.all(victims.map(({ refused }) => refused)),
        Promise.all(trying),
      ]);
      const after = await compare();
      const sent = await ada.connection.send("the money comes by noon", {
        to: "bob",
      });
      return {
        before,
        after,
        answered,
        sent,
        told: victims.map(({ told }) => told),
        heard: await bob.heard,
        read: man.read.length,
      };
    },
    options,
  );
}

/** Both compare, their connection is made anew, and they compare again. */
function beginAnew(page: Page) {
  return page.evaluate(async () => {
    man.pass();
    await Promise.all(victims.map(({ met }) => met));
    const before = await compare();
    const pcs = () =>
      victims.map(({ connection }) =>
        [...connection.peers.values()].map(({ pc }) => pc)[0]
      );
    const old = pcs();
    const again = victims.map(({ connection }) => next(connection, "peer"));
    for (const pc of old) pc?.close();
    await Promise.all(again);
    const others = pcs().every((pc, index) => pc && pc !== old[index]);
    return {
      before,
      after: await compare(),
      others,
      told: victims.map(({ told }) => told),
    };
  });
}

const NUMBER = /^(\d{5} ){11}\d{5}$/;
const EMOJI = /^(\S+ ){6}\S+$/;

/** Looks whether each has seen numbers and emoji, and that they are other ones than those of the other. */
function assertDiffer(
  compared: string | readonly (readonly string[])[],
): asserts compared is readonly (readonly string[])[] {
  assert(typeof compared !== "string", String(compared));
  const [[one = "", other = ""] = [], [left = "", right = ""] = []] = compared;
  for (const number of [one, other]) assertMatch(number, NUMBER);
  for (const emoji of [left, right]) assertMatch(emoji, EMOJI);
  assertNotEquals(one, other);
  assertNotEquals(left, right);
}

/** Looks whether each has seen the same. */
function assertEqual(compared: readonly (readonly string[])[]): void {
  const [[one = "", other] = [], [left = "", right] = []] = compared;
  assertMatch(one, NUMBER);
  assertMatch(left, EMOJI);
  assertEquals([other, right], [one, left]);
}

const REFUSED = [["fingerprint-mismatch"], ["fingerprint-mismatch"]];

Deno.test("Connection.safetyNumber and safetyEmoji tell in a room without a key whether somebody is in between", async (t) => {
  await using site = await startSite();
  await using stack = new AsyncDisposableStack();
  const names = ["chrome", "firefox"] satisfies BrowserName[];
  // At the same time: it takes longer than all the rest.
  const browsers = await Promise.all(names.map(async (name) => {
    const { browser } = stack.use(await startBrowser(name));
    return [name, browser] as const;
  }));
  for (const [name, browser] of browsers) {
    await using opened = await openPage(browser, site.url);
    const { page, complaints } = opened;
    const step = (
      what: string,
      { dials }: { dials: boolean },
      play: () => Promise<void>,
    ) =>
      t.step(`${name}: ${what}`, async () => {
        await meet(page, { dials });
        await play();
        await part(page);
      });

    for (
      const [when, forgery, told] of [
        ["", undefined, [[], []]],
        [
          ", also once he names the true certificates in the same connection",
          "renamed",
          REFUSED,
        ],
      ] as const
    ) {
      await step(
        `they differ when somebody is in between, who reads and changes what is said${when}`,
        { dials: false },
        async () => {
          const { compared, ...rest } = await stand(page, forgery);
          assertDiffer(compared);
          assertEquals<unknown>(rest, {
            // He has taken part in both comparisons, and nothing has broken.
            his: compared[1],
            heard: { data: "the money comes at nine", peer: "ada" },
            answered: false,
            told,
            read: true,
          });
        },
      );
    }

    await step(
      "there are none when he names the true certificates beside his own in the next connection",
      { dials: false },
      async () => {
        assertEquals<unknown>(await stand(page, "section"), {
          compared: "InvalidStateError",
          answered: false,
          told: REFUSED,
        });
      },
    );

    await step(
      "they are equal when nobody is in between, also when the connection is made anew",
      { dials: true },
      async () => {
        const { before, after, others, told } = await beginAnew(page);
        assertEqual(before);
        assertEquals(after, before);
        assert(others);
        assertEquals(told, [[], []]);
      },
    );

    for (
      const [when, options] of [
        [
          "comes with another certificate in the same connection",
          { generation: 1, compared: false },
        ],
        [
          "comes with another certificate in the same connection after they were compared",
          { generation: 1, compared: true },
        ],
        [
          "comes with another certificate in the next connection after they were compared",
          { generation: 2, compared: true },
        ],
        [
          "comes with the true one and another that is hidden after they were compared",
          { generation: 2, compared: true, forgery: "hidden line" },
        ],
      ] as const
    ) {
      await step(
        `they are equal when somebody ${when}, who is refused`,
        { dials: true },
        async () => {
          const { before, after, ...rest } = await comeLate(page, options);
          assertEqual(after);
          if (options.compared) assertEquals(after, before);
          assertEquals<unknown>(rest, {
            answered: false,
            sent: 1,
            told: REFUSED,
            heard: { data: "the money comes by noon", peer: "ada" },
            read: 0,
          });
        },
      );
    }
    assertEquals(complaints, []);
  }
});
