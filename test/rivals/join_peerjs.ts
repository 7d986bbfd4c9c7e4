import { type DataConnection, Peer } from "peerjs";
import type { JoinListener, JoinOptions } from "./joining.ts";

/** What most apps wait before they call `reconnect`. */
const RECONNECT_MS = 1_000;

/**
 * Joins with PeerJS. Resolves with the connections that have opened, by name,
 * which more are added to.
 *
 * @param options.reliable What its documentation wants for large files. @default {false}
 */
export async function joinPeerJs(
  options: JoinOptions & { readonly reliable?: boolean },
  { onMessage, onGone, onNote }: JoinListener,
): Promise<ReadonlyMap<string, DataConnection>> {
  const { name, signaling, iceServers, others, reliable = false } = options;
  const connections = new Map<string, DataConnection>();

  function follow(connection: DataConnection): void {
    connection.on("open", () => {
      connections.set(connection.peer, connection);
    });
    connection.on("data", (data) => onMessage(data, connection.peer));
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
  for (const other of others) follow(peer.connect(other, { reliable }));
  return connections;
}
