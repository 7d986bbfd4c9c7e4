import { Gate } from "./gate.ts";
import { hasTurn } from "./ice_servers.ts";
import type { Log } from "./log_record.ts";
import type { Tally } from "./tally.ts";
import {
  type IceConfig,
  TurnError,
  type TurnProvider,
  type TurnRequest,
} from "./turn_provider.ts";

/** How long a provider may take before it counts as failed. */
const TIMEOUT_MS = 5_000;
/** How long a provider that failed is left alone, so that a vendor that is down is not asked at every join. */
export const PAUSE_MS = 10_000;

/** Requests to a provider at a time: after a restart all sessions want credentials at once, and a vendor that is flooded fails. */
const MAX_REQUESTS = 64;

/** What watches a provider, and whom it tells. */
export interface WatchServices {
  /** Takes what is worth telling an operator. */
  readonly log: Log;
  /** Counts what a provider gives, and how often it fails. */
  readonly tally: Tally;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** How long a provider may take. @default {5000} */
  readonly timeoutMs?: number;
}

/** How it goes with a provider. While it is `tried`, one request finds out whether it is back; for all others it is paused. */
type Health =
  | { readonly state: "well" }
  | { readonly state: "paused"; readonly failedAt: number }
  | { readonly state: "tried"; readonly failedAt: number };

/**
 * A provider as the server trusts it: one that is down, slow or talks nonsense
 * costs a log line, and nobody waits for it again and again.
 */
export class WatchedProvider {
  readonly #provider: TurnProvider;
  readonly #services: WatchServices;
  readonly #gate = new Gate(MAX_REQUESTS);
  #health: Health = { state: "well" };
  #revokes = true;

  /** Watches `provider`, which counts as well. */
  constructor(provider: TurnProvider, services: WatchServices) {
    this.#provider = provider;
    this.#services = services;
  }

  /** What it gives; `undefined` when it fails, or is left alone as it failed a moment ago. Never rejects. */
  async credentials(request: TurnRequest): Promise<IceConfig | undefined> {
    const place = this.#gate.enter();
    if (place) await place;
    try {
      return await this.#ask(request);
    } finally {
      this.#gate.leave();
    }
  }

  /** Makes what it gave worthless, if it can. Never rejects. */
  async revoke(config: IceConfig, signal: AbortSignal): Promise<void> {
    const { log, tally } = this.#services;
    const { name: provider } = this.#provider;
    if (!this.#provider.revoke || signal.aborted) return;
    try {
      await this.#limited(
        signal,
        async (signal) => await this.#provider.revoke?.(config, { signal }),
      );
      tally.add("turn_revoked", provider);
      this.#revokes = true;
    } catch (error) {
      // A vendor that revokes nothing is told of once, not at every goodbye.
      if (signal.aborted || !this.#revokes) return;
      this.#revokes = false;
      const reason = wording(error);
      log({ level: "warn", event: "turn-revoke-failed", provider, reason });
    }
  }

  async #ask(request: TurnRequest): Promise<IceConfig | undefined> {
    if (request.signal.aborted) return;
    const { log, tally, now } = this.#services;
    const { name: provider, stunOnly } = this.#provider;
    const before = this.#health;
    if (before.state === "tried" || this.#isPaused(before)) return;
    const trial: Health = before.state === "well"
      ? before
      : { ...before, state: "tried" };
    this.#health = trial;
    try {
      const config = await this.#limited(
        request.signal,
        (signal) => this.#provider.credentials({ ...request, signal }),
      );
      this.#check(config);
      if (!stunOnly) tally.add("turn_minted", provider);
      if (trial.state === "tried") {
        this.#health = { state: "well" };
        log({ level: "info", event: "turn-recovered", provider });
      }
      return config;
    } catch (error) {
      if (request.signal.aborted) {
        // Whoever wanted to know has gone; the next one finds out.
        if (this.#health === trial) this.#health = before;
        return;
      }
      tally.add("turn_failed", provider);
      if (this.#health.state === "well") {
        const reason = wording(error);
        log({ level: "warn", event: "turn-failed", provider, reason });
      }
      this.#health = { state: "paused", failedAt: now() };
    }
  }

  #isPaused(health: Health): boolean {
    if (health.state === "well") return false;
    const now = this.#services.now();
    // A clock that went back makes no pause longer.
    return now >= health.failedAt && now < health.failedAt + PAUSE_MS;
  }

  #check(config: IceConfig): void {
    if (this.#provider.stunOnly) return;
    if (!hasTurn(config.iceServers)) {
      throw new TurnError("no TURN server with a credential");
    }
    const { expiresAt } = config;
    if (expiresAt !== null && expiresAt <= this.#services.now()) {
      throw new TurnError("the credentials have expired already");
    }
  }

  /** Does not wait for `work` when the time is over or `signal` aborts, even if that ignores the signal it gets. */
  async #limited<T>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { timeoutMs = TIMEOUT_MS } = this.#services;
    const limit = new AbortController();
    const over = Promise.withResolvers<never>();
    limit.signal.addEventListener(
      "abort",
      () => over.reject(limit.signal.reason),
    );
    // Not AbortSignal.any: a signal that lives long would keep all that follow it.
    const stop = () => limit.abort(signal.reason);
    signal.addEventListener("abort", stop);
    const timer = setTimeout(() => {
      limit.abort(new TurnError(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await Promise.race([work(limit.signal), over.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}

/** Only what we worded ourselves; a vendor's or a subclass's error may quote a secret. */
function wording(error: unknown): string {
  return error instanceof TurnError ? error.message : "the provider threw";
}
