import type { DataConnection } from "peerjs";
import { joinPeerJs } from "../../rivals/join_peerjs.ts";
import { enter } from "./enter.ts";
import { pieces } from "./pieces.ts";

let connections: ReadonlyMap<string, DataConnection> = new Map();

enter({
  async join(options, { onData, onFailure }) {
    // "Reliable: … for large file transfers" (its documentation of `connect`).
    connections = await joinPeerJs({ ...options, reliable: true }, {
      onMessage: (data) => onData(data as ArrayBuffer),
      onGone: () => onFailure("the connection has closed"),
      onNote() {},
    });
  },
  connected: () => connections.size > 0,
  sendMessage: send,
  // It cuts and queues by itself; what waits is all that it tells (`bufferSize`).
  async sendMessages(bytes) {
    for (const message of pieces(bytes)) await send(message);
  },
  sendFile: send,
});

async function send(data: Uint8Array | Blob): Promise<void> {
  for (const connection of connections.values()) await connection.send(data);
}
