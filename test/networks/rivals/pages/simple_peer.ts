// @ts-types="npm:@types/simple-peer@9.11.9"
import SimplePeer from "simple-peer/simplepeer.min.js";
import { enter } from "../talk.ts";

/** Wait before the socket is opened again. */
const RECONNECT_MS = 1_000;

interface Known {
  /** Tells signals of this peer object from those of one before. */
  readonly session: string;
  readonly peer: SimplePeer.Instance;
}

/** What the relay says: who is in the room, or a signal of one of them. */
interface Frame {
  readonly here?: readonly string[];
  readonly from?: string;
  readonly session?: string;
  readonly signal?: SimplePeer.SignalData;
}

const known = new Map<string, Known>();

enter({
  join(
    { name, signaling, room, iceServers },
    { onMessage, onGone, onNote },
  ) {
    let socket: WebSocket;

    function make(other: string, session: string, initiator: boolean): void {
      known.get(other)?.peer.destroy();
      const peer = new SimplePeer({
        initiator,
        config: { iceServers: [...iceServers] },
      });
      known.set(other, { session, peer });
      peer.on("signal", (signal) => {
        if (socket.readyState === WebSocket.OPEN) {
          socket.send(JSON.stringify({ to: other, session, signal }));
        } else onNote(`lost ${signal.type}: no socket`);
      });
      peer.on("data", (data) => onMessage(String(data)));
      peer.on("error", (error) => onNote(String(error)));
      peer.on("close", onGone);
    }

    function open(joined: () => void): void {
      socket = new WebSocket(`ws://${signaling}/${room}/${name}`);
      socket.onclose = () => {
        onNote("socket closed");
        setTimeout(open, RECONNECT_MS, () => onNote("socket open"));
      };
      socket.onmessage = ({ data }) => {
        const { here = [], from, session, signal }: Frame = JSON.parse(data);
        for (const other of here) {
          const peer = known.get(other)?.peer;
          if (!peer || peer.destroyed) make(other, crypto.randomUUID(), true);
        }
        joined();
        if (from === undefined || !session || !signal) return;
        if (known.get(from)?.session !== session && signal.type === "offer") {
          make(from, session, false);
        }
        const { peer, session: current } = known.get(from) ?? {};
        if (current === session && !peer?.destroyed) peer?.signal(signal);
      };
    }

    return new Promise((resolve) => open(resolve));
  },
  connected: () =>
    [...known].filter(([, { peer }]) => peer.connected).map(([id]) => id),
  send: (id, text) => known.get(id)?.peer.send(text),
});
