import { cpuSeconds } from "./cpu_seconds.ts";
import { interleaved, type Measurement, type Side } from "./measurement.ts";
import { twoCores } from "./on_core.ts";
import { startProgram } from "./program.ts";
import { type Relay, startRelay } from "./relay.ts";

/**
 * CPU time of the server for each signal it relays: 200 rooms of two, 1.2 kB
 * each. The servers share one core, of which only one is busy at a time, and
 * the load has the other.
 */
export async function relayCpu(
  { quick }: { quick: boolean },
): Promise<Measurement> {
  const [first, second] = await twoCores();
  await using ours = await startRelay("ours", first);
  await using floor = await startRelay("floor", first);
  await using load = await startProgram("relay_load.ts", {
    core: second,
    args: [ours.host, floor.host],
  });
  await load.hear();
  const relays: Readonly<Record<Side, Relay>> = { ours, floor };

  async function measure(side: Side, signals: number): Promise<number> {
    const { pid } = relays[side];
    const before = await cpuSeconds(pid);
    await load.say(`${side} ${signals}`);
    await load.hear();
    return (await cpuSeconds(pid) - before) * 1e6 / signals;
  }

  // A tick is then one percent of a sample; many short ones bear a noisy machine better than few long ones.
  const signals = quick ? 20_000 : 60_000;
  // Both must have been compiled to their last tier.
  await interleaved(2, (side) => measure(side, signals));
  return {
    name: "relay_cpu",
    unit: "us",
    floorName: "bare relay",
    samples: await interleaved(
      quick ? 3 : 20,
      (side) => measure(side, signals),
    ),
    aim: { ratio: 1.15 },
  };
}
