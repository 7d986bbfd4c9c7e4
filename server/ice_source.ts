import type { IceServer, TurnStatus } from "../protocol.ts";
import { PUBLIC_STUN } from "./public_stun.ts";
import type { IceConfig, TurnProvider, TurnRequest } from "./turn_provider.ts";
import { WatchedProvider, type WatchServices } from "./watched_provider.ts";

/** What a peer gets, and whether there is TURN in it. */
export interface Ice extends IceConfig {
  /** As it is on the wire. */
  readonly turn: TurnStatus;
}

/** Credentials, and who gave them. */
export interface Minted {
  /** What to use. */
  readonly config: IceConfig;
  /** Who can revoke it. */
  readonly provider: WatchedProvider;
}

/** What the source of a server is made with. */
export interface IceSourceOptions extends WatchServices {
  /** Asked in this order. The first one of STUN only is for when all the others have nothing. */
  readonly providers: readonly TurnProvider[];
  /** A number from 0 up to 1, as `Math.random` gives it. */
  readonly random: () => number;
}

/**
 * All providers of a server. Those of TURN are asked in order, until one gives
 * credentials; one that fails is left alone for a while. When none does, peers
 * get STUN, which is enough for most pairs.
 */
export class IceSource {
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly #turn: readonly WatchedProvider[];
  readonly #stun: WatchedProvider | undefined;
  readonly #closing = new AbortController();
  #stunServers: readonly IceServer[] | undefined;

  /** Asks nobody yet. */
  constructor({ providers, random, ...services }: IceSourceOptions) {
    this.now = services.now;
    this.random = random;
    const stun = providers.find(({ stunOnly }) => stunOnly);
    this.#stun = stun && new WatchedProvider(stun, services);
    this.#turn = providers.filter(({ stunOnly }) => !stunOnly)
      .map((provider) => new WatchedProvider(provider, services));
    if (!stun) this.#stunServers = [{ urls: [PUBLIC_STUN] }];
  }

  /** What there is without TURN. */
  get withoutTurn(): Ice {
    return {
      iceServers: this.#stunServers ?? [],
      expiresAt: null,
      turn: this.#turn.length > 0 ? "failed" : "none",
    };
  }

  /** Credentials of the first provider that gives some; `undefined` when none does, so that {@linkcode withoutTurn} is all there is. Never rejects. */
  async mint(request: TurnRequest): Promise<Minted | undefined> {
    const stun = this.#learnStun(request);
    for (const provider of this.#turn) {
      if (this.#closing.signal.aborted) return;
      const config = await provider.credentials(request);
      if (config) return { config, provider };
    }
    await stun;
  }

  /** Makes credentials worthless whose peer has left, if their provider can. Nobody waits for it. */
  revoke({ config, provider }: Minted): void {
    void provider.revoke(config, this.#closing.signal);
  }

  /** From now on nobody is asked, and nothing is revoked: whose credentials they are may go on elsewhere. */
  close(): void {
    this.#closing.abort();
  }

  async #learnStun(request: TurnRequest): Promise<void> {
    if (this.#stunServers) return;
    const config = await this.#stun?.credentials(request);
    if (config) this.#stunServers = config.iceServers;
  }
}
