import { type ClientMessage, CLOSE } from "../../protocol.ts";
import { RawSocket } from "../bench/raw_socket.ts";
import type { BadFrame } from "./bad_frames.ts";
import type { Claim } from "./claim.ts";
import type { Door, Seat } from "./door.ts";
import type { Ledger } from "./ledger.ts";
import type { Line } from "./line.ts";
import type { Membership } from "./membership.ts";
import { type Ending, Stay } from "./stay.ts";

/** What visitors have in common. */
export interface VisitorOptions {
  readonly door: Door;
  readonly ledger: Ledger;
  /** A clock, in milliseconds. */
  readonly now: () => number;
}

type State =
  /** On its way in or out, which nobody may disturb. */
  | { readonly state: "out" | "moving" }
  | {
    readonly state: "in";
    readonly stay: Stay;
    readonly membership: Membership;
    /** Whether somebody is after its seat. */
    readonly challenged: boolean;
  }
  | {
    /** Without a socket; it means to come back. */
    readonly state: "lost";
    readonly membership: Membership;
    /** Until then the session cannot be over. */
    readonly livesUntil: number;
    readonly dueAt: number;
  };

/** After how long a visitor tries again that was refused; the server asks a socket for a sign of life for a second. */
const RETRY_MS = 500;
/** How often it does. */
const RETRIES = 3;

/** One client of the soak, in one session after the other, and whether the server treats it as it should. */
export class Visitor {
  readonly #name: string;
  readonly #options: VisitorOptions;
  readonly #ledger: Ledger;
  #now: State = { state: "out" };
  #visits = 0;
  #departed: string | undefined;
  /** How often it was not let in since it last was. */
  #refused = 0;

  /** Somebody who is nowhere yet. */
  constructor(name: string, options: VisitorOptions) {
    this.#name = name;
    this.#options = options;
    this.#ledger = options.ledger;
  }

  /** Where it stands. */
  get state(): State["state"] {
    return this.#now.state;
  }

  /** The session it is in, while it has a socket and nobody is after its seat. */
  get membership(): Membership | undefined {
    return this.#now.state === "in" && !this.#now.challenged
      ? this.#now.membership
      : undefined;
  }

  /** The id under which it last was in a room that it then left, or was thrown out of. */
  get departed(): string | undefined {
    return this.#departed;
  }

  /** When it means to come back. */
  get dueAt(): number {
    return this.#now.state === "lost" ? this.#now.dueAt : Infinity;
  }

  /** Joins a room as somebody new. */
  async enter(room: string): Promise<void> {
    await this.#open(this.#newSeat(room));
  }

  /** The same, but it hangs up before the answer. */
  async enterInVain(room: string): Promise<void> {
    await this.#options.door.knock(this.#newSeat(room));
  }

  /** Says something to the server. */
  say(message: ClientMessage): void {
    if (this.#now.state === "in") this.#now.stay.line.say(message);
  }

  /** Resolves when the server has answered, or the socket is gone. */
  async ping(): Promise<void> {
    if (this.#now.state === "in") await this.#now.stay.ping();
  }

  /** Loses its socket; the server hears that it ended. */
  cut(dueAt: number): void {
    this.#lose(dueAt, "heard")?.cut();
    this.#ledger.count("cut");
  }

  /** Loses its socket; the server hears nothing, not even that it ended, which is for the caller to do. */
  freeze(dueAt: number): RawSocket | undefined {
    this.#ledger.count("frozen");
    return this.#lose(dueAt, "unheard")?.freeze();
  }

  /** Goes on with its session over another socket. */
  async comeBack(): Promise<void> {
    if (this.#now.state !== "lost") return;
    const { membership: before, livesUntil } = this.#now;
    const { room, id } = before;
    await this.#open({ room, id, before, livesUntil });
  }

  /** The same, but that socket is lost too, with or without an answer to its handshake. */
  async comeBackInVain(dueAt: number, answered: boolean): Promise<void> {
    if (this.#now.state !== "lost") return;
    const { door, now } = this.#options;
    const { membership } = this.#now;
    // If it gets the seat, it is away anew, which lasts longer.
    const livesUntil = Math.min(
      this.#now.livesUntil,
      now() + membership.graceMs,
    );
    this.#now = { state: "moving" };
    if (answered) {
      const got = await door.open(membership);
      if (got instanceof RawSocket) got.cut();
      else this.#ledger.count(`in vain: ${got}`);
    } else await door.knock(membership);
    this.#now = { state: "lost", membership, livesUntil, dueAt };
    this.#ledger.count("back in vain");
  }

  /** Leaves on purpose. */
  async leave(): Promise<void> {
    if (this.#now.state !== "in") return;
    const { code } = await this.#end(
      this.#now,
      (line) => line.close(CLOSE.goodbye),
    );
    if (code !== CLOSE.goodbye) this.#complain(`said goodbye and got ${code}`);
    this.#ledger.count("left");
  }

  /** Leaves on purpose, and comes with the token of the session that is over. */
  async leaveAndReturn(): Promise<void> {
    if (this.#now.state !== "in") return;
    const { membership: before } = this.#now;
    await this.leave();
    await this.#open({ room: before.room, id: before.id, before });
  }

  /** Sends what it must not. */
  async misbehave({ bytes, fault, close, untold }: BadFrame): Promise<void> {
    if (this.#now.state !== "in") return;
    this.#ledger.count(fault);
    if (close === undefined) {
      return this.#now.stay.line.provoke(bytes, fault);
    }
    const { code, faults } = await this.#end(
      this.#now,
      (line) => line.provoke(bytes, fault),
    );
    // Deno loses the close frame while the client is still sending.
    if (faults.has(fault) ? code === close || code === undefined : untold) {
      return;
    }
    this.#complain(`provoked ${fault}, got ${[...faults]} and ${code}`);
  }

  /** Somebody else comes with a token of this session, while this one is there and answers. */
  async challenge(which: "token" | "spent"): Promise<void> {
    if (this.#now.state !== "in") return;
    const { membership: before, stay } = this.#now;
    const { room, id, seen } = before;
    const token = before[which];
    if (token === undefined) return;
    this.#now = { ...this.#now, challenged: true };
    const got = await this.#options.door.open({ room, id, token, seen });
    this.#ledger.count("challenged");
    if (got instanceof RawSocket) {
      // Allowed if either process stood still for a second.
      this.#ledger.count("robbed");
      if (which === "spent") this.#complain("was robbed with a spent token");
      stay.abandon().cut();
      const claim = { room, id, before, livesUntil: Infinity };
      return await this.#stay(got, claim);
    }
    if (got !== "id-taken") this.#complain(`was challenged: ${got}`);
    if (this.#now.state === "in") {
      this.#now = { ...this.#now, challenged: false };
    }
  }

  /** Says so if it was not told of something it did wrong. Ask when the server has answered a ping. */
  checkFaults(): void {
    if (this.#now.state !== "in") return;
    const { unheard } = this.#now.stay.line;
    if (unheard.length > 0) this.#complain(`was not told of ${unheard}`);
  }

  #newSeat(room: string): Seat {
    return { room, id: `${room}.${this.#name}.${++this.#visits}` };
  }

  async #open(claim: Claim): Promise<void> {
    const { room, id, before, livesUntil } = claim;
    const { token, seen = 0 } = before ?? {};
    const { door, now } = this.#options;
    this.#now = { state: "moving" };
    const got = await door.open({ room, id, token, seen });
    if (got instanceof RawSocket) return await this.#stay(got, claim);
    if (got === "id-taken" && before && livesUntil !== undefined) {
      // The socket that it came back with in vain has the seat until it proves to be dead.
      if (++this.#refused <= RETRIES) {
        const dueAt = now() + RETRY_MS;
        this.#now = { state: "lost", membership: before, livesUntil, dueAt };
        return this.#ledger.count("back too early");
      }
    }
    this.#complain(`was refused: ${got}`);
    this.#now = { state: "out" };
  }

  async #stay(socket: RawSocket, claim: Claim): Promise<void> {
    const { ledger, now } = this.#options;
    this.#now = { state: "moving" };
    const stay = await Stay.begin(socket, claim, {
      ledger,
      now,
      onLost: (code) => this.#lost(code),
    });
    const membership = stay?.membership;
    this.#refused = 0;
    this.#departed = undefined;
    this.#now = stay && membership
      ? { state: "in", stay, membership, challenged: false }
      : { state: "out" };
  }

  /** Does what makes the server end it. */
  async #end(
    { stay, membership }: State & { state: "in" },
    act: (line: Line) => void,
  ): Promise<Ending> {
    this.#now = { state: "moving" };
    const ending = await stay.end(act);
    this.#departed = membership.id;
    this.#now = { state: "out" };
    return ending;
  }

  #lose(dueAt: number, how: "heard" | "unheard"): Line | undefined {
    if (this.#now.state !== "in") return;
    const { membership, stay } = this.#now;
    const livesUntil = how === "heard"
      ? this.#options.now() + membership.graceMs
      : Infinity;
    this.#now = { state: "lost", membership, livesUntil, dueAt };
    return stay.abandon();
  }

  #lost(code: number | undefined): void {
    const robbed = this.#now.state === "in" && this.#now.challenged &&
      code === CLOSE.replaced;
    if (robbed) return;
    this.#complain(`lost its socket with ${code}`);
    this.#now = { state: "out" };
  }

  #complain(what: string): void {
    this.#ledger.complain(`${this.#name} ${what}`);
  }
}
