/**
 * Files that travel from browser to browser, and go on where they were when
 * the network comes back: the signaling server with a page of its own, on
 * http://localhost:8000.
 *
 * ```sh
 * deno run --unstable-bundle --allow-net --allow-env --allow-read examples/files/main.ts
 * ```
 *
 * @module
 */
import { runProgram } from "@x/webrtc/server";
import { FilesServer } from "./files_server.ts";

if (import.meta.main) await runProgram((options) => new FilesServer(options));
