import { createHash } from "node:crypto";
import type { Link } from "../backplane/backplane.ts";
import { seatOf } from "./seated.ts";

/** Renewals in the life of a claim. */
export const RENEWALS = 3;
/** Names that are renewed, or given back, in one request. */
const BATCH = 500;

/** A seat, as the engine knows it: no name of a room or of a peer. */
export function claimName(key: string, id: string): string {
  return createHash("sha256").update(seatOf({ key, id })).digest("base64url");
}

/** The seats that this node has claimed in the engine, or would have if it answered. */
export class Claims {
  readonly #link: Link;
  readonly #held = new Set<string>();
  /**
   * Those that the engine did not take back, and how often: it would keep them
   * for a node that may be no more, until they run out.
   */
  readonly #owed = new Map<string, number>();
  readonly #trouble: (error: unknown) => void;

  /** None yet; `trouble` hears what the engine did not do. */
  constructor(link: Link, trouble: (error: unknown) => void) {
    this.#link = link;
    this.#trouble = trouble;
  }

  /** Asks the engine for a name, also instead of a node that has no right to it, or is no more. Resolves with the node that has it then. */
  claim(name: string, instead?: string): Promise<string> {
    this.#owed.delete(name);
    return this.#link.claim(name, instead);
  }

  /** Counts a name as held, whatever the engine says of it now. */
  hold(name: string): void {
    this.#held.add(name);
    this.#owed.delete(name);
  }

  /** Counts a name as no longer held: another node has it. */
  forget(name: string): void {
    this.#held.delete(name);
  }

  /** Gives a name back. */
  release(name: string): void {
    if (this.#held.delete(name)) void this.#giveBack([name]);
  }

  /** Keeps all that are held for another while, and gives back what is owed. Resolves with those that others hold. Never rejects. */
  async renew(): Promise<string[]> {
    const owed = batches(this.#owed.keys());
    await Promise.all(owed.map((batch) => this.#giveBack(batch)));
    const lost: string[] = [];
    for (const names of batches(this.#held)) {
      // Some may have been given back meanwhile.
      const batch = names.filter((name) => this.#held.has(name));
      try {
        lost.push(...await this.#link.renew(batch));
      } catch (error) {
        // The next time is soon enough.
        this.#trouble(error);
        break;
      }
      const gone = batch.filter((name) => !this.#held.has(name));
      if (gone.length > 0) void this.#giveBack(gone);
    }
    return lost.filter((name) => this.#held.has(name));
  }

  async #giveBack(names: readonly string[]): Promise<void> {
    try {
      await this.#link.release(names);
      for (const name of names) this.#owed.delete(name);
    } catch (error) {
      for (const name of names) this.#owe(name);
      this.#trouble(error);
    }
  }

  #owe(name: string): void {
    if (this.#held.has(name)) return;
    const times = this.#owed.get(name) ?? 0;
    // By then it has run out.
    if (times === RENEWALS) this.#owed.delete(name);
    else this.#owed.set(name, times + 1);
  }
}

function batches(names: Iterable<string>): readonly string[][] {
  const all = [...names];
  return Array.from(
    { length: Math.ceil(all.length / BATCH) },
    (_, batch) => all.slice(batch * BATCH, (batch + 1) * BATCH),
  );
}
