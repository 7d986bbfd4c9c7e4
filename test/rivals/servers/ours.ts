/**
 * Our server in a process of its own. Arguments of all programs here: address
 * and port; of this one also, as JSON, the options of `coturn`.
 *
 * @module
 */
import { coturn } from "../../../server/coturn.ts";
import { serve } from "../../../server/mod.ts";

const [hostname = "", port, turn = ""] = Deno.args;
serve({ hostname, port: Number(port), turn: coturn(JSON.parse(turn)) });
console.log("ready");
for await (const _ of Deno.stdin.readable);
Deno.exit();
