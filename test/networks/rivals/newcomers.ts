import type { Row } from "./fault.ts";
import type { Library } from "../../rivals/library.ts";
import { openRival } from "./open_rival.ts";
import { NOTHING, type Outcome } from "./outcome.ts";
import { joinAs, type PairOfPages, untilTalking } from "./pair_of_pages.ts";
import type { Stage } from "./stage.ts";

/** Lets a third page, in a host of its own, join each pair. */
export async function newcomers(
  { lab }: Stage,
  pairs: readonly PairOfPages[],
): Promise<readonly Row[]> {
  const host = await lab.host(await lab.network("cone"));
  const { browser } = await lab.browser(host);
  const outcomes = new Map<Library, Outcome>();
  await Promise.all(pairs.map(async (pair) => {
    const c = await openRival(browser, lab.origin, pair.library);
    const since = Date.now();
    const joined = joinAs(pair, c, "c", ["a", "b"]);
    const seconds = await Promise.all([
      untilTalking({ a: pair.a, b: c }, since, ["a", "c"]),
      untilTalking({ a: pair.b, b: c }, since, ["b", "c"]),
    ]);
    joined.catch(() => {});
    const met = seconds.filter((each) => each !== null);
    outcomes.set(pair.library, {
      ...NOTHING,
      seconds: met.length === seconds.length ? Math.max(...met) : null,
      notes: { c: await c.evaluate(() => rivalTalk.notes) },
    });
  }));
  return [{ title: "… and a third page comes", shows: "seconds", outcomes }];
}
