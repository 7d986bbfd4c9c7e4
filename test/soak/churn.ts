import type { RawSocket } from "../bench/raw_socket.ts";
import { BAD_FRAMES } from "./bad_frames.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import type { Visitor } from "./visitor.ts";

/** How often the churn looks what there is to do. */
const TICK_MS = 20;
/** How many handshakes and goodbyes may be under way. */
const MAX_PENDING = 64;
/** What a tick may do at most, in ticks: a machine that stood still must not be asked for everything at once. */
const MAX_TICKS = 5;

/** What happens, and how often in a hundred times. */
const DECK = Object.entries({
  signal: 64,
  publish: 12,
  ping: 11,
  cut: 4,
  freeze: 1,
  leave: 2,
  leaveAndReturn: 1,
  enterInVain: 1,
  misbehave: 1,
  signalToNobody: 1,
  challenge: 1,
  challengeWithSpent: 1,
}).flatMap(([card, count]) => Array<string>(count).fill(card));

/** What a churn is made of. */
export interface ChurnOptions {
  readonly visitors: readonly Visitor[];
  readonly rooms: number;
  readonly random: Random;
  readonly ledger: Ledger;
  /** How long the server keeps a session without a socket. */
  readonly graceMs: number;
  /** Whether visitors who come back also hang up before they are answered. */
  readonly hangUps: boolean;
  /** How often something happens. */
  readonly actionsPerSecond: number;
  /** A clock, in milliseconds. */
  readonly now: () => number;
}

/** Moves visitors in and out, at random and at a steady pace. */
export class Churn implements AsyncDisposable {
  readonly #options: ChurnOptions;
  readonly #pending = new Set<Promise<void>>();
  readonly #frozen = new Map<RawSocket, number>();
  #deck: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #owed = 0;
  #filled: (() => void) | undefined;

  /** Nothing moves yet. */
  constructor(options: ChurnOptions) {
    this.#options = options;
  }

  /** Begins, first with nothing but visitors who come in. Resolves when all are. */
  start(): Promise<void> {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    return new Promise((resolve) => this.#filled = resolve);
  }

  /** Begins nothing any more, and resolves when nothing is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#frozen.keys()) socket.cut();
    this.#frozen.clear();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** {@linkcode Churn.stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #tick(): void {
    const { visitors, random, rooms, actionsPerSecond, now, graceMs, hangUps } =
      this.#options;
    for (const [socket, cutAt] of this.#frozen) {
      if (cutAt > now()) continue;
      socket.cut();
      this.#frozen.delete(socket);
    }
    for (const visitor of visitors) {
      if (this.#pending.size >= MAX_PENDING) break;
      if (visitor.state === "out") {
        this.#do(visitor.enter(`room${random.below(rooms)}`));
      } else if (visitor.dueAt <= now()) {
        this.#do(
          random.below(6) > 0 ? visitor.comeBack() : visitor.comeBackInVain(
            this.#soon(0.25),
            !hangUps || random.below(2) > 0,
          ),
        );
      }
    }
    if (this.#filled) {
      if (!visitors.every((visitor) => visitor.membership)) return;
      this.#filled();
      this.#filled = undefined;
    }
    const perTick = actionsPerSecond * TICK_MS / 1000;
    this.#owed = Math.min(this.#owed + perTick, perTick * MAX_TICKS);
    for (; this.#owed >= 1; this.#owed--) this.#play(graceMs);
  }

  #play(graceMs: number): void {
    const { visitors, random, rooms, now } = this.#options;
    // A deck that is dealt to its end holds the shares that a die would only tend to.
    if (this.#deck.length === 0) this.#deck = random.shuffled(DECK);
    const card = this.#deck.pop();
    const visitor = random.pick(visitors);
    const membership = visitor?.membership;
    if (!visitor || !membership) return;
    switch (card) {
      case "signal": {
        const to = random.pick([...membership.others.keys()]);
        const chars = random.below(50) > 0
          ? random.below(1_500)
          : random.below(20_000);
        const signal = to && membership.signalTo(to, "x".repeat(chars));
        return signal ? visitor.say(signal) : undefined;
      }
      case "signalToNobody":
        return visitor.say(membership.signalToNobody());
      case "publish":
        return visitor.say(membership.publish());
      case "ping":
        return void visitor.ping();
      case "cut": {
        const overstays = random.below(8) === 0;
        return visitor.cut(
          overstays ? now() + graceMs * 1.2 : this.#soon(0.25),
        );
      }
      case "freeze": {
        const socket = visitor.freeze(this.#soon(0.1));
        if (socket) this.#frozen.set(socket, this.#soon(0.4));
        return;
      }
      case "leave":
        return this.#do(visitor.leave());
      case "leaveAndReturn":
        return this.#do(visitor.leaveAndReturn());
      case "enterInVain":
        return this.#do(visitor.enterInVain(`room${random.below(rooms)}`));
      case "misbehave": {
        const frame = random.pick(BAD_FRAMES);
        return frame && this.#do(visitor.misbehave(frame));
      }
      case "challenge":
        return this.#do(visitor.challenge("token"));
      case "challengeWithSpent":
        return this.#do(visitor.challenge("spent"));
      default:
        throw new Error(`Cannot play ${card}`);
    }
  }

  /** A time within a part of the grace time. */
  #soon(part: number): number {
    const { random, now, graceMs } = this.#options;
    return now() + random.next() * part * graceMs;
  }

  #do(act: Promise<void>): void {
    const done: Promise<void> = act.catch((error) => {
      this.#options.ledger.complain(`Failed: ${error}`);
    }).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }
}
