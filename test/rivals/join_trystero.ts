import { getRelaySockets, joinRoom } from "trystero";
import type { JoinListener, JoinOptions } from "./joining.ts";

/** What its actions take, of what is sent here. */
type Payload = string | ArrayBuffer | ArrayBufferView | Blob;

/** A room that was joined with trystero. */
export interface TrysteroRoom {
  /** Whom it calls connected, by ids of its own; kept up to date. */
  readonly connected: ReadonlySet<string>;
  /** Resolves when it has been sent. */
  send(peer: string, data: Payload): Promise<void>;
}

/** Joins with trystero. Resolves when a relay is connected. */
export async function joinTrystero(
  { signaling, room, iceServers }: JoinOptions,
  { onMessage, onGone }: JoinListener,
): Promise<TrysteroRoom> {
  const connected = new Set<string>();
  const joined = joinRoom({
    appId: "rivals",
    relayConfig: { urls: [`ws://${signaling}`] },
    rtcConfig: { iceServers: [...iceServers] },
  }, room);
  const talk = joined.makeAction<Payload>("talk");
  talk.onMessage = (data, { peerId }) => onMessage(data, peerId);
  joined.onPeerJoin = (id) => void connected.add(id);
  joined.onPeerLeave = (id) => {
    connected.delete(id);
    onGone();
  };
  for (const socket of Object.values<WebSocket>(getRelaySockets())) {
    if (socket.readyState === WebSocket.OPEN) continue;
    await new Promise((resolve) => socket.addEventListener("open", resolve));
  }
  return {
    connected,
    send: (target, data) => talk.send(data, { target }),
  };
}
