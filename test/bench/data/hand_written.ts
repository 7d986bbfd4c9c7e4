/**
 * The floor of what is sent: one channel, and the loop that keeps it busy. It
 * connects as the floor of connecting does.
 *
 * @module
 */
import { makePair } from "../hand_made_pair.ts";
import { enter } from "./enter.ts";

// Medians of 64 MiB: 1.92 s so, 1.87 to 2.04 s with other messages of 32 to 192 KiB or 64 to 192 KiB buffered; with more some runs took 4 s.
const MESSAGE_BYTES = 64 * 1024;
const BUFFERED_BYTES = 128 * 1024;

let channel: RTCDataChannel | undefined;

enter({
  join({ signaling, room, others }, { onData, onFailure }) {
    const socket = new WebSocket(`ws://${signaling}/pair/${room}`);
    const pair = makePair((signal) => socket.send(signal));
    channel = pair.channel;
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }) => onData(data);
    channel.onclose = () => onFailure("the channel has closed");
    socket.onmessage = ({ data }) => pair.receive(JSON.parse(data));
    return new Promise((resolve) => {
      socket.onopen = () => {
        if (others.length > 0) pair.describe();
        resolve();
      };
    });
  },
  connected: () => channel?.readyState === "open",
  sendMessage: pump,
  sendMessages: pump,
});

async function pump(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const to = channel;
  if (!to) return;
  to.bufferedAmountLowThreshold = BUFFERED_BYTES - MESSAGE_BYTES;
  for (let at = 0; at < bytes.byteLength; at += MESSAGE_BYTES) {
    if (to.bufferedAmount > to.bufferedAmountLowThreshold) {
      await new Promise((resolve) => to.onbufferedamountlow = resolve);
    }
    to.send(bytes.subarray(at, at + MESSAGE_BYTES));
  }
}
