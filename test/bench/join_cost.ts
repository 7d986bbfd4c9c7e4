import { interleaved, type Measurement, type Side } from "./measurement.ts";
import { engines, type NodeGroup, startGroup } from "./node_group.ts";
import { twoCores } from "./on_core.ts";
import { type Program, startProgram } from "./program.ts";

/** Rooms, and how many peers are in each. */
interface Filling {
  readonly rooms: number;
  readonly residents: number;
}

/** What a join must not cost more for: so many rooms as that, or so many peers in a room. */
const FEW_ROOMS: Filling = { rooms: 10, residents: 1 };
const SMALL_ROOMS: Filling = { rooms: 20, residents: 1 };

/**
 * CPU time of the server for somebody who joins a room and leaves it: as there
 * are ever more rooms of two, and as a room grows, in which everybody is told of
 * both. At one node, and at two with an engine between them.
 */
export async function joinCost(
  { quick }: { quick: boolean },
): Promise<Measurement[]> {
  const [first] = await twoCores();
  const places: [string, () => Promise<NodeGroup>][] = [
    ["one node", () => startGroup({ nodes: 1, core: first })],
  ];
  if ((await engines()).includes("redis")) {
    const options = { nodes: 2, engine: "redis", core: first } as const;
    places.push(["two nodes", () => startGroup(options)]);
  }
  const measurements: Measurement[] = [];
  for (const [where, start] of places) {
    for (const rooms of quick ? [1_000] : [100, 1_000, 10_000]) {
      measurements.push({
        name: `join_cost ${where}, ${rooms} rooms`,
        floorName: "10 rooms",
        ...await compare(start, [{ rooms, residents: 1 }, FEW_ROOMS], quick),
        aim: { ratio: 1.25 },
      });
    }
    for (const peers of quick ? [16] : [8, 64]) {
      const large = { rooms: 20, residents: peers - 1 };
      measurements.push({
        name: `join_cost ${where}, a room of ${peers}`,
        floorName: "a room of 2",
        ...await compare(start, [large, SMALL_ROOMS], quick),
        // What it costs to tell one more must be a tenth of the rest.
        aim: { ratio: 1 + (peers - 2) / 10 },
      });
    }
  }
  return measurements;
}

/** Compares a join where there is much with one where there is little, at nodes that differ in nothing else. */
async function compare(
  start: () => Promise<NodeGroup>,
  fillings: readonly [ours: Filling, floor: Filling],
  quick: boolean,
): Promise<Pick<Measurement, "unit" | "samples">> {
  const visits = quick ? 500 : 2_000;
  await using stack = new AsyncDisposableStack();
  const places = {} as Record<Side, { nodes: NodeGroup; load: Program }>;
  for (const [i, side] of (["ours", "floor"] as const).entries()) {
    const nodes = stack.use(await start());
    const load = stack.use(await startLoad(nodes));
    const { rooms, residents } = fillings[i] ?? FEW_ROOMS;
    await order(load, `fill ${rooms} ${residents}`);
    places[side] = { nodes, load };
  }

  async function measure(side: Side): Promise<number> {
    const { nodes, load } = places[side];
    const before = await nodes.nodeCpu();
    await order(load, `visit ${visits}`);
    return (await nodes.nodeCpu() - before) * 1e6 / visits;
  }

  await interleaved(quick ? 1 : 3, measure);
  const samples = await interleaved(quick ? 3 : 10, measure);
  return { unit: "us", samples };
}

async function startLoad({ hosts }: NodeGroup): Promise<Program> {
  const [, second] = await twoCores();
  return await startProgram("join_load.ts", {
    core: second,
    args: [...hosts],
  });
}

async function order(load: Program, what: string): Promise<void> {
  await load.say(what);
  await load.hear();
}
