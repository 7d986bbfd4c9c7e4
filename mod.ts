/**
 * Peers in a page in ten lines: join a room on a self-hosted signaling server
 * and talk to everybody in it, peer to peer.
 *
 * ```ts no-eval
 * import { connect } from "@x/webrtc";
 *
 * const connection = await connect({ host: "localhost:8000", room: "example" });
 * connection.on("peer", ([peerId]) => connection.send("hello", { to: peerId }));
 * connection.on("message", ({ data, peer }) => console.log(peer, data));
 * ```
 *
 * The server is `@x/webrtc/server`, the wire between them `@x/webrtc/protocol`.
 *
 * @module
 */
export * from "./client/mod.ts";
