/**
 * A chat whose messages travel from browser to browser: the signaling server
 * with a page of its own, on http://localhost:8000.
 *
 * ```sh
 * deno run --unstable-bundle --allow-net --allow-env --allow-read examples/chat/main.ts
 * ```
 *
 * @module
 */
import { runProgram } from "@x/webrtc/server";
import { ChatServer } from "./chat_server.ts";

if (import.meta.main) await runProgram((options) => new ChatServer(options));
