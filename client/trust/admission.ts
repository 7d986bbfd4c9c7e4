import type { PeerIdentity } from "./identity.ts";

/** Most answers of the app that are remembered of peers that are gone; of those before, it is asked again. */
const MAX_ANSWERS = 4096;

/** What an admission needs. */
export interface AdmissionOptions {
  /** Asks the app; everybody is admitted if there is none. */
  readonly onTrust:
    | ((peer: PeerIdentity) => boolean | Promise<boolean>)
    | undefined;
  /** A decision has been made, or another one. */
  onDecided(peer: string): void;
  /** Whether a peer is in the room. */
  isHere(peer: string): boolean;
}

/** Whom the app admits. Asks once for each peer, and remembers. */
export class Admission {
  readonly #options: AdmissionOptions;
  /** What the app has answered. */
  readonly #answers = new Map<string, boolean>();
  /** What it has said of itself, which is never forgotten. */
  readonly #said = new Map<string, boolean>();
  readonly #asked = new Set<string>();

  /** Nothing is decided. */
  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Whether a peer is admitted; `undefined` if that is not decided. */
  decision(peer: string): boolean | undefined {
    return this.#said.get(peer) ?? this.#answers.get(peer) ??
      (this.#options.onTrust ? undefined : true);
  }

  /** Asks the app about a peer, unless that is decided or it has been asked. */
  async ask(peer: string, identity: PeerIdentity | null): Promise<void> {
    const { onTrust } = this.#options;
    if (!onTrust || !identity || this.#asked.has(peer)) return;
    if (this.decision(peer) !== undefined) return;
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
    if (this.decision(peer) === undefined) {
      this.#answers.set(peer, admitted);
      this.#forget();
      this.#options.onDecided(peer);
    }
  }

  /** Decides, whatever was decided before. */
  decide(peer: string, admitted: boolean): void {
    const before = this.decision(peer);
    this.#said.set(peer, admitted);
    if (before !== admitted) this.#options.onDecided(peer);
  }

  #forget(): void {
    if (this.#answers.size <= MAX_ANSWERS) return;
    for (const peer of this.#answers.keys()) {
      if (this.#options.isHere(peer)) continue;
      this.#answers.delete(peer);
      return;
    }
  }
}
