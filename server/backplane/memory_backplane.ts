import type { Backplane, Link, LinkOptions } from "./backplane.ts";

/** What {@linkcode memoryBackplane} takes. */
export interface MemoryBackplaneOptions {
  /**
   * Milliseconds that pass, for the life of claims.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
}

/**
 * A hub in this process. Besides what every engine can do, it fails on demand;
 * all of that takes effect before the call returns.
 */
export interface MemoryBackplane extends Backplane {
  /** Cuts one node off, whether it is here already or comes later: nothing reaches it or comes from it, not even what is on its way. */
  split(node: string): void;
  /** Lets it back. */
  heal(node: string): void;
  /** Stops the hub: all nodes are cut off. Claims stay, and run out. */
  down(): void;
  /** Lets it go on. */
  up(): void;
  /** Forgets all claims, as an engine does that was started again. */
  forget(): void;
}

interface Claim {
  readonly node: string;
  /** When it runs out. */
  readonly until: number;
}

/** Nodes of one process, each server that is given the same hub is one. For tests, and for trying out what many nodes do. */
export function memoryBackplane(
  options: MemoryBackplaneOptions = {},
): MemoryBackplane {
  return new Hub(options.now ?? Date.now);
}

class Hub implements MemoryBackplane {
  readonly name = "memory";
  readonly #now: () => number;
  readonly #links = new Set<MemoryLink>();
  readonly #split = new Set<string>();
  readonly #claims = new Map<string, Claim>();
  #down = false;
  #sweepAt = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  open(options: LinkOptions): Link {
    const link = new MemoryLink(this, options);
    this.#links.add(link);
    queueMicrotask(() => link.settle(this.#reaches(link)));
    return link;
  }

  split(node: string): void {
    this.#split.add(node);
    this.#settle();
  }

  heal(node: string): void {
    this.#split.delete(node);
    this.#settle();
  }

  down(): void {
    this.#down = true;
    this.#settle();
  }

  up(): void {
    this.#down = false;
    this.#settle();
  }

  forget(): void {
    this.#claims.clear();
  }

  /** Delivers a frame later, to those that can be reached then. */
  publish(from: MemoryLink, to: string | undefined, frame: string): void {
    queueMicrotask(() => {
      if (this.#isCut(from.node)) return;
      for (const link of [...this.#links]) {
        if (link.node === from.node) continue;
        if (to === undefined || link.node === to) link.hear(frame);
      }
    });
  }

  /** The node that holds a name by now. */
  holder(name: string): string | undefined {
    const claim = this.#claims.get(name);
    return claim && claim.until > this.#now() ? claim.node : undefined;
  }

  claim(name: string, node: string, claimMs: number): void {
    const now = this.#now();
    this.#claims.set(name, { node, until: now + claimMs });
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + claimMs;
    for (const [name, { until }] of this.#claims) {
      if (until <= now) this.#claims.delete(name);
    }
  }

  release(name: string): void {
    this.#claims.delete(name);
  }

  leave(link: MemoryLink): void {
    this.#links.delete(link);
  }

  #isCut(node: string): boolean {
    return this.#down || this.#split.has(node);
  }

  #reaches(link: MemoryLink): boolean {
    return this.#links.has(link) && !this.#isCut(link.node);
  }

  #settle(): void {
    for (const link of [...this.#links]) link.settle(this.#reaches(link));
  }
}

class MemoryLink implements Link {
  readonly #hub: Hub;
  readonly #options: LinkOptions;
  /** `undefined` once it is closed. */
  #isUp: boolean | undefined = false;

  constructor(hub: Hub, options: LinkOptions) {
    this.#hub = hub;
    this.#options = options;
  }

  get node(): string {
    return this.#options.node;
  }

  /** Takes notice of whether the hub can be reached. */
  settle(isUp: boolean): void {
    if (this.#isUp === undefined || this.#isUp === isUp) return;
    this.#isUp = isUp;
    if (isUp) this.#options.onUp();
    else this.#options.onDown("cut off");
  }

  hear(frame: string): void {
    if (this.#isUp) this.#options.onFrame(frame);
  }

  send(node: string, frame: string): void {
    if (this.#isUp) this.#hub.publish(this, node, frame);
  }

  broadcast(frame: string): void {
    if (this.#isUp) this.#hub.publish(this, undefined, frame);
  }

  claim(name: string, instead?: string): Promise<string> {
    return this.#ask(() => {
      const holder = this.#hub.holder(name);
      if (holder !== undefined && holder !== instead && holder !== this.node) {
        return holder;
      }
      this.#claim(name);
      return this.node;
    });
  }

  holder(name: string): Promise<string | undefined> {
    return this.#ask(() => this.#hub.holder(name));
  }

  renew(names: readonly string[]): Promise<readonly string[]> {
    return this.#ask(() =>
      names.filter((name) => {
        const holder = this.#hub.holder(name);
        if (holder !== undefined && holder !== this.node) return true;
        this.#claim(name);
        return false;
      })
    );
  }

  release(names: readonly string[]): Promise<void> {
    return this.#ask(() => {
      for (const name of names) {
        if (this.#hub.holder(name) === this.node) this.#hub.release(name);
      }
    });
  }

  close(): Promise<void> {
    this.#isUp = undefined;
    this.#hub.leave(this);
    return Promise.resolve();
  }

  #claim(name: string): void {
    this.#hub.claim(name, this.node, this.#options.claimMs);
  }

  /** What the hub does it does at once; only its answer takes a while, and may be lost. */
  async #ask<T>(question: () => T): Promise<T> {
    this.#mustBeUp();
    const answer = question();
    await Promise.resolve();
    this.#mustBeUp();
    return answer;
  }

  #mustBeUp(): void {
    if (this.#isUp) return;
    const state = this.#isUp === undefined ? "closed" : "down";
    throw new Error(`Cannot ask the engine: the link is ${state}`);
  }
}
