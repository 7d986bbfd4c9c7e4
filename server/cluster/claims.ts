import { createHash } from "node:crypto";
import type { Link } from "../backplane/backplane.ts";
import { seatOf } from "./seated.ts";

/** Names that are renewed in one request. */
const BATCH = 500;

/** A seat, as the engine knows it: no name of a room or of a peer. */
export function claimName(key: string, id: string): string {
  return createHash("sha256").update(seatOf({ key, id })).digest("base64url");
}

/** The seats that this node has claimed in the engine, or would have if it answered. */
export class Claims {
  readonly #link: Link;
  readonly #held = new Set<string>();
  readonly #trouble: (error: unknown) => void;

  /** None yet; `trouble` hears what the engine did not do. */
  constructor(link: Link, trouble: (error: unknown) => void) {
    this.#link = link;
    this.#trouble = trouble;
  }

  /** Counts a name as held, whatever the engine says of it now. */
  hold(name: string): void {
    this.#held.add(name);
  }

  /** Counts a name as no longer held: another node has it. */
  forget(name: string): void {
    this.#held.delete(name);
  }

  /** Gives a name back. */
  release(name: string): void {
    if (!this.#held.delete(name)) return;
    this.#link.release([name]).catch(this.#trouble);
  }

  /** Takes a name from a node that has no right to it, or is no more. */
  take(name: string, from: string): void {
    this.#link.claim(name, from).catch(this.#trouble);
  }

  /** Keeps all that are held for another while. Resolves with those that others hold. Never rejects. */
  async renew(): Promise<string[]> {
    const names = [...this.#held];
    const lost: string[] = [];
    for (let start = 0; start < names.length; start += BATCH) {
      // Some may have been given back meanwhile.
      const batch = names.slice(start, start + BATCH)
        .filter((name) => this.#held.has(name));
      try {
        lost.push(...await this.#link.renew(batch));
      } catch (error) {
        // The next time is soon enough.
        this.#trouble(error);
        break;
      }
      const gone = batch.filter((name) => !this.#held.has(name));
      if (gone.length > 0) this.#link.release(gone).catch(this.#trouble);
    }
    return lost.filter((name) => this.#held.has(name));
  }
}
