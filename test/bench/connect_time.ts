import { inTime, startArena } from "./arena.ts";
import type {} from "./contender.ts";
import { CONNECTING } from "./contender_pages.ts";
import { interleaved, type Measurement, type Side } from "./measurement.ts";
import { startRelay } from "./relay.ts";

/**
 * From the call in the second page of a room to the first message from the
 * first one. Pages are loaded afresh each time: nobody connects twice in a page
 * that is warm from the last time.
 */
export async function connectTime(
  { quick }: { quick: boolean },
): Promise<Measurement> {
  await using arena = await startArena({ scripts: CONNECTING, startRelay });
  const [waiting, visiting] = await arena.openPages(2);
  if (!waiting || !visiting) throw new Error("Cannot measure: no pages");

  const measure = async (side: Side) => {
    const relay = arena.relay(side);
    const room = arena.newRoom();
    await arena.load(side, [waiting, visiting]);
    const wait = (relay: string, room: string) => contender.wait(relay, room);
    await inTime(waiting.evaluate(wait, relay, room));
    return await inTime(visiting.evaluate(
      async (relay, room) => {
        const calledAt = performance.now();
        await contender.visit(relay, room);
        return performance.now() - calledAt;
      },
      relay,
      room,
    ));
  };

  await interleaved(quick ? 2 : 5, measure);
  return {
    name: "connect_time",
    unit: "ms",
    floorName: "hand-written",
    samples: await interleaved(quick ? 5 : 60, measure),
    aim: { ratio: 1.10 },
  };
}
