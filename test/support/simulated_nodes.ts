import type { Link, LinkOptions } from "../../server/backplane/backplane.ts";
import {
  type MemoryBackplane,
  memoryBackplane,
} from "../../server/backplane/memory_backplane.ts";
import type { FakeTime } from "./fake_time.ts";
import {
  type SimulatedPeer,
  type SimulatedServer,
  simulatedServer,
} from "./simulated_room.ts";

/** One of several servers without a network, and the switches of what lies between them. */
export interface SimulatedNode extends SimulatedServer {
  /** Its name among the nodes. */
  readonly name: string;
  /** Kills it: it says no more, and hears nothing. */
  kill(): void;
}

/** Servers that serve the same rooms, with a hub between them. */
export class SimulatedNodes {
  readonly hub: MemoryBackplane;
  readonly nodes: SimulatedNode[] = [];
  readonly #time: FakeTime;
  readonly #killed: Promise<void>[] = [];
  #ticks = 0;

  constructor(time: FakeTime) {
    this.#time = time;
    this.hub = memoryBackplane({ now: () => time.passed });
  }

  /** Starts servers until there are so many; `skewMs` is what their clocks are ahead. Resolves when they know each other. */
  async start(count: number, skewMs: readonly number[] = []): Promise<void> {
    while (this.nodes.length < count) {
      const skew = skewMs[this.nodes.length] ?? 0;
      this.nodes.push(this.#make(() => this.#now() + skew));
    }
    await this.#time.flow(5_000);
  }

  /** Kills one, and starts another one in its place. */
  async replace(index: number): Promise<void> {
    const { kill, lobby } = this.node(index);
    kill();
    // Only so that its timers end: nobody hears it any more.
    this.#killed.push(lobby.drain());
    this.nodes[index] = this.#make(() => this.#now());
    await this.#time.flow(5_000);
  }

  /** A node by its place. */
  node(index: number): SimulatedNode {
    const node = this.nodes[index];
    if (!node) throw new Error(`There is no node ${index}`);
    return node;
  }

  /** Stops all of them. */
  async close(): Promise<void> {
    const closing = this.nodes.map(({ lobby }) => lobby.drain());
    await this.#time.flow(5_000);
    await Promise.all([...closing, ...this.#killed]);
  }

  /** Lets a peer ask a node for a seat, and answers with how it was refused, if it was. */
  async knock(
    peer: SimulatedPeer,
    index: number,
    token = peer.welcome?.resume,
  ): Promise<string | undefined> {
    const knocking = peer.knock(this.node(index), token);
    await this.#time.flow(0);
    let settled = false;
    void knocking.then(() => settled = true);
    // A socket may be asked whether it lives, and a node that does not answer is waited for.
    for (let tenth = 0; tenth < 80 && !settled; tenth++) {
      await this.#time.flow(100);
    }
    const code = await knocking;
    await this.#time.flow(0);
    return code;
  }

  /** A clock that stands still for nobody. */
  #now(): number {
    return 1_700_000_000_000 + this.#time.passed + ++this.#ticks;
  }

  #make(now: () => number): SimulatedNode {
    let name = "";
    let link: Link | undefined;
    const { lobby } = simulatedServer(now, {
      name: "memory",
      open: (options: LinkOptions) => {
        name = options.node;
        return link = this.hub.open(options);
      },
    });
    return { lobby, name, kill: () => void link?.close() };
  }
}
