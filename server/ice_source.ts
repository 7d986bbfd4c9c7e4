import type { TurnStatus } from "../protocol.ts";
import { IceLease } from "./ice_lease.ts";
import { PUBLIC_STUN } from "./public_stun.ts";
import {
  type IceConfig,
  type IceProvider,
  isTurnProvider,
  type TurnRequest,
} from "./turn_provider.ts";
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
  /** Who can revoke it; nobody may, where others use it too. */
  readonly provider: WatchedProvider | undefined;
}

/** What the source of a server is made with. */
export interface IceSourceOptions extends WatchServices {
  /** Asked in this order. The first one of STUN only is for when all the others have nothing. */
  readonly providers: readonly IceProvider[];
  /** A number from 0 up to 1, as `Math.random` gives it. */
  readonly random: () => number;
}

/**
 * All providers of a server. Those of TURN are asked in order, until one gives
 * credentials; one that is down is left alone for a while. When none does, peers
 * get STUN, which is enough for most pairs.
 */
export class IceSource {
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** What there is without TURN. */
  readonly withoutTurn: Ice;
  /** For those who ask over HTTP and have no session, and for sessions that get none of their own. */
  readonly shared: IceLease;
  readonly #turn: readonly WatchedProvider[];

  /** Asks nobody yet. */
  constructor({ providers, random, ...services }: IceSourceOptions) {
    this.now = services.now;
    this.random = random;
    const turn = providers.filter(isTurnProvider);
    const stun = providers.find((provider) => "stunServers" in provider);
    this.#turn = turn.map((provider, index) =>
      new WatchedProvider(provider, services, {
        probes: index < turn.length - 1,
      })
    );
    this.withoutTurn = {
      iceServers: stun?.stunServers ?? [{ urls: [PUBLIC_STUN] }],
      expiresAt: null,
      turn: turn.length > 0 ? "failed" : "none",
    };
    this.shared = new IceLease(this, { peer: "shared" });
  }

  /** Credentials of the first provider that gives some; `undefined` when none does, so that {@linkcode withoutTurn} is all there is. Never rejects. */
  async mint(request: TurnRequest): Promise<Minted | undefined> {
    for (const provider of this.#turn) {
      const config = await provider.credentials(request);
      if (config) return { config, provider };
    }
  }

  /** From now on nobody is asked, and nothing is revoked: whose credentials they are may go on elsewhere. */
  close(): void {
    for (const provider of this.#turn) provider.close();
    this.shared.end({ revoke: false });
  }
}
