import {
  joinTrystero,
  type TrysteroRoom,
} from "../../../rivals/join_trystero.ts";
import { enter } from "../talk.ts";

let room: TrysteroRoom | undefined;

enter({
  async join(options, listener) {
    room = await joinTrystero(options, listener);
  },
  connected: () => [...room?.connected ?? []],
  send: (peer, text) => room?.send(peer, text),
});
