import type { Settings } from "../../client/options.ts";
import {
  type RoomMessage,
  Signaling,
  type SignalingListener,
} from "../../client/signaling.ts";
import { Sequence } from "./sequence.ts";
import type { Tally } from "./tally.ts";

/** What a client of a page says most: lines of a session description. */
const FILLING = Array.from(
  { length: 500 },
  (_, i) =>
    `a=candidate:${i} 1 udp 2113937151 192.0.2.${i % 256} ${
      50000 + i
    } typ host`,
).join("\r\n");

/** Somebody else in the room. */
interface Other {
  /** How much it was told. */
  told: number;
  readonly heard: Sequence;
}

/** A client that signals everybody in its room and connects to nobody. */
export class LoadPeer implements SignalingListener {
  readonly id: string;
  readonly #settings: Settings;
  readonly #tally: Tally;
  #signaling: Signaling | undefined;
  #state: "joining" | "in" | "out" = "joining";
  #settle: () => void = () => {};
  /** Everybody it has ever met; those who are there come by turns. */
  readonly #others = new Map<string, Other>();
  readonly #present: string[] = [];
  #turn = 0;
  #startedAt = 0;
  #taken = true;

  /** Somebody who is nowhere yet. */
  constructor(settings: Settings & { readonly id: string }, tally: Tally) {
    this.id = settings.id;
    this.#settings = settings;
    this.#tally = tally;
  }

  /** Joins, and resolves when it is welcome, or will not be. */
  async join(): Promise<void> {
    const settled = new Promise<void>((resolve) => this.#settle = resolve);
    this.#startedAt = performance.now();
    const timer = setTimeout(
      () => this.#giveUp("timeout"),
      this.#settings.timeoutMs,
    );
    this.#signaling = new Signaling(
      this.#settings,
      (what) => this.#debug(what),
    );
    this.#signaling.listener = this;
    await settled;
    clearTimeout(timer);
  }

  /** Whether it is in the room, with a socket or about to have one. */
  get isIn(): boolean {
    return this.#state === "in";
  }

  /** Whether it takes another one for present. */
  sees(id: string): boolean {
    return this.#present.includes(id);
  }

  /** Signals the one whose turn it is; `false` if there is nobody. */
  speak(bytes: number): boolean {
    if (this.#state !== "in" || this.#present.length === 0) return false;
    const to = this.#present[this.#turn++ % this.#present.length] ?? "";
    const other = this.#meet(to);
    const head = `${++other.told} ${performance.now().toFixed(3)} `;
    this.#taken = true;
    this.#signaling?.signal(to, head + FILLING.slice(0, bytes - head.length));
    if (this.#taken) this.#tally.sent++;
    else other.told--;
    return true;
  }

  /** How many signals have not arrived that another one has said. */
  missing(other: LoadPeer): number {
    const told = other.#others.get(this.id)?.told ?? 0;
    return this.#others.get(other.id)?.heard.missing(told) ?? told;
  }

  /** Says goodbye, and counts nothing any more. */
  leave(): void {
    this.#state = "out";
    this.#signaling?.close();
    this.#settle();
  }

  /** Called by the signaling. */
  onOpen(): void {}

  /** Called by the signaling. */
  onWake(): void {}

  /** Called by the signaling. */
  onMessage(message: RoomMessage): void {
    switch (message.type) {
      case "welcome":
        this.#signaling?.welcomed(message);
        this.#present.splice(0, Infinity, ...message.peers.map(({ id }) => id));
        if (this.#state !== "joining") return;
        this.#state = "in";
        this.#tally.welcomed++;
        this.#tally.welcome.add(performance.now() - this.#startedAt);
        return this.#settle();
      case "join":
        if (!this.sees(message.peer.id)) this.#present.push(message.peer.id);
        return;
      case "leave": {
        const index = this.#present.indexOf(message.id);
        if (index >= 0) this.#present.splice(index, 1);
        return;
      }
      case "signal":
        return this.#hear(message.from, message.data);
      case "error":
        return this.#tally.fail(`fault ${message.code}`);
    }
  }

  /** Called by the signaling. */
  onDown(code: number, comingBack: boolean): void {
    const kind = `socket closed ${code}`;
    if (comingBack) this.#tally.fail(kind);
    else this.#giveUp(kind);
  }

  /** Called by the signaling. */
  async onFail(): Promise<void> {
    // One that was in tries again; what is lost until it is back is counted anyway.
    if (this.#state !== "joining") return;
    const why = await this.#signaling?.whyDown();
    this.#giveUp(why?.code ? `refused ${why.code}` : why?.reason ?? "unknown");
  }

  #hear(from: string, data: string): void {
    const [n, saidAt] = data.split(" ", 2).map(Number);
    if (!n || !saidAt) return this.#tally.fail("signal altered");
    const what = this.#meet(from).heard.take(n);
    if (what !== "in-order") this.#tally.fail(`signal ${what}`);
    if (what === "twice") return;
    this.#tally.received++;
    this.#tally.relay.add(performance.now() - saidAt);
  }

  #meet(id: string): Other {
    const known = this.#others.get(id);
    if (known) return known;
    const other = { told: 0, heard: new Sequence() };
    this.#others.set(id, other);
    return other;
  }

  #debug(what: unknown): void {
    if (what === "signal dropped") {
      this.#taken = false;
      this.#tally.fail("signal not taken by the client");
    } else if (what === "not understood") {
      this.#tally.fail("frame not understood");
    }
  }

  #giveUp(kind: string): void {
    if (this.#state === "out") return;
    this.#tally.fail(kind);
    this.leave();
  }
}
