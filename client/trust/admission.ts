import type { PeerIdentity } from "./identity.ts";

/** Most decisions that are remembered; of those before, the app is asked again. */
const MAX_DECISIONS = 4096;

/** Whom the app admits. Asks once for each peer, and remembers. */
export class Admission {
  readonly #onTrust:
    | ((peer: PeerIdentity) => boolean | Promise<boolean>)
    | undefined;
  readonly #onDecided: (peer: string, admitted: boolean) => void;
  readonly #decisions = new Map<string, boolean>();
  readonly #asked = new Set<string>();

  /** Admits everybody if there is no `onTrust`. */
  constructor(
    onTrust: ((peer: PeerIdentity) => boolean | Promise<boolean>) | undefined,
    onDecided: (peer: string, admitted: boolean) => void,
  ) {
    this.#onTrust = onTrust;
    this.#onDecided = onDecided;
  }

  /** Whether a peer is admitted; `undefined` if that is not decided. */
  decision(peer: string): boolean | undefined {
    return this.#decisions.get(peer) ?? (this.#onTrust ? undefined : true);
  }

  /** Asks the app about a peer, unless it was asked before. */
  async ask(peer: string, identity: PeerIdentity | null): Promise<void> {
    const onTrust = this.#onTrust;
    if (!onTrust || !identity || this.#asked.has(peer)) return;
    if (this.#decisions.has(peer)) return;
    this.#asked.add(peer);
    let admitted = false;
    try {
      admitted = await onTrust(identity) === true;
    } catch (error) {
      // As any listener of the app that throws: everybody else goes on.
      queueMicrotask(() => {
        throw error;
      });
    }
    this.#asked.delete(peer);
    // What `trust` has said meanwhile counts.
    if (!this.#decisions.has(peer)) this.decide(peer, admitted);
  }

  /** Decides, whatever was decided before. */
  decide(peer: string, admitted: boolean): void {
    if (this.decision(peer) === admitted) return;
    this.#decisions.set(peer, admitted);
    const [oldest] = this.#decisions.keys();
    if (this.#decisions.size > MAX_DECISIONS && oldest !== undefined) {
      this.#decisions.delete(oldest);
    }
    this.#onDecided(peer, admitted);
  }
}
