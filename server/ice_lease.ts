import type { Ice, IceSource, Minted } from "./ice_source.ts";
import { TTL_SECONDS } from "./ttl.ts";
import { PAUSE_MS } from "./watched_provider.ts";

/** When credentials are renewed, as parts of their life: not all sessions at once, and early enough to try again. */
const RENEW_FROM = 0.5;
const RENEW_UNTIL = 0.75;
/** Least time between two requests, whatever a provider says about the life of its credentials. */
const MIN_RENEW_MS = 1_000;
/** Longest time between two looks at the clock, which may jump: a machine that slept knows nothing of it but the time. */
const LOOK_MS = 60_000;

/** Whose credentials they are, and who is told of others. */
export interface IceLeaseOptions {
  /** Names the peer at the provider; see {@linkcode TurnRequest.peer}. */
  readonly peer: string;
  /**
   * Called when {@linkcode IceLease.known} has changed. Credentials are then
   * renewed and failures tried again, by timers that `end` releases; without it
   * nothing happens by itself.
   */
  readonly onChange?: () => void;
  /** Whether it gets no credentials of its own, but those of {@linkcode IceSource.shared}. @default {false} */
  readonly borrows?: boolean;
}

/** Credentials that are held, and when they were asked for. */
interface Held extends Minted {
  readonly askedAt: number;
}

/**
 * The credentials of one session: asked for when they are needed, one request
 * at a time, kept until half of their life is gone, renewed before its end,
 * and revoked if their peer leaves for good.
 */
export class IceLease {
  readonly #source: IceSource;
  readonly #options: IceLeaseOptions;
  #held: Held | undefined;
  /** Those that were renewed and may still live. */
  #older: readonly Minted[] = NONE;
  #asking: Promise<void> | undefined;
  #request: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** Holds nothing and asks for nothing yet. */
  constructor(source: IceSource, options: IceLeaseOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** What can be used right now: the held credentials while they live, else STUN. */
  get known(): Ice {
    const held = this.#held;
    return held && this.#isAlive(held)
      ? { ...held.config, turn: "ready" }
      : this.#source.withoutTurn;
  }

  /**
   * Sees to it that the credentials that are known have at least half of their
   * life ahead, if a provider gives such. Never rejects.
   */
  fresh(): Promise<void> {
    if (this.#ended || this.#isFresh()) return Promise.resolve();
    return this.#asking ??= this.#ask();
  }

  /** What it holds, as fresh as it can be, for a lease that borrows. Never rejects. */
  async lend(): Promise<Minted | undefined> {
    await this.fresh();
    const held = this.#held;
    if (!held || !this.#isAlive(held)) return;
    return { config: held.config, provider: undefined };
  }

  /** Lets go of everything, and revokes the credentials if nobody needs them any more. Ending twice is fine. */
  end({ revoke }: { revoke: boolean }): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#request?.abort();
    const alive = this.#alive();
    this.#held = undefined;
    this.#older = NONE;
    if (!revoke) return;
    for (const { config, provider } of alive) void provider?.revoke(config);
  }

  #isFresh(): boolean {
    if (!this.#held) return false;
    const { askedAt, config: { expiresAt } } = this.#held;
    const now = this.#source.now();
    // What does not expire may still be replaced at its provider.
    const staleAt = expiresAt === null
      ? askedAt + TTL_SECONDS * 1000
      : (askedAt + expiresAt) / 2;
    // A clock that went back makes nothing fresher.
    return now >= askedAt && now < staleAt;
  }

  #isAlive({ config: { expiresAt } }: Minted): boolean {
    return expiresAt === null || expiresAt > this.#source.now();
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    const source = this.#source;
    const { peer, onChange, borrows } = this.#options;
    const request = this.#request = new AbortController();
    const askedAt = source.now();
    const given =
      await (borrows
        ? source.shared.lend()
        : source.mint({ peer, signal: request.signal }));
    // What could not be renewed is lent once more.
    const minted = given?.config === this.#held?.config ? undefined : given;
    this.#asking = this.#request = undefined;
    if (this.#ended) return;
    if (minted) {
      this.#older = this.#alive();
      this.#held = { ...minted, askedAt };
    }
    const lapsed = this.#held !== undefined && !this.#isAlive(this.#held);
    if (lapsed) this.#held = undefined;
    if (!onChange) return;
    this.#schedule(minted ? this.#held : undefined);
    if (minted || lapsed) onChange();
  }

  /** Renews what was just minted, or tries again when that failed. */
  #schedule(minted: Held | undefined): void {
    const { now, random, withoutTurn } = this.#source;
    let delayMs: number;
    if (minted) {
      const { askedAt, config: { expiresAt } } = minted;
      if (expiresAt === null) return;
      const part = RENEW_FROM + random() * (RENEW_UNTIL - RENEW_FROM);
      delayMs = askedAt + part * (expiresAt - askedAt) - now();
    } else if (withoutTurn.turn === "failed") {
      delayMs = PAUSE_MS * (1 + random() / 2);
    } else return;
    delayMs = Math.max(delayMs, MIN_RENEW_MS);
    this.#askIn(delayMs, now() + delayMs);
  }

  /** Asks when so much time has passed, or when it is `at` by the clock, whatever is first: a clock may go forward, or back. */
  #askIn(delayMs: number, at: number): void {
    const stepMs = Math.min(delayMs, LOOK_MS);
    this.#timer = setTimeout(() => {
      const leftMs = Math.min(delayMs - stepMs, at - this.#source.now());
      if (leftMs > 0) this.#askIn(leftMs, at);
      else this.#asking ??= this.#ask();
    }, stepMs);
  }

  /** All that may still be good for something at its provider. */
  #alive(): readonly Minted[] {
    const all = this.#held ? [this.#held, ...this.#older] : this.#older;
    const alive = all.filter((minted) => this.#isAlive(minted));
    return alive.length > 0 ? alive : NONE;
  }
}

/** Shared, as most sessions have none. */
const NONE: readonly Minted[] = [];
