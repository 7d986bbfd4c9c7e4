import { joinTrystero, type TrysteroRoom } from "../../rivals/join_trystero.ts";
import { enter } from "./enter.ts";
import { pieces } from "./pieces.ts";

let room: TrysteroRoom | undefined;

enter({
  async join(options, { onData, onFailure }) {
    room = await joinTrystero(options, {
      onMessage: (data) => onData(data as ArrayBuffer),
      onGone: () => onFailure("the peer has left"),
      onNote() {},
    });
  },
  connected: () => (room?.connected.size ?? 0) > 0,
  sendMessage: send,
  async sendMessages(bytes) {
    for (const message of pieces(bytes)) await send(message);
  },
  sendFile: send,
});

async function send(data: Uint8Array | Blob): Promise<void> {
  for (const peer of room?.connected ?? []) await room?.send(peer, data);
}
