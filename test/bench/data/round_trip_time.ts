import { interleaved, type Measurement, type Side } from "../measurement.ts";
import { type Other, OTHERS, startDataArena } from "./data_arena.ts";

const ROUND_TRIPS = 500;
const MESSAGE_BYTES = 100;

/** A small message there and back, one after the other: the median of a pair of pages that does nothing else. */
export async function roundTripTime(
  { quick }: { quick: boolean },
): Promise<Measurement> {
  await using arena = await startDataArena();

  const measure = (side: Side | Other) =>
    arena.between(side, async (sender, receiver) => {
      await receiver.evaluate(() => dataContender.echo());
      return await sender.evaluate(
        (count, byteLength) => dataContender.roundTrip(count, byteLength),
        ROUND_TRIPS,
        MESSAGE_BYTES,
      );
    });

  await interleaved(1, measure, OTHERS);
  return {
    name: "round_trip_time",
    unit: "us",
    floorName: "bare channel",
    samples: await interleaved(quick ? 3 : 15, measure, OTHERS),
    aim: { ratio: 1.05 },
  };
}
