import type { DataConnection } from "peerjs";
import { joinPeerJs } from "../../../rivals/join_peerjs.ts";
import { enter } from "../talk.ts";

let connections: ReadonlyMap<string, DataConnection> = new Map();

enter({
  async join(options, listener) {
    connections = await joinPeerJs(options, listener);
  },
  connected: () => [...connections.keys()].filter((id) => openTo(id)),
  send: (id, text) => openTo(id)?.send(text),
});

function openTo(id: string): DataConnection | undefined {
  const connection = connections.get(id);
  return connection?.open ? connection : undefined;
}
