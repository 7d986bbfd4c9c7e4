import { inTime, startArena } from "./arena.ts";
import type {} from "./contender.ts";
import { CONNECTING } from "./contender_pages.ts";
import { interleaved, type Measurement, type Side } from "./measurement.ts";
import { startRelay } from "./relay.ts";

const PAGES = 8;
/** Time for the call to reach all pages before they start at once. */
const COUNTDOWN_MS = 300;

/** Eight pages join a room at once; until each has heard from each. */
export async function meshTime(
  { quick }: { quick: boolean },
): Promise<Measurement> {
  await using arena = await startArena({ scripts: CONNECTING, startRelay });
  const pages = await arena.openPages(PAGES);

  async function measure(side: Side): Promise<number> {
    const relay = arena.relay(side);
    const room = arena.newRoom();
    await arena.load(side, pages);
    // The pages share the clock of the machine.
    const startAt = Date.now() + COUNTDOWN_MS;
    const doneAt = await inTime(
      Promise.all(pages.map((page, i) =>
        page.evaluate(
          async (relay, room, id, others, startAt) => {
            await new Promise((resolve) => {
              setTimeout(resolve, startAt - Date.now());
            });
            await contender.meet(relay, room, id, others);
            return Date.now();
          },
          relay,
          room,
          `p${i}`,
          PAGES - 1,
          startAt,
        )
      )),
    );
    return Math.max(...doneAt) - startAt;
  }

  await interleaved(quick ? 1 : 3, measure);
  return {
    name: "mesh_time",
    unit: "ms",
    floorName: "hand-written",
    samples: await interleaved(quick ? 3 : 30, measure),
    aim: { ratio: 1.10 },
  };
}
