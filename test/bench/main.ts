/**
 * Measures the package against the floor of what it does, and prints a table.
 *
 * ```sh
 * deno task bench                        # everything
 * deno task bench relay_cpu client_size  # by name
 * deno task bench --quick                # few samples: to see whether it runs
 * ```
 *
 * What is compared runs interleaved, pinned to one core each: on a machine that
 * does other things only the ratio within a round says much. Where other
 * libraries do the same they are measured beside, each in a row of its own.
 * Linux only (`taskset`, `/proc`).
 *
 * | I want to change …                               | go to …                                                    |
 * | ------------------------------------------------ | ---------------------------------------------------------- |
 * | what a relayed signal costs the server           | `relay_cpu.ts`, `relay_load.ts`, `rallies.ts`              |
 * | what it costs between nodes, and with how many   | `node_relay.ts`, `node_load.ts`, `node_group.ts`           |
 * | what a join costs as rooms become more or larger | `join_cost.ts`, `join_load.ts`                             |
 * | what a session that is quiet costs it            | `idle_memory.ts`, `idle_load.ts`                           |
 * | how long two pages, or eight, take               | `connect_time.ts`, `mesh_time.ts`                          |
 * | how long two pages take behind NATs              | `network_time.ts`, `network_site.ts`                       |
 * | what the pages do that connect                   | `contender.ts`, `our_contender.ts`, `hand_written.ts`      |
 * | where the pages do it                            | `arena.ts`, `contender_pages.ts`                           |
 * | the floor of the server                          | `bare_relay.ts`, `bare_rooms.ts`                           |
 * | how long bytes take from page to page            | `data/transfer_time.ts`, `data/round_trip_time.ts`         |
 * | what the pages do that send them                 | `data/ours.ts`, `data/hand_written.ts`, `data/peerjs.ts` … |
 * | how those are driven, and which libraries beside | `data/enter.ts`, `data/data_arena.ts`                      |
 * | how the other libraries join                     | `../rivals/`                                               |
 * | how large the client is                          | `client_size.ts`                                           |
 *
 * @module
 */
import { clientSize } from "./client_size.ts";
import { connectTime, protectedTime } from "./connect_time.ts";
import { roundTripTime } from "./data/round_trip_time.ts";
import { fileTime, largeMessageTime, sendTime } from "./data/transfer_time.ts";
import { idleMemory } from "./idle_memory.ts";
import { joinCost } from "./join_cost.ts";
import { machine } from "./machine.ts";
import type { Measurement } from "./measurement.ts";
import { meshTime } from "./mesh_time.ts";
import { networkTime } from "./network_time.ts";
import { nodeRelay, nodeThroughput } from "./node_relay.ts";
import { relayCpu } from "./relay_cpu.ts";
import { table } from "./table.ts";

type Bench = (
  options: { quick: boolean },
) => Promise<Measurement | Measurement[]>;

const BENCHES: ReadonlyMap<string, Bench> = new Map<string, Bench>([
  ["client_size", clientSize],
  ["relay_cpu", relayCpu],
  ["node_relay", nodeRelay],
  ["node_throughput", nodeThroughput],
  ["join_cost", joinCost],
  ["idle_memory", idleMemory],
  ["connect_time", connectTime],
  ["protected_time", protectedTime],
  ["mesh_time", meshTime],
  ["send_time", sendTime],
  ["file_time", fileTime],
  ["large_message_time", largeMessageTime],
  ["round_trip_time", roundTripTime],
  ["network_time", networkTime],
]);

const names = Deno.args.filter((arg) => arg !== "--quick");
const unknown = names.filter((name) => !BENCHES.has(name));
if (unknown.length > 0) {
  console.error(
    `error: no bench "${unknown.join('", "')}"; there are ${
      [...BENCHES.keys()].join(", ")
    }, and --quick`,
  );
  Deno.exit(1);
}

const quick = Deno.args.includes("--quick");
const measurements: Measurement[] = [];
for (const [name, measure] of BENCHES) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.error(`${name} …`);
  measurements.push(...[await measure({ quick })].flat());
}
console.log(table(measurements));
console.log(await machine());
