import {
  joinSimplePeer,
  type Known,
} from "../../../rivals/join_simple_peer.ts";
import { enter } from "../talk.ts";

let known: ReadonlyMap<string, Known> = new Map();

enter({
  async join(options, listener) {
    known = await joinSimplePeer(options, listener);
  },
  connected: () =>
    [...known].filter(([, { peer }]) => peer.connected).map(([id]) => id),
  send: (id, text) => known.get(id)?.peer.send(text),
});
