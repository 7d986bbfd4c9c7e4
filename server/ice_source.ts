import type { Log } from "./log_record.ts";
import { PUBLIC_STUN } from "./public_stun.ts";
import {
  type IceConfig,
  TurnError,
  type TurnProvider,
} from "./turn_provider.ts";

/** How long a provider may take before it counts as failed. */
const TIMEOUT_MS = 5_000;
/** How long a failure counts, so that a vendor that is down is not asked at every join. */
const PAUSE_MS = 10_000;

/** What peers get while the provider has nothing: enough for most pairs. */
const FALLBACK: IceConfig = {
  iceServers: [{ urls: [PUBLIC_STUN] }],
  expiresAt: null,
};

/**
 * Keeps one credential for everybody and renews it when half of its life is
 * gone, one request at a time. A provider that is down, slow or talks nonsense
 * costs a log line; nobody waits for it longer than they want to.
 */
export class IceSource {
  readonly #provider: TurnProvider;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  #held: {
    readonly config: IceConfig;
    readonly askedAt: number;
    readonly staleAt: number;
  } | undefined;
  #asking: Promise<IceConfig | undefined> | undefined;
  #failedAt: number | undefined;

  /** Asks `provider`, lazily. */
  constructor(
    options: {
      provider: TurnProvider;
      log: Log;
      now: () => number;
      timeoutMs?: number;
    },
  ) {
    this.#provider = options.provider;
    this.#log = options.log;
    this.#now = options.now;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** What can be used right now: the held credential while it lives, else STUN. */
  get known(): IceConfig {
    const config = this.#held?.config;
    const alive = config !== undefined &&
      (config.expiresAt === null || config.expiresAt > this.#now());
    return alive ? config : FALLBACK;
  }

  /**
   * A credential with at least half of its life ahead, asked for if need be.
   * Settles within five seconds and never rejects; `undefined` says
   * that the provider failed, now or a moment ago.
   */
  fresh(): Promise<IceConfig | undefined> {
    const now = this.#now();
    // A clock that went back makes nothing fresher, nor a pause longer.
    if (
      this.#held && now < this.#held.staleAt && now >= this.#held.askedAt
    ) {
      return Promise.resolve(this.#held.config);
    }
    if (
      this.#failedAt !== undefined && now >= this.#failedAt &&
      now < this.#failedAt + PAUSE_MS
    ) {
      return Promise.resolve(undefined);
    }
    return this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
  }

  /** Ends a request that is under way. */
  close(): void {
    this.#closing.abort();
  }

  async #ask(): Promise<IceConfig | undefined> {
    const askedAt = this.#now();
    const { name: provider } = this.#provider;
    const timeout = new AbortController();
    const timer = setTimeout(() => {
      timeout.abort(new TurnError(`no answer within ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    const signal = AbortSignal.any([timeout.signal, this.#closing.signal]);
    try {
      const config = await Promise.race([
        this.#provider.credentials({ signal }),
        rejection(signal),
      ]);
      const { expiresAt } = config;
      const staleAt = expiresAt === null
        ? Infinity
        : askedAt + (expiresAt - askedAt) / 2;
      this.#held = { config, askedAt, staleAt };
      if (this.#failedAt !== undefined) {
        this.#log({ level: "info", event: "turn-recovered", provider });
      }
      this.#failedAt = undefined;
      return config;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#failedAt = this.#now();
      // Only what we worded ourselves; a vendor's or a subclass's error may quote the token.
      const reason = error instanceof TurnError
        ? error.message
        : "the provider threw";
      this.#log({ level: "warn", event: "turn-failed", provider, reason });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Rejects when `signal` aborts, so that a provider that ignores it holds nobody up. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), {
      once: true,
    });
  });
}
