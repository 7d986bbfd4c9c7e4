/**
 * The server that PeerJS brings along.
 *
 * @module
 */
import { PeerServer } from "peer";

const [host = "", port] = Deno.args;
PeerServer({ host, port: Number(port), path: "/" }, () => console.log("ready"));
for await (const _ of Deno.stdin.readable);
Deno.exit();
