import { assertEquals } from "@std/assert";
import { startBrowser } from "../support/browsers.ts";
import { startSite } from "../support/site.ts";
import { startHostileServer } from "./hostile_server.ts";
import { type Plot, type Role, Stage, type StageOptions } from "./stage.ts";
import { openVisitor, type Visitor } from "./visitor.ts";

/** What is played in rooms of the same protection. */
export interface Playbill {
  /** What keeps the server out. */
  readonly name: string;
  /** How the rooms are protected. */
  readonly protection: StageOptions["protection"];
  /** What is played between two pages of Chromium. */
  readonly plots: readonly Plot[];
  /** What is played between Chromium and Firefox, either of them first. */
  readonly mixed: readonly Plot[];
  /** What takes long, and is played beside all others. */
  readonly slow: readonly Plot[];
}

/** Plays everything, each plot in a room of its own, as a step of a test. */
export async function play(
  t: Deno.TestContext,
  bills: readonly Playbill[],
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(
    await startSite({ limits: { socketsPerAddress: 1_000 } }),
  );
  const server = stack.use(startHostileServer(site.url));
  const chrome = stack.use(await startBrowser("chrome"));
  const firefox = stack.use(await startBrowser("firefox"));
  const where = { site: site.url, host: server.url };
  const open = async (browser: typeof chrome.browser) =>
    stack.use(await openVisitor(browser, where));
  const ada = await open(chrome.browser);
  const bob = await open(chrome.browser);
  const cid = await open(firefox.browser);
  const alike = { first: ada, second: bob, third: cid };
  const firefoxOffers = { first: ada, second: cid, third: bob };
  const chromiumOffers = { first: cid, second: ada, third: bob };

  const stages: Stage[] = [];
  const stage = (
    { protection }: Playbill,
    plot: Plot,
    pages: Record<Role, Visitor>,
  ): Stage => {
    const attacker = chrome.browser;
    const made = new Stage(plot, { server, pages, attacker, protection });
    stages.push(stack.use(made));
    return made;
  };

  // Somebody waits for them in the end.
  const slow = bills.flatMap((bill) =>
    bill.slow.map((plot) => {
      const played = stage(bill, plot, alike).play();
      played.catch(() => {});
      return { what: `${bill.name}: ${plot.what}`, played };
    })
  );
  for (const bill of bills) {
    const { name, plots, mixed } = bill;
    for (const plot of plots) {
      const { what } = plot;
      await t.step(
        `${name}: ${what}`,
        () => stage(bill, plot, alike).play(),
      );
    }
    for (const plot of mixed) {
      const { what } = plot;
      await t.step(
        `${name}: ${what}, and Firefox offers`,
        () => stage(bill, plot, firefoxOffers).play(),
      );
      await t.step(
        `${name}: ${what}, and Firefox answers`,
        () => stage(bill, plot, chromiumOffers).play(),
      );
    }
  }
  for (const { what, played } of slow) await t.step(what, () => played);

  await t.step("nothing has come of all that since", async () => {
    for (const each of stages) await each.look();
    for (const { complaints } of [ada, bob, cid]) {
      // Firefox says so of those who are not let meet.
      const others = complaints.filter((each) => !/ICE failed/.test(each));
      assertEquals(others, []);
    }
  });
}
