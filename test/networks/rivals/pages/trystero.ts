import { getRelaySockets, joinRoom } from "trystero";
import { enter } from "../talk.ts";

const connected = new Set<string>();
let send: (peer: string, text: string) => Promise<void>;

enter({
  async join({ signaling, room, iceServers }, { onMessage, onGone }) {
    const joined = joinRoom({
      appId: "rivals",
      relayConfig: { urls: [`ws://${signaling}`] },
      rtcConfig: { iceServers: [...iceServers] },
    }, room);
    const talk = joined.makeAction<string>("talk");
    talk.onMessage = (text) => onMessage(text);
    send = (target, text) => talk.send(text, { target });
    joined.onPeerJoin = (id) => void connected.add(id);
    joined.onPeerLeave = (id) => {
      connected.delete(id);
      onGone();
    };
    for (const socket of Object.values<WebSocket>(getRelaySockets())) {
      if (socket.readyState === WebSocket.OPEN) continue;
      await new Promise((resolve) => socket.addEventListener("open", resolve));
    }
  },
  connected: () => [...connected],
  send: (peer, text) => send(peer, text),
});
