import { Exchange, type ExchangeOptions } from "../../client/data/exchange.ts";
import { Emitter } from "../../client/emitter.ts";
import type { ConnectionEvents } from "../../client/events.ts";
import { HeardPlane, JoinedPlanes } from "./joined_planes.ts";

/** An exchange, and peers that it knows: of each, `a` is our side of the pair and `b` the other. */
export class KnownPeers implements Disposable {
  readonly events: Emitter<ConnectionEvents> = new Emitter();
  readonly pairs: Map<string, JoinedPlanes> = new Map();
  readonly exchange: Exchange;
  /** What an exchange is made of. */
  readonly options: ExchangeOptions;
  readonly #maxMessageBytes: number;

  /** Knows nobody. */
  constructor({ maxMessageBytes = 2 ** 22 } = {}) {
    this.#maxMessageBytes = maxMessageBytes;
    this.options = {
      maxMessageBytes,
      met: () => [...this.pairs.keys()],
      plane: (peerId) => this.pairs.get(peerId)?.a.plane,
      onLost: (peer) => this.events.emit("undelivered", { peer, messages: 1 }),
      onMessage: (listener) => this.events.on("message", listener),
      on: (event, listener) => this.events.on(event, listener),
    };
    this.exchange = new Exchange(this.options);
  }

  /** Meets a peer, whose messages become events; it is joined, unless that is left to the test. */
  meet(
    peer: string,
    { joined = true, maxMessageBytes = 2 ** 22 } = {},
  ): JoinedPlanes {
    const a = new HeardPlane(peer, { maxMessageBytes: this.#maxMessageBytes });
    const b = new HeardPlane("me", { maxMessageBytes });
    const pair = new JoinedPlanes({ a, b });
    a.onHeard = (data) => this.events.emit("message", { data, peer });
    this.pairs.set(peer, pair);
    if (joined) {
      pair.join({ flows: true });
      pair.flush();
    }
    return pair;
  }

  /** The pair with a peer ends for good. */
  part(peer: string): void {
    const pair = this.pairs.get(peer);
    this.pairs.delete(peer);
    pair?.[Symbol.dispose]();
    this.events.emit("peer-disconnect", peer);
  }

  /** Ends all pairs. */
  [Symbol.dispose](): void {
    for (const peer of [...this.pairs.keys()]) this.part(peer);
    this.events.emit("state", { state: "closed", reason: "over" });
  }
}
