import process from "node:process";
import { readOptions } from "../../client/options.ts";
import { LoadPeer } from "./load_peer.ts";
import { OpenSockets } from "./open_sockets.ts";
import type { LoadOptions } from "./options.ts";
import { pace } from "./pace.ts";
import { type Figures, Tally } from "./tally.ts";

/** How long a join may take, as in `connect`. */
const JOIN_MS = 10_000;
/** How many may be under way: a process that stood still must not begin all at once. */
const MAX_JOINING = 256;
/** How long all may take to hear of the last one. */
const MEET_MS = 5_000;
/** What would be said later than that is not said. */
const FORGO_MS = 500;
/** When nothing has arrived for so long, nothing will. */
const QUIET_MS = 2_000;
const LOOK_MS = 20;
/** How long goodbyes may take. */
const END_MS = 3_000;

/** What one process does of a load: its share of the rooms and of the rates. */
export interface CrowdOptions extends
  Pick<
    LoadOptions,
    | "urls"
    | "peers"
    | "seconds"
    | "joinsPerSecond"
    | "signalsPerSecond"
    | "bytes"
  > {
  /** Names of its rooms. */
  readonly rooms: readonly string[];
}

/** The peers of one process. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #tally = new Tally();
  readonly #sockets = new OpenSockets();
  /** Signals that have not arrived, and were told of. */
  #lost = 0;
  /** Those of a room are next to each other. */
  readonly #rooms: readonly (readonly LoadPeer[])[];

  /** Nobody has come yet. */
  constructor(options: CrowdOptions) {
    this.#options = options;
    const { urls, rooms, peers } = options;
    this.#rooms = rooms.map((room, r) =>
      Array.from({ length: peers }, (_, p) => {
        const host = urls[(r + p) % urls.length] ?? "";
        return this.#makePeer(host, room, `peer-${p}`);
      })
    );
  }

  /** Lets them come to all rooms at once. Resolves with what there was when all are in and know each other, or will not. */
  async join(signal: AbortSignal): Promise<Figures> {
    const { joinsPerSecond, peers } = this.#options;
    // The first of each room, then the second of each room, ….
    const waiting = Array.from({ length: peers })
      .flatMap((_, p) => this.#rooms.flatMap((room) => room[p] ?? []));
    const joining = new Set<Promise<void>>();
    const busy = busyShare();
    const startedAt = performance.now();
    const onAbort = () =>
      this.#peers.forEach((peer) => peer.isIn || peer.leave());
    signal.addEventListener("abort", onAbort);
    await pace({ perSecond: joinsPerSecond, signal }, () => {
      if (joining.size >= MAX_JOINING) return "later";
      const joined: Promise<void> | undefined = waiting.shift()?.join()
        .finally(() => joined && joining.delete(joined));
      if (joined) joining.add(joined);
      return waiting.length > 0 ? "next" : "last";
    });
    await Promise.all(joining);
    signal.removeEventListener("abort", onAbort);
    this.#tally.joinMs = performance.now() - startedAt;
    this.#tally.busy = busy();
    await this.#meet(signal);
    return this.#tally.take();
  }

  /** Lets them talk for as long as they shall. Resolves with what there was when all has arrived, or will not. May be called again. */
  async talk(signal: AbortSignal): Promise<Figures> {
    const { signalsPerSecond, seconds, bytes } = this.#options;
    const durationMs = seconds * 1000;
    const peers = this.#peers.filter(({ isIn }) => isIn);
    const busy = busyShare();
    const startedAt = performance.now();
    let turn = 0;
    this.#tally.forgone = await pace({
      // Who says nothing waits all the same.
      perSecond: signalsPerSecond,
      durationMs,
      forgoAfterMs: FORGO_MS,
      signal,
    }, () => {
      // Somebody may have nobody to talk to.
      for (let tries = 0; tries < peers.length; tries++) {
        if (peers[turn++ % peers.length]?.speak(bytes)) break;
      }
      return "next";
    });
    this.#tally.talkMs = performance.now() - startedAt;
    this.#tally.busy = busy();
    await this.#hearAll();
    return this.#tally.take();
  }

  /** Lets them say goodbye. */
  async leave(): Promise<Figures> {
    for (const peer of this.#peers) peer.leave();
    await this.#sockets.ended(END_MS);
    return this.#tally.take();
  }

  get #peers(): readonly LoadPeer[] {
    return this.#rooms.flat();
  }

  #makePeer(host: string, room: string, id: string): LoadPeer {
    const { Quick, Native } = this.#sockets;
    const plain = readOptions({ host, room, id, timeoutMs: JOIN_MS });
    const encrypted = plain.address.startsWith("wss:");
    const WebSocket = encrypted ? Native : Quick;
    return new LoadPeer({ ...plain, id, WebSocket }, this.#tally);
  }

  /** Resolves when all who are in take each other for present. */
  async #meet(signal: AbortSignal): Promise<void> {
    const until = performance.now() + MEET_MS;
    while (performance.now() < until && !signal.aborted) {
      if (this.#unseen() === 0) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    if (!signal.aborted) this.#tally.fail("peer not told of", this.#unseen());
  }

  #unseen(): number {
    return this.#pairs()
      .filter(([self, other]) =>
        self.isIn && other.isIn && !self.sees(other.id)
      )
      .length;
  }

  async #hearAll(): Promise<void> {
    const tally = this.#tally;
    for (let quietMs = 0; tally.received < tally.sent && quietMs < QUIET_MS;) {
      const before = tally.received;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      quietMs = tally.received > before ? 0 : quietMs + LOOK_MS;
    }
    const lost = this.#pairs().map(([self, other]) => self.missing(other))
      .reduce((sum, count) => sum + count, 0);
    tally.fail("signal lost", lost - this.#lost);
    this.#lost = lost;
  }

  #pairs(): (readonly [LoadPeer, LoadPeer])[] {
    return this.#rooms.flatMap((room) =>
      room.flatMap((self) =>
        room.filter((other) => other !== self)
          .map((other) => [self, other] as const)
      )
    );
  }
}

/** How much of a core this process takes from now until it is asked. */
function busyShare(): () => number {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / (performance.now() - startedAt);
  };
}
