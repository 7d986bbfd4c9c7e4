import { assertEquals } from "@std/assert";
import { flush, WirePeer } from "../support/wire_peer.ts";
import type { Step } from "./step.ts";

/** How many signals each peer sends to each other one. */
const SIGNALS = 2_000;

/** What nodes make of signals. */
export const ORDER: readonly Step[] = [
  {
    name:
      `carries ${SIGNALS} signals each way between any two of its nodes exactly once and in order`,
    async run({ nodes }) {
      await using stack = new AsyncDisposableStack();
      const peers: WirePeer[] = [];
      for (const [index, { url }] of nodes.entries()) {
        peers.push(
          stack.use(
            await WirePeer.join(url, { room: "order", id: `peer-${index}` }),
          ),
        );
      }
      await flush(peers);
      for (let number = 0; number < SIGNALS; number++) {
        for (const peer of peers) {
          for (const { id } of peers) {
            if (id !== peer.id) peer.signal(id, String(number));
          }
        }
      }
      await flush(peers);
      const expected = Array.from({ length: SIGNALS }, (_, n) => String(n));
      for (const peer of peers) {
        const faults = peer.heard.filter(({ type }) => type === "error");
        assertEquals(faults, [], peer.id);
        for (const { id } of peers) {
          if (id === peer.id) continue;
          const numbers = peer.signalsOf(id).filter((data) =>
            /^\d+$/.test(data)
          );
          assertEquals(numbers, expected, `${id} to ${peer.id}`);
        }
      }
    },
  },
];
