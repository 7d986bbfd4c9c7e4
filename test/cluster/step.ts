import type { Cluster } from "../support/start_cluster.ts";

/** A row of what is tested at a cluster of three nodes, whatever its engine is. */
export interface Step {
  /** As in "a room …". */
  readonly name: string;
  /** Does it in rooms of its own. */
  run(cluster: Cluster): Promise<void>;
}
