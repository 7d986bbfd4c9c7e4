import { type ArenaOptions, inTime, startArena } from "./arena.ts";
import type {} from "./contender.ts";
import { CONNECTING } from "./contender_pages.ts";
import {
  interleaved,
  type Measurement,
  type Sample,
  type Side,
} from "./measurement.ts";
import { startRelay } from "./relay.ts";

/**
 * From the call in the second page of a room to the first message from the
 * first one. Pages are loaded afresh each time: nobody connects twice in a page
 * that is warm from the last time.
 */
export async function connectTime(
  { quick }: { quick: boolean },
): Promise<Measurement> {
  return {
    name: "connect_time",
    unit: "ms",
    floorName: "hand-written",
    samples: await visits({ scripts: CONNECTING, startRelay }, quick),
    aim: { ratio: 1.10 },
  };
}

/**
 * The same in a room with a key, and by pages with identities, beside a room
 * without either: by pages that have what protects at hand, and by pages that
 * load it when they connect.
 */
export async function protectedTime(
  { quick }: { quick: boolean },
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (
    const protection of [
      "room_key_at_hand",
      "room_key",
      "identity_at_hand",
      "identity",
    ]
  ) {
    const scripts = {
      ours: `./with_${protection}.ts`,
      floor: CONNECTING.ours,
    };
    const options: ArenaOptions<Side> = {
      scripts,
      startRelay: (_side, core) => startRelay("ours", core),
    };
    measurements.push({
      name: `protected_time ${protection}`,
      unit: "ms",
      floorName: "neither",
      samples: await visits(options, quick),
      aim: { ratio: 1.15 },
    });
  }
  return measurements;
}

async function visits(
  options: ArenaOptions<Side>,
  quick: boolean,
): Promise<Sample[]> {
  await using arena = await startArena(options);
  const [waiting, visiting] = await arena.openPages(2);
  if (!waiting || !visiting) throw new Error("Cannot measure: no pages");

  const measure = async (side: Side) => {
    const relay = arena.relay(side);
    const room = arena.newRoom();
    await arena.load(side, [waiting, visiting]);
    await Promise.all([waiting, visiting].map((page) =>
      // Its module may wait for something.
      page.waitForFunction("globalThis.contender !== undefined")
    ));
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
  return await interleaved(quick ? 5 : 60, measure);
}
