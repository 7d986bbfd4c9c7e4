import { toBase64url } from "./base64url.ts";
import type { Card } from "./card.ts";
import type { PeerIdentity } from "./identity.ts";

/** Most sessions that are remembered, so that nothing they said is taken twice; and of one peer, which can begin as many as it likes. */
const MAX_SESSIONS = 4096;
const MAX_SESSIONS_OF_PEER = 64;

/** A page of a peer, from its `connect` to its end. It was seen to have the room key, and to be who its id says. */
export interface PeerSession {
  readonly peer: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly card: Card;
  readonly identity: PeerIdentity | null;
  /** What it has published last. */
  presence: string | null;
  /** Counters of what has come last. */
  published: number;
  greeted: number;
  heard: number;
  /** Counter of the signals to it. */
  said: number;
  /** Keys of its signals to us, and of ours to it, once they have been used. */
  readonly keys: {
    theirs?: Promise<CryptoKey> | undefined;
    ours?: Promise<CryptoKey> | undefined;
  };
}

/** Every session that has introduced itself, and which one of a peer is its present one. */
export class PeerSessions {
  /** By peer, and then by its bytes, which everybody sees and may claim to be its own. */
  readonly #all = new Map<string, Map<string, PeerSession>>();
  readonly #current = new Map<string, PeerSession>();
  #count = 0;

  /** The present session of a peer. */
  current(peer: string): PeerSession | undefined {
    return this.#current.get(peer);
  }

  /** The peer has left. What its sessions have said is remembered. */
  forget(peer: string): void {
    this.#current.delete(peer);
  }

  /** The session of a peer that those bytes name. */
  find(peer: string, bytes: Uint8Array): PeerSession | undefined {
    return this.#all.get(peer)?.get(toBase64url(bytes));
  }

  /** Whether those bytes name a session of any peer. */
  isOfAnybody(bytes: Uint8Array): boolean {
    const name = toBase64url(bytes);
    return [...this.#all.values()].some((all) => all.has(name));
  }

  /** Remembers a session that has introduced itself. */
  begin(
    peer: string,
    bytes: Uint8Array<ArrayBuffer>,
    card: Card,
  ): PeerSession {
    this.#makeRoom(peer);
    const session: PeerSession = {
      peer,
      bytes,
      card,
      identity: card.identity ? { id: peer, ...card.identity } : null,
      presence: null,
      published: 0,
      greeted: 0,
      heard: 0,
      said: 0,
      keys: {},
    };
    const all = this.#all.get(peer) ?? new Map<string, PeerSession>();
    this.#all.set(peer, all.set(toBase64url(bytes), session));
    this.#count++;
    return session;
  }

  /**
   * Makes a session the present one of its peer, if it is: the one that has spoken
   * to us last. Whoever has recorded an old one can show it to us again; but what
   * it said then was not to this session of ours.
   */
  adopt(session: PeerSession, forUs: boolean): boolean {
    const current = this.#current.get(session.peer);
    if (current === session || current && !forUs) return false;
    this.#current.set(session.peer, session);
    return true;
  }

  #makeRoom(peer: string): void {
    const { size = 0 } = this.#all.get(peer) ?? {};
    if (size >= MAX_SESSIONS_OF_PEER) this.#drop(peer);
    if (this.#count < MAX_SESSIONS) return;
    const gone = [...this.#all.keys()].find((each) =>
      each !== peer && !this.#current.has(each)
    );
    if (gone !== undefined) this.#drop(gone);
  }

  /** Forgets a session of a peer, but not the present one: the oldest of those that have told us nothing, else of all. */
  #drop(peer: string): void {
    const all = this.#all.get(peer);
    const gone = [...all ?? []].filter(([, session]) =>
      session !== this.#current.get(peer)
    );
    const [name] = gone.find(([, { heard }]) => heard === 0) ?? gone[0] ?? [];
    if (name === undefined) return;
    all?.delete(name);
    this.#count--;
    if (all?.size === 0) this.#all.delete(peer);
  }
}
