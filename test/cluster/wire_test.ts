import { ENGINES, startCluster } from "../support/start_cluster.ts";
import { CLAIMS } from "./claims.ts";
import { LIMITS, MEMBERSHIP } from "./membership.ts";
import { MOVES } from "./moves.ts";
import { ORDER } from "./order.ts";

const STEPS = [...MEMBERSHIP, ...MOVES, ...ORDER, ...CLAIMS];

for (const kind of ENGINES) {
  Deno.test({
    name: `three nodes on ${kind.name} are one server`,
    ignore: kind.missing,
    async fn(t) {
      const limits = Object.entries(LIMITS)
        .map(([name, limit]) => `${name}=${limit}`).join();
      await using cluster = await startCluster(kind, {
        env: { LIMITS: limits },
      });
      for (const { name, run } of STEPS) {
        await t.step(`a room ${name}`, () => run(cluster));
      }
    },
  });
}
