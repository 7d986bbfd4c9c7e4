import type {
  Fault,
  FaultCode,
  ServerMessage,
  Welcome,
} from "../../protocol.ts";
import type { RawSocket } from "../bench/raw_socket.ts";
import { type Claim, redeem } from "./claim.ts";
import type { Ledger } from "./ledger.ts";
import { Line } from "./line.ts";
import type { Membership } from "./membership.ts";

/** What a stay needs, and whom it tells. */
export interface StayOptions {
  readonly ledger: Ledger;
  /** A clock, in milliseconds. */
  readonly now: () => number;
  /** The server ended it, and nobody had asked for that. */
  onLost(code: number | undefined): void;
}

/** How a stay ended that was to end. */
export interface Ending {
  /** The close code, if the server gave one. */
  readonly code: number | undefined;
  /** What it told of before. */
  readonly faults: ReadonlySet<FaultCode>;
}

type State =
  | {
    readonly state: "opening";
    readonly claim: Claim;
    readonly opened: (isIn: boolean) => void;
  }
  | { readonly state: "in"; readonly membership: Membership }
  | {
    readonly state: "leaving";
    readonly faults: Set<FaultCode>;
    readonly ended: (code: number | undefined) => void;
  }
  | { readonly state: "over" };

/** How long the server may take to welcome somebody, to answer, or to end a socket. */
const PATIENCE_MS = 15_000;

/** A visitor in its session, for as long as one socket lasts. */
export class Stay {
  /** Its socket. */
  readonly line: Line;
  readonly #options: StayOptions;
  #now: State;

  private constructor(
    socket: RawSocket,
    options: StayOptions,
    opening: State & { state: "opening" },
  ) {
    this.#options = options;
    this.#now = opening;
    this.line = new Line(socket, {
      onMessage: (message) => this.#hear(message),
      onEnd: (code) => this.#ended(code),
    });
  }

  /** Waits for the welcome on a socket; without one, for its end. */
  static async begin(
    socket: RawSocket,
    claim: Claim,
    options: StayOptions,
  ): Promise<Stay | undefined> {
    const { promise, resolve: opened } = Promise.withResolvers<boolean>();
    const opening = { state: "opening", claim, opened } as const;
    const stay = new Stay(socket, options, opening);
    return await stay.#inTime(promise) ? stay : undefined;
  }

  /** The session, until it leaves. */
  get membership(): Membership | undefined {
    return this.#now.state === "in" ? this.#now.membership : undefined;
  }

  /** Resolves when the server has answered, or the socket is gone. */
  async ping(): Promise<void> {
    if (this.#now.state !== "in") return;
    await this.#inTime(this.line.ping(this.#now.membership.seen));
  }

  /** From now on the visitor has nothing to do with it. */
  abandon(): Line {
    this.#now = { state: "over" };
    return this.line;
  }

  /** Does what makes the server end it. */
  async end(act: (line: Line) => void): Promise<Ending> {
    const faults = new Set<FaultCode>();
    const code = this.#inTime(
      new Promise<number | undefined>((ended) => {
        this.#now = { state: "leaving", faults, ended };
        act(this.line);
      }),
    );
    return { code: await code, faults };
  }

  /** What `promise` comes to; after a while `undefined`, and the socket is cut. */
  async #inTime<T>(promise: Promise<T>): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#complain(`waited in vain when ${this.#now.state}`);
        this.abandon().cut();
        resolve(undefined);
      }, PATIENCE_MS);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #hear(message: ServerMessage | undefined): void {
    const now = this.#now;
    switch (now.state) {
      case "over":
        return;
      case "leaving":
        if (message?.type === "error") now.faults.add(message.code);
        return;
      case "opening":
        return message?.type === "welcome"
          ? this.#welcomed(message, now)
          : this.#complain(`heard ${message?.type} before the welcome`);
      case "in":
        return message
          ? this.#hearInside(message, now.membership)
          : this.#complain("heard nonsense");
      default:
        return now satisfies never;
    }
  }

  #welcomed(
    welcome: Welcome,
    { claim, opened }: State & { state: "opening" },
  ): void {
    const { ledger, now } = this.#options;
    const { membership, rest } = redeem(claim, welcome, { ledger, now: now() });
    this.#now = { state: "in", membership };
    void this.ping();
    for (const message of rest) this.line.say(message);
    opened(true);
  }

  #hearInside(message: ServerMessage, membership: Membership): void {
    switch (message.type) {
      case "ping":
        return this.line.say({ type: "pong" });
      case "pong":
        if (!this.line.pong()) this.#complain("heard pong and had not asked");
        return membership.pong(message.seen);
      case "error":
        return this.#told(message, membership);
      case "welcome":
      case "ice":
      case "drain":
        return this.#complain(`heard ${message.type}`);
      default:
        return membership.hear(message);
    }
  }

  #told({ code, to }: Fault, { others }: Membership): void {
    if (this.line.told(code)) return;
    // Whoever is gone by now may have been there when it was told something.
    if (code === "unknown-peer" && to !== undefined && !others.has(to)) {
      this.#options.ledger.count(code);
    } else this.#complain(`heard ${code} ${to ?? ""}`);
  }

  #ended(code: number | undefined): void {
    const now = this.#now;
    this.#now = { state: "over" };
    switch (now.state) {
      case "leaving":
        return now.ended(code);
      case "in":
        return this.#options.onLost(code);
      case "opening":
        now.opened(false);
        return this.#options.onLost(code);
      case "over":
        return;
      default:
        return now satisfies never;
    }
  }

  #complain(what: string): void {
    const now = this.#now;
    const { id } = now.state === "in"
      ? now.membership
      : now.state === "opening"
      ? now.claim
      : { id: "Somebody" };
    this.#options.ledger.complain(`${id} ${what}`);
  }
}
