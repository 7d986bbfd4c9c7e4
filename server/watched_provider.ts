import { Gate } from "./gate.ts";
import { hasTurn, isUsable } from "./ice_servers.ts";
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
/** So many failures in a row, and a provider is down: one alone can be chance, and others would go without TURN for it. */
const MAX_FAILURES = 3;
/** How long a provider that is down is left alone, so that it is not asked at every join. */
export const PAUSE_MS = 10_000;
/** How long servers that have answered a probe count as up. */
const PROBE_MS = 30_000;

/** Requests to a provider at a time: after a restart all sessions want credentials at once, and a vendor that is flooded fails. */
const MAX_REQUESTS = 64;
/** Revocations at a time, beside those. */
const MAX_REVOKING = 32;
/** Revocations that wait, those that are under way included. */
const MAX_REVOCATIONS = 4_096;

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
  | {
    readonly state: "well";
    /** How often it has failed since it last gave anything. */
    readonly failures: number;
  }
  | { readonly state: "paused"; readonly failedAt: number }
  | { readonly state: "tried"; readonly failedAt: number };

const WELL: Health = { state: "well", failures: 0 };

/**
 * A provider as the server trusts it: one that is down, slow or talks nonsense
 * costs a log line, and nobody waits for it again and again.
 */
export class WatchedProvider {
  readonly #provider: TurnProvider;
  readonly #services: WatchServices;
  readonly #probes: boolean;
  readonly #gate = new Gate(MAX_REQUESTS);
  readonly #revokeGate = new Gate(MAX_REVOKING);
  readonly #closing = new AbortController();
  #health: Health = WELL;
  #answeredAt = -Infinity;
  #probing: Promise<void> | undefined;
  #revocations = 0;
  #revokes = true;

  /** Watches `provider`; whether its servers answer matters if there is another one to ask. */
  constructor(
    provider: TurnProvider,
    services: WatchServices,
    { probes = false }: { probes?: boolean } = {},
  ) {
    this.#provider = provider;
    this.#services = services;
    this.#probes = probes;
  }

  /** What it gives; `undefined` when it fails, or is left alone as it is down. Never rejects. */
  async credentials(request: TurnRequest): Promise<IceConfig | undefined> {
    const place = this.#gate.enter();
    if (place) await place;
    try {
      return await this.#ask(request);
    } finally {
      this.#gate.leave();
    }
  }

  /** Makes what it gave worthless, if it can. What fails is tried once more. Never rejects. */
  async revoke(config: IceConfig): Promise<void> {
    if (!this.#provider.revoke || this.#closing.signal.aborted) return;
    if (this.#revocations === MAX_REVOCATIONS) {
      return this.#notRevoked(new TurnError("too many wait for it"));
    }
    this.#revocations++;
    try {
      await this.#revoke(config).catch(async () => {
        await this.#pause();
        await this.#revoke(config);
      });
      this.#services.tally.add("turn_revoked", this.#provider.name);
      this.#revokes = true;
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#notRevoked(error);
    } finally {
      this.#revocations--;
    }
  }

  /** Ends what is under way. From now on nothing is asked or revoked. */
  close(): void {
    this.#closing.abort();
  }

  async #ask(request: TurnRequest): Promise<IceConfig | undefined> {
    const closing = this.#closing.signal;
    if (request.signal.aborted || closing.aborted) return;
    const { name: provider } = this.#provider;
    const { log, tally } = this.#services;
    const before = this.#health;
    if (before.state === "tried" || this.#isPaused(before)) return;
    const trial = before.state === "paused";
    if (trial) this.#health = { ...before, state: "tried" };
    // A trial goes on when whoever asked has left: strangers that come and go would keep a provider from coming back.
    const signal = trial ? closing : request.signal;
    try {
      const config = await this.#limited(
        signal,
        (signal) => this.#mint({ ...request, signal }),
      );
      this.#check(config);
      tally.add("turn_minted", provider);
      if (trial) log({ level: "info", event: "turn-recovered", provider });
      if (trial || this.#health.state === "well") this.#health = WELL;
      if (!request.signal.aborted) return config;
      void this.revoke(config);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  async #mint(request: TurnRequest): Promise<IceConfig> {
    const probing = this.#probe();
    if (probing) await probing;
    request.signal.throwIfAborted();
    return await this.#provider.credentials(request);
  }

  /** Finds out whether its servers answer, unless somebody did a moment ago; for all who want to know at once. */
  #probe(): Promise<void> | undefined {
    if (!this.#probes || !this.#provider.probe) return;
    const now = this.#services.now();
    const known = now >= this.#answeredAt && now < this.#answeredAt + PROBE_MS;
    return known ? undefined : this.#probing ??= this.#findOut(now);
  }

  async #findOut(now: number): Promise<void> {
    try {
      await this.#limited(
        this.#closing.signal,
        async (signal) => await this.#provider.probe?.({ signal }),
      );
      this.#answeredAt = now;
    } finally {
      this.#probing = undefined;
    }
  }

  #failed(error: unknown): void {
    const { log, tally, now } = this.#services;
    const { name: provider } = this.#provider;
    tally.add("turn_failed", provider);
    if (this.#health.state === "well") {
      const failures = this.#health.failures + 1;
      this.#health = { state: "well", failures };
      if (failures < MAX_FAILURES) return;
      const reason = wording(error);
      log({ level: "warn", event: "turn-failed", provider, reason });
    }
    this.#health = { state: "paused", failedAt: now() };
  }

  #isPaused(health: Health): boolean {
    if (health.state === "well") return false;
    const now = this.#services.now();
    // A clock that went back makes no pause longer.
    return now >= health.failedAt && now < health.failedAt + PAUSE_MS;
  }

  #check({ iceServers, expiresAt }: IceConfig): void {
    if (!hasTurn(iceServers)) {
      throw new TurnError("no TURN server with a credential");
    }
    if (!iceServers.every(isUsable)) {
      throw new TurnError("a server that browsers do not take");
    }
    if (expiresAt === null) return;
    // Whoever writes a provider in JavaScript can forget it.
    if (!Number.isFinite(expiresAt)) {
      throw new TurnError("no time at which the credentials expire");
    }
    if (expiresAt <= this.#services.now()) {
      throw new TurnError("the credentials have expired already");
    }
  }

  async #revoke(config: IceConfig): Promise<void> {
    const { signal } = this.#closing;
    const place = this.#revokeGate.enter();
    if (place) await place;
    try {
      signal.throwIfAborted();
      await this.#limited(
        signal,
        async (signal) => await this.#provider.revoke?.(config, { signal }),
      );
    } finally {
      this.#revokeGate.leave();
    }
  }

  #notRevoked(error: unknown): void {
    const { log, tally } = this.#services;
    const { name: provider } = this.#provider;
    tally.add("turn_revoke_failed", provider);
    // A vendor that revokes nothing is told of once, not at every goodbye.
    if (!this.#revokes) return;
    this.#revokes = false;
    const reason = wording(error);
    log({ level: "warn", event: "turn-revoke-failed", provider, reason });
  }

  /** Waits for as long as a provider that is down is left alone, or until the end. */
  async #pause(): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    const over = Promise.withResolvers<void>();
    const stop = () => over.resolve();
    signal.addEventListener("abort", stop);
    const timer = setTimeout(stop, PAUSE_MS);
    await over.promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
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
