import type { ServerMessage, SignalFrom, Welcome } from "../../protocol.ts";
import { parseServerMessage } from "../../protocol.ts";
import { RawPeer, type RawPeerOptions } from "./raw_peer.ts";
import { within } from "./within.ts";

/** How long anything may take, unless a test says otherwise. */
const PATIENCE_MS = 15_000;

/** What a peer asks a node for. */
export interface Claim extends RawPeerOptions {
  /** Name of the room. */
  readonly room: string;
  /** Own id. */
  readonly id: string;
}

/** A peer that speaks the wire by hand and keeps all that it hears. */
export class WirePeer implements AsyncDisposable {
  /** Its id. */
  readonly id: string;
  /** The peer itself, for what else there is to do with it. */
  readonly raw: RawPeer;
  /** All that it has heard, but pings and pongs. */
  readonly heard: ServerMessage[] = [];
  /** HTTP status by which its socket was refused, if it was. */
  refusal: number | undefined;
  #watchers = new Set<() => void>();

  /** Asks a node for a seat. */
  constructor(url: string, { room, id, ...options }: Claim) {
    this.id = id;
    this.raw = new RawPeer(url, room, id, options);
    const { socket } = this.raw;
    socket.addEventListener("message", ({ data }) => {
      const parsed = parseServerMessage(data);
      if (!parsed.ok || /^p[io]ng$/.test(parsed.message.type)) return;
      this.heard.push(parsed.message);
      this.#changed();
    });
    socket.addEventListener("error", (event) => {
      const { message } = event as ErrorEvent;
      this.refusal = Number(/status code: (\d+)/.exec(message)?.[1] ?? 0);
    });
    socket.addEventListener("close", () => this.#changed());
  }

  /** Asks a node for a seat, and throws if it is not given. */
  static async join(url: string, claim: Claim): Promise<WirePeer> {
    const peer = new WirePeer(url, claim);
    if (await peer.welcomed()) return peer;
    throw new Error(`${claim.id} was refused by ${url}: ${peer.refusal}`);
  }

  /** Whether it was let in, once that is known. */
  async welcomed(withinMs: number = PATIENCE_MS): Promise<boolean> {
    await this.until("a welcome, or a refusal", () => {
      return this.#welcome !== undefined || this.#closed;
    }, withinMs);
    return this.#welcome !== undefined;
  }

  /** Its welcome. */
  get welcome(): Welcome {
    const welcome = this.#welcome;
    if (!welcome) throw new Error(`${this.id} has no welcome`);
    return welcome;
  }

  /** What it has heard of one other peer, in short: joins, leaves, and so on. */
  of(id: string): string[] {
    return this.heard.flatMap((message) => {
      switch (message.type) {
        case "join":
          return message.peer.id === id ? ["join"] : [];
        case "leave":
          return message.id === id ? [`leave ${message.reason}`] : [];
        case "away":
        case "back":
          return message.id === id ? [message.type] : [];
        case "presence":
          return message.id === id ? [`presence ${message.presence}`] : [];
        default:
          return [];
      }
    });
  }

  /** Whether it has been told that another peer is there. */
  knows(id: string): boolean {
    return this.welcome.peers.some((peer) => peer.id === id) ||
      this.of(id).includes("join");
  }

  /** What one other peer has signaled to it, in the order of arrival. */
  signalsOf(id: string): string[] {
    return this.signals.filter(({ from }) => from === id)
      .map(({ data }) => data);
  }

  /** All signals that it has got. */
  get signals(): SignalFrom[] {
    return this.heard.filter((message) => message.type === "signal");
  }

  /** Signals another peer. */
  signal(to: string, data: string): void {
    this.raw.send({ type: "signal", to, data });
  }

  /** Publishes something. */
  publish(presence: string | null): void {
    this.raw.send({ type: "presence", presence });
  }

  /** Resolves when the server has taken all that it has said. */
  async settled(): Promise<void> {
    await within(
      PATIENCE_MS,
      `a pong for ${this.id}`,
      this.raw.settled(this.signals.length),
    );
  }

  /** Resolves when something is so, which is looked at whenever it hears something. */
  async until(
    what: string,
    isSo: () => boolean,
    withinMs: number = PATIENCE_MS,
  ): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => void (isSo() && resolve());
    this.#watchers.add(look);
    try {
      await within(withinMs, () => {
        const heard = JSON.stringify(this.heard.slice(-8));
        return `${what} at ${this.id}, which has heard … ${heard}`;
      }, promise);
    } finally {
      this.#watchers.delete(look);
    }
  }

  /** Resolves when it has heard that of one other peer, as {@linkcode of} tells it. */
  async hears(
    id: string,
    word: string,
    withinMs?: number,
  ): Promise<void> {
    await this.until(
      `"${word}" of ${id}`,
      () => this.of(id).includes(word),
      withinMs,
    );
  }

  /** Whether its server has asked it to go elsewhere, or is gone. */
  get leaving(): boolean {
    return this.#closed || this.heard.some(({ type }) => type === "drain");
  }

  /** Loses its socket as a page does that will come back. Resolves when it is closed. */
  async drop(): Promise<void> {
    if (!this.#closed) this.raw.socket.close(4003);
    await within(PATIENCE_MS, `the close of ${this.id}`, this.raw.closed);
  }

  /** Says goodbye and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await within(
      PATIENCE_MS,
      `the close of ${this.id}`,
      this.raw[Symbol.asyncDispose](),
    );
  }

  get #welcome(): Welcome | undefined {
    return this.heard.find((message) => message.type === "welcome");
  }

  get #closed(): boolean {
    return this.raw.socket.readyState === WebSocket.CLOSED;
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/**
 * Resolves when everything that was said before, on all nodes that these peers
 * are at, has arrived at all of them: each has heard a last word of each other
 * one, and nothing overtakes.
 */
export async function flush(peers: readonly WirePeer[]): Promise<void> {
  const word = `flushed ${flushes++}`;
  // What is said to somebody who is not known yet at that node comes back.
  for (const peer of peers) {
    await peer.until(
      "all the others",
      () => peers.every(({ id }) => id === peer.id || peer.knows(id)),
    );
  }
  for (const peer of peers) {
    for (const { id } of peers) if (id !== peer.id) peer.signal(id, word);
  }
  await Promise.all(
    peers.map((peer) =>
      peer.until(`"${word}" of all`, () => {
        const last = peer.signals.filter(({ data }) => data === word);
        return new Set(last.map(({ from }) => from)).size === peers.length - 1;
      })
    ),
  );
}

let flushes = 0;
