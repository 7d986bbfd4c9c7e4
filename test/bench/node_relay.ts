import type { EngineName } from "../load/options.ts";
import {
  type Failure,
  interleaved,
  type Measurement,
  type Sample,
  type Side,
} from "./measurement.ts";
import { engines, type NodeGroup, startGroup } from "./node_group.ts";
import type { Groups } from "./node_load.ts";
import { twoCores } from "./on_core.ts";
import { type Program, startProgram } from "./program.ts";

/** All rooms of the load at once. */
const ALL = 200;

/**
 * A signal of 1.2 kB from a peer at one node to a peer at another, beside both
 * at the only node there is: CPU time of the nodes with 200 rooms of two, and
 * with that of the engine; and how long it takes alone. Nodes and engine share
 * one core, the load has the other.
 */
export async function nodeRelay(
  { quick }: { quick: boolean },
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const engine of await engines()) {
    measurements.push(...await relayOver(engine, quick));
  }
  return measurements;
}

async function relayOver(
  engine: EngineName,
  quick: boolean,
): Promise<Measurement[]> {
  const [first, second] = await twoCores();
  await using ours = await startGroup({ nodes: 2, engine, core: first });
  await using floor = await startGroup({ nodes: 1, core: first });
  await using load = await startLoad({ ours, floor }, second);
  const groups: Readonly<Record<Side, NodeGroup>> = { ours, floor };
  const signals = quick ? 10_000 : 40_000;
  const withEngine: number[] = [];

  async function cpu(side: Side): Promise<number> {
    const group = groups[side];
    const nodes = await group.nodeCpu();
    const others = await group.engineCpu();
    await play(load, side, signals, ALL);
    const perSignal = (seconds: number) => seconds * 1e6 / signals;
    const figure = perSignal(await group.nodeCpu() - nodes);
    if (side === "ours") {
      withEngine.push(figure + perSignal(await group.engineCpu() - others));
    }
    return figure;
  }

  async function latency(side: Side): Promise<number> {
    const count = quick ? 200 : 1_000;
    return await play(load, side, count, 1) * 1000 / count;
  }

  // Both must have been compiled to their last tier.
  await interleaved(3, cpu);
  withEngine.length = 0;
  const samples = await interleaved(quick ? 3 : 20, cpu);
  return [
    {
      name: `node_relay ${engine} CPU`,
      unit: "us",
      floorName: "one node",
      samples: samples.map((sample, i) => beside(sample, withEngine[i])),
      aim: { ratio: 3 },
    },
    {
      name: `node_relay ${engine} latency`,
      unit: "us",
      floorName: "one node",
      samples: await interleaved(quick ? 3 : 20, latency),
      // A signal passes two processes more.
      aim: { ratio: 4 },
    },
  ];
}

/** A sample with what it comes to together with the engine. */
function beside(sample: Sample, withEngine = NaN): Sample {
  const others = new Map<string, number | Failure>([
    ["and the engine", withEngine],
  ]);
  return { ...sample, others };
}

/**
 * How long a signal takes on average with 200 rooms of two at 1, 2 and 4 nodes,
 * none bound to a core, beside one node without an engine: with the two peers of
 * each room at different nodes (`apart`) and at the same one (`together`).
 */
export async function nodeThroughput(
  { quick }: { quick: boolean },
): Promise<Measurement[]> {
  const signals = quick ? 10_000 : 30_000;
  const measurements: Measurement[] = [];
  for (const engine of await engines()) {
    for (const nodes of [1, 2, 4]) {
      await using ours = await startGroup({ nodes, engine });
      await using floor = await startGroup({ nodes: 1 });
      for (const how of nodes === 1 ? ["together"] : ["apart", "together"]) {
        await using load = await startLoad({ ours, floor }, undefined, how);
        const measure = async (side: Side) =>
          await play(load, side, signals, ALL) * 1000 / signals;
        await interleaved(2, measure);
        measurements.push({
          name: `node_throughput ${engine}, ${nodes} ${
            nodes === 1 ? "node" : `nodes, ${how}`
          }`,
          unit: "us",
          floorName: "one node",
          samples: await interleaved(quick ? 2 : 8, measure),
          aim: { ratio: how === "apart" ? 3 : 1.25 },
        });
      }
    }
  }
  return measurements;
}

/** Starts a load on groups of nodes, whose rooms are open then. */
async function startLoad(
  groups: Readonly<Record<Side, NodeGroup>>,
  core?: number,
  how = "apart",
): Promise<Program> {
  const pairs: Record<string, Groups[string]> = {};
  for (const [name, { hosts }] of Object.entries(groups)) {
    pairs[name] = hosts.map((host, i) => {
      const next = hosts[(i + 1) % hosts.length] ?? host;
      return [host, how === "apart" ? next : host];
    });
  }
  const load = await startProgram("node_load.ts", {
    args: [JSON.stringify(pairs)],
    ...(core === undefined ? {} : { core }),
  });
  await load.hear();
  return load;
}

/** Plays, and resolves with the milliseconds it took. */
async function play(
  load: Program,
  side: Side,
  signals: number,
  rooms: number,
): Promise<number> {
  await load.say(`${side} ${signals} ${rooms}`);
  return Number(await load.hear());
}
