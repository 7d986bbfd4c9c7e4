/**
 * The server as `server/main.ts` runs it; it ends when its standard input does.
 *
 * @module
 */
import { runProgram } from "../../server/mod.ts";

void runProgram();
for await (const _ of Deno.stdin.readable);
Deno.exit();
