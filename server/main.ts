/**
 * The signaling server as a program; `--help` tells its flags and environment.
 *
 * ```sh
 * deno run --allow-net --allow-env --allow-read=.env jsr:@x/webrtc/server/main
 * ```
 *
 * @module
 */
import { runProgram } from "./program.ts";

if (import.meta.main) await runProgram();
