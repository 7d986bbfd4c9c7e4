/**
 * A crowd in a process of its own. Takes its options as JSON, and orders on
 * standard input: `join`, `talk` and `leave`, each answered with what there was
 * in a line of JSON; and `stop`, which ends what is under way early.
 *
 * @module
 */
import { lines } from "../bench/lines.ts";
import { Crowd } from "./crowd.ts";
import type { Figures } from "./tally.ts";

const [given = ""] = Deno.args;
const crowd = new Crowd(JSON.parse(given));
const stopped = new AbortController();

const ORDERS = new Map<string, () => Promise<Figures>>([
  ["join", () => crowd.join(stopped.signal)],
  ["talk", () => crowd.talk(stopped.signal)],
  ["leave", () => crowd.leave()],
]);

async function obey(order: string): Promise<void> {
  if (order === "stop") return stopped.abort();
  console.log(JSON.stringify(await ORDERS.get(order)?.()));
}

// A terminal interrupts all processes; who has started this one says when it is enough.
Deno.addSignalListener("SIGINT", () => {});
// It is heard while another order is obeyed.
for await (const order of lines(Deno.stdin.readable)) void obey(order);
Deno.exit();
