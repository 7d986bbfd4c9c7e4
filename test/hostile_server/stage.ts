import { assert, assertEquals } from "@std/assert";
import type { Browser } from "puppeteer";
import type { UntrustedCode } from "../../mod.ts";
import type { ServerMessage } from "../../protocol.ts";
import type { Attack } from "./attack.ts";
import type { HostileServer } from "./hostile_server.ts";
import type { VisitOptions, Visitor } from "./visitor.ts";

/** A page of a plot: the first two are the victims, and enter in this order unless a plot says otherwise. */
export type Role = "first" | "second" | "third";

/** One attack, and what shall come of it. */
export interface Plot {
  /** What the server does: the end of "a hostile server that …". */
  readonly what: string;
  /** Who enters, one after the other. @default {["first", "second"]} */
  readonly order?: readonly Role[];
  /** Begins the attack, before anybody enters. */
  attack(stage: Stage): Attack | Promise<Attack>;
  /** What is done when all have entered. */
  then?(stage: Stage): Promise<void>;
  /** What pages are told to be untrusted: who is told, of whom, why. A name that is no role is an id. */
  readonly refused: readonly (readonly [
    at: Role,
    peer: Role | "ghost",
    code: UntrustedCode,
  ])[];
  /** Whether first and second meet in spite of it; `null` if they may. */
  readonly meets: boolean | null;
  /** What else has come of it, when all has been played. */
  check?(stage: Stage): Promise<void>;
}

/** Why those refuse things who protect a room in one way. */
export interface Refusals {
  /** What is in clear. */
  readonly clear: "key-mismatch" | "identity-missing";
  /** What somebody says under the id of somebody else. */
  readonly swapped: "forged" | "identity-mismatch";
  /** What was said in another room that is protected alike. */
  readonly elsewhere: readonly UntrustedCode[];
}

/** Id of a member that does not exist. */
export const GHOST = "ghost";

/** How a plot is staged. */
export interface StageOptions {
  readonly server: HostileServer;
  readonly pages: Readonly<Record<Role, Visitor>>;
  /** Browser of the attacker. */
  readonly attacker: Browser;
  /** How the room is protected. */
  readonly protection: Pick<VisitOptions, "key" | "identity">;
}

let count = 0;

/** A room in which a plot is played. */
export class Stage implements AsyncDisposable {
  /** Name of the room. */
  readonly room = `room-${count++}`;
  readonly server: HostileServer;
  readonly pages: Readonly<Record<Role, Visitor>>;
  readonly attacker: Browser;
  readonly #plot: Plot;
  readonly #protection: StageOptions["protection"];
  readonly #stack = new AsyncDisposableStack();
  #attack: Attack = {};

  /** Nobody has entered yet. */
  constructor(
    plot: Plot,
    { server, pages, attacker, protection }: StageOptions,
  ) {
    this.#plot = plot;
    this.server = server;
    this.pages = pages;
    this.attacker = attacker;
    this.#protection = protection;
  }

  /** Peer id of a page. */
  readonly id = (role: Role | "ghost"): string => {
    if (role === "ghost") return GHOST;
    const { identity } = this.#protection;
    return identity ? this.pages[role].identity : role;
  };

  /** The attack of the plot, of which it knows the class. */
  attack<Kind extends Attack>(kind: { prototype: Kind }): Kind {
    if (this.#attack instanceof (kind as new () => Kind)) return this.#attack;
    throw new TypeError("It is another attack");
  }

  /** Ends something when the plot is over. */
  use<Value extends AsyncDisposable>(value: Value): Value {
    return this.#stack.use(value);
  }

  /** A page enters the room, or another one that is protected alike. */
  async enter(role: Role, room: string = this.room): Promise<void> {
    const options = this.#protection.identity ? {} : { id: role };
    await this.pages[role].enter({ room, ...options, ...this.#protection });
  }

  /** A page leaves the room, the other victim sees that, and it enters again after `meanwhile`. */
  async reenter(
    role: "first" | "second",
    meanwhile: () => void = () => {},
  ): Promise<void> {
    const other = role === "first" ? "second" : "first";
    await this.pages[role].leave(this.room);
    const peer = this.id(role);
    await this.pages[other].happened(this.room, { event: "left", peer });
    meanwhile();
    await this.enter(role);
  }

  /** Tells a page something. */
  tell(role: Role, message: ServerMessage): void {
    this.server.pages(this.room).get(this.id(role))?.tell(message);
  }

  /** The victims meet. */
  async meet(room: string = this.room): Promise<void> {
    for (const [one, other] of BOTH) {
      const peer = this.id(other);
      await this.pages[one].happened(room, { event: "peer", peer });
    }
  }

  /** Plays the plot to its end, and looks whether it is the right one. */
  async play(): Promise<void> {
    const { order = ["first", "second"], refused, meets } = this.#plot;
    const { room } = this;
    this.#attack = await this.#plot.attack(this);
    this.server.attack(room, this.#attack);
    for (const role of order) await this.enter(role);
    await this.#plot.then?.(this);
    for (const [at, of, code] of refused) {
      const peer = this.id(of);
      await this.pages[at].happened(room, { event: "untrusted", peer, code });
    }
    if (meets) await this.#talk();
  }

  /** Looks at the end whether anything has reached anybody that it was not meant for. */
  async look(): Promise<void> {
    const { what, order = ["first", "second"], meets } = this.#plot;
    await this.#plot.check?.(this);
    const ids = order.map(this.id);
    for (const role of order) {
      const happenings = await this.pages[role].happenings(this.room);
      const others = happenings.filter(({ event, peer = "" }) =>
        ["peer", "message"].includes(event) && !ids.includes(peer)
      );
      assertEquals(others, [], `${role} in ${what}`);
      const heard = happenings.filter(({ event }) => event === "message");
      const other = OTHER[role];
      const said = other && {
        event: "message",
        data: this.#words(other),
        peer: this.id(other),
      };
      assertEquals(heard, meets && said ? [said] : [], `${role} in ${what}`);
      if (meets !== false || !other) continue;
      const met = happenings.some(({ event, peer }) =>
        event === "peer" && peer === this.id(other)
      );
      assert(!met, `${role} in ${what}`);
    }
  }

  /** Everybody leaves, and the attacker too. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { order = ["first", "second"] } = this.#plot;
    for (const role of order) await this.pages[role].leave(this.room);
    await this.#stack.disposeAsync();
  }

  #words(role: Role): string {
    return `${role} says so in ${this.room}`;
  }

  /** Each says something to the other, which arrives. */
  async #talk(): Promise<void> {
    await this.meet();
    for (const [one, other] of BOTH.toReversed()) {
      const data = this.#words(one);
      await this.pages[one].send(this.room, data, this.id(other));
      const peer = this.id(one);
      const said = { event: "message", peer, data };
      await this.pages[other].happened(this.room, said);
    }
  }
}

const OTHER = { first: "second", second: "first", third: undefined } as const;
const BOTH = [["first", "second"], ["second", "first"]] as const;
