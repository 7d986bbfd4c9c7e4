import type { KV } from "@nats-io/kv";
import type { Link } from "./backplane.ts";

/** How long a question may wait for its answer; whoever asked has given up by then. */
const ANSWER_MS = 2000;

/** How often a name may change hands while it is asked about. */
const MAX_TRIES = 16;

/** What a server says to an update of something that has changed meanwhile, or is gone: of versions to 2.11, and later. */
const HAS_CHANGED: readonly unknown[] = [10071, 10164];

/** Claims of names in a bucket, where a name is a key and its holder the value. */
export class NatsClaims
  implements Pick<Link, "claim" | "holder" | "renew" | "release"> {
  readonly #bucket: KV;
  readonly #node: string;
  /** Of the names that this node holds, as far as it knows: what it has written last. */
  readonly #revisions = new Map<string, number>();

  constructor(bucket: KV, node: string) {
    this.#bucket = bucket;
    this.#node = node;
  }

  async claim(name: string, instead = this.#node): Promise<string> {
    let revision = this.#revisions.get(name) ?? 0;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await this.#write(name, revision)) return this.#node;
      const found = await this.#find(name);
      const { holder } = found;
      if (holder !== undefined && holder !== this.#node && holder !== instead) {
        return holder;
      }
      revision = found.revision;
    }
    throw new Error("the name changes hands all the time");
  }

  async holder(name: string): Promise<string | undefined> {
    return (await this.#find(name)).holder;
  }

  async renew(names: readonly string[]): Promise<readonly string[]> {
    const holders = await Promise.all(names.map((name) => this.claim(name)));
    return names.filter((_name, index) => holders[index] !== this.#node);
  }

  async release(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#release(name)));
  }

  async #release(name: string): Promise<void> {
    let revision = this.#revisions.get(name);
    this.#revisions.delete(name);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (revision === undefined) {
        const found = await this.#find(name);
        if (found.holder !== this.#node) return;
        revision = found.revision;
      }
      const deleted = await unlessChanged(
        this.#bucket.delete(name, { previousSeq: revision }),
      );
      if (deleted !== CHANGED) return;
      revision = undefined;
    }
  }

  /** Writes this node down as the holder, unless the name has changed since that revision; 0 is that nobody has ever held it. */
  async #write(name: string, previousSeq: number): Promise<boolean> {
    const revision = await unlessChanged(
      this.#bucket.put(name, this.#node, { previousSeq, timeout: ANSWER_MS }),
    );
    if (revision === CHANGED) {
      this.#revisions.delete(name);
      return false;
    }
    this.#revisions.set(name, revision);
    return true;
  }

  /** What is written of a name now. */
  async #find(name: string): Promise<{ holder?: string; revision: number }> {
    const entry = await this.#bucket.get(name);
    if (!entry) return { revision: 0 };
    const { operation, revision } = entry;
    return operation === "PUT"
      ? { holder: entry.string(), revision }
      : { revision };
  }
}

const CHANGED = Symbol("changed");

/** Its answer, or that something else was there. */
async function unlessChanged<T>(
  answer: Promise<T>,
): Promise<T | typeof CHANGED> {
  try {
    return await answer;
  } catch (error) {
    if (
      error instanceof Error && "code" in error &&
      HAS_CHANGED.includes(error.code)
    ) return CHANGED;
    throw error;
  }
}
