import { type DataConnection, Peer } from "peerjs";
import { enter } from "../talk.ts";

/** What most apps wait before they call `reconnect`. */
const RECONNECT_MS = 1_000;

const connections = new Map<string, DataConnection>();

enter({
  async join(
    { name, signaling, iceServers, others },
    { onMessage, onGone, onNote },
  ) {
    function follow(connection: DataConnection): void {
      connection.on("open", () => {
        connections.set(connection.peer, connection);
      });
      connection.on("data", (data) => onMessage(String(data)));
      connection.on("close", onGone);
      connection.on("iceStateChanged", (state) => onNote(`ICE ${state}`));
      connection.on("error", (error) => onNote(`connection: ${error}`));
    }

    const [host = "", port] = signaling.split(":");
    const peer = new Peer(name, {
      host,
      port: Number(port),
      path: "/",
      config: { iceServers },
    });
    peer.on("connection", follow);
    peer.on("error", (error) => onNote(`peer: ${error}`));
    // "You can reconnect to the server by calling peer.reconnect()" (its documentation of this event).
    peer.on("disconnected", () => {
      onNote("disconnected from the server");
      setTimeout(() => peer.reconnect(), RECONNECT_MS);
    });
    await new Promise((resolve) => peer.once("open", resolve));
    for (const other of others) follow(peer.connect(other));
  },
  connected: () => [...connections.keys()].filter((id) => openTo(id)),
  send: (id, text) => openTo(id)?.send(text),
});

function openTo(id: string): DataConnection | undefined {
  const connection = connections.get(id);
  return connection?.open ? connection : undefined;
}
