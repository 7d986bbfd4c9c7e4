// @ts-types="npm:@types/simple-peer@9.11.9"
import SimplePeer from "simple-peer/simplepeer.min.js";
import type { JoinListener, JoinOptions } from "./joining.ts";

/** Wait before the socket is opened again. */
const RECONNECT_MS = 1_000;

/** What was made for another page of the room. */
export interface Known {
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

/** Joins with simple-peer. Resolves with whom it knows, by name, which is kept up to date. */
export function joinSimplePeer(
  { name, signaling, room, iceServers }: JoinOptions,
  { onMessage, onGone, onNote }: JoinListener<Uint8Array>,
): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>();
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
    peer.on("data", (data) => onMessage(data, other));
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

  return new Promise((resolve) => open(() => resolve(known)));
}
