import { joinSimplePeer, type Known } from "../../rivals/join_simple_peer.ts";
import { enter } from "./enter.ts";
import { MESSAGE_BYTES, pieces } from "./pieces.ts";

let known: ReadonlyMap<string, Known> = new Map();

enter({
  async join(options, { onData, onFailure }) {
    known = await joinSimplePeer(options, {
      onMessage: onData,
      onGone: () => onFailure("the peer has closed"),
      onNote: (text) => {
        if (text.startsWith("Error")) onFailure(text);
      },
    });
  },
  connected: () => [...known.values()].some(({ peer }) => peer.connected),
  // deno-lint-ignore require-await -- What `send` throws is to be a rejection.
  async sendMessage(message) {
    for (const { peer } of known.values()) peer.send(message);
  },
  async sendMessages(bytes) {
    for (const message of pieces(bytes)) await write(message);
  },
  async sendFile(file) {
    for (let at = 0; at < file.size; at += MESSAGE_BYTES) {
      const piece = await file.slice(at, at + MESSAGE_BYTES).arrayBuffer();
      await write(new Uint8Array(piece));
    }
  },
});

/** A peer is a stream of Node: one waits for `drain` when `write` says so. */
async function write(bytes: Uint8Array): Promise<void> {
  for (const { peer } of known.values()) {
    if (peer.write(bytes)) continue;
    await new Promise<void>((resolve) => peer.once("drain", resolve));
  }
}
