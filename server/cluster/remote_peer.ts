import type { Occupant } from "../room.ts";

/** Signals that wait for a peer that is moving from node to node. */
const MAX_HELD = 256;

/** What a {@linkcode RemotePeer} is made of. */
export interface RemotePeerOptions {
  /** Public id of the peer. */
  readonly id: string;
  /** Key of its room. */
  readonly room: string;
  /** Which membership it is: whoever comes by that id later is another one. */
  readonly joinedAt: number;
  /** Name of the node that speaks for it. */
  readonly node: string;
  /** See `PlacedMember`. */
  readonly sequence: number;
  /** Sends one encoded signal to its node; `false` when much waits already. */
  readonly send: (peer: RemotePeer, frame: string) => boolean;
  /** An encoded signal that was taken is not sent. */
  readonly drop: (peer: RemotePeer, frame: string) => void;
  /** Asks a node to tell when it has handed on what it was sent for the peer; `false` when it will not. */
  readonly fence: (peer: RemotePeer, node: string) => boolean;
}

/** A peer of another node: it has a seat like everybody, and hears by its node. */
export class RemotePeer implements Occupant {
  readonly id: string;
  /** Key of its room. */
  readonly room: string;
  /** See {@linkcode RemotePeerOptions.joinedAt}. */
  readonly joinedAt: number;
  /** See `PlacedMember`. */
  sequence: number;
  /** Whether its node says that it is away; it also is when the node is lost. */
  away = false;
  /** Whether its node has told of it; one to which it was given may not have got it. */
  told = true;
  /** Nodes that have told of another peer by that id, whose seat this one was given: when it leaves they are asked again. */
  rivals: readonly string[] = [];
  #node: string;
  readonly #options: RemotePeerOptions;
  /** The nodes that it has left, and that have not handed on yet all that came before; the first one is asked. */
  readonly #behind: string[] = [];
  /** What waits for them. */
  #held: string[] = [];
  /** It comes to this node: what waits is not sent. */
  #coming: PromiseWithResolvers<void> | undefined;
  #fence = 0;

  /** A peer that has joined at its node. */
  constructor(options: RemotePeerOptions) {
    const { id, room, joinedAt, node, sequence } = this.#options = options;
    this.id = id;
    this.room = room;
    this.joinedAt = joinedAt;
    this.sequence = sequence;
    this.#node = node;
  }

  /** Name of the node that speaks for it. */
  get node(): string {
    return this.#node;
  }

  /** How often nodes were asked to tell. */
  get fence(): number {
    return this.#fence;
  }

  /** The node that is to tell when it has handed on what it was sent. */
  get waitsFor(): string | undefined {
    return this.#behind[0];
  }

  /** Does nothing: its node tells it what happens. */
  deliver(_frame: string): void {}

  /** Sends one encoded signal to its node. */
  offer(frame: string): boolean {
    const waits = this.#coming || this.#behind.length > 0;
    if (!waits) return this.#options.send(this, frame);
    if (this.#held.length >= MAX_HELD) return false;
    this.#held.push(frame);
    return true;
  }

  /** Goes on at another node; signals wait for what the one before has not handed on, unless that is lost. */
  move(node: string, isLost: boolean): void {
    if (!isLost) this.#behind.push(this.#node);
    this.#node = node;
    if (!isLost && this.#behind.length === 1) this.#ask();
  }

  /** Signals that wait, for whoever takes its place. */
  get held(): readonly string[] {
    return this.#held;
  }

  /** It comes to this node; resolves when those that it has left have handed on all that came before, or never will. */
  come(): Promise<void> {
    this.#coming = Promise.withResolvers<void>();
    this.#behind.push(this.#node);
    if (this.#behind.length === 1) this.#ask();
    return this.#coming.promise;
  }

  /** A node has handed on all that it had, or never will. */
  fenced(node: string): void {
    if (this.#behind[0] !== node) return;
    this.#behind.shift();
    this.#ask();
  }

  /** Asks the next one, or sends what has waited for the last. */
  #ask(): void {
    const { send, drop, fence } = this.#options;
    for (;;) {
      const [node] = this.#behind;
      if (node === undefined) break;
      this.#fence++;
      if (fence(this, node)) return;
      this.#behind.shift();
    }
    if (this.#coming) return this.#coming.resolve();
    const held = this.#held;
    this.#held = [];
    for (const frame of held) if (!send(this, frame)) drop(this, frame);
  }
}
