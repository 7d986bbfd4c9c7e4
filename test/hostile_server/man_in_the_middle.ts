import type { Browser, Page } from "puppeteer";
import { type PairSignal, parsePairSignal } from "../../client/pair_signal.ts";
import type { ServerMessage } from "../../protocol.ts";
import type { Attack, HostilePage } from "./attack.ts";
import { onPresences } from "./attacks/on_presences.ts";
import {
  type Disguise,
  inClear,
  type MakeDisguise,
  type Said,
} from "./disguise.ts";
import {
  defineRelay,
  type HalfName,
  type Overheard,
  type RelayOptions,
} from "./relay.ts";

/** Settings of {@linkcode ManInTheMiddle.open}. */
export interface ManInTheMiddleOptions extends RelayOptions {
  /** How it reads signals and makes up others. @default {inClear} */
  readonly disguise?: MakeDisguise;
}

/** What a man in the middle has got. */
export interface Loot {
  /** What it has read. */
  readonly overheard: readonly Overheard[];
  /** Ids of victims that were connected with it, one each time. */
  readonly connected: readonly string[];
  /** Ids of victims to which it has described a connection of its own, one each time. */
  readonly described: readonly string[];
}

/**
 * Plays each of two victims to the other: no description and no candidate
 * passes, but those of connections that end in the relay, with a certificate of
 * its own.
 */
export class ManInTheMiddle implements Attack, AsyncDisposable {
  /** Resolves when it has described a connection of its own to a victim. */
  readonly tried: Promise<void>;
  readonly #tried = Promise.withResolvers<void>();
  readonly #page: Page;
  readonly #victims: RelayOptions["victims"];
  readonly #described: string[] = [];
  /** What each victim said last to the other one. */
  readonly #said = new Map<string, string>();
  /** The count of the last offer of each of them. */
  readonly #offers = new Map<string, number>();
  #pages: ReadonlyMap<string, HostilePage> = new Map();
  #work: Promise<void> = Promise.resolve();
  #disguise: Disguise = inClear();
  /** Victims whose presence has come. */
  readonly #seen = new Set<string>();
  /** Whether both were offered something, whatever they may have said. */
  #guessed = false;
  #closed = false;

  private constructor(page: Page, victims: RelayOptions["victims"]) {
    this.tried = this.#tried.promise;
    this.#page = page;
    this.#victims = victims;
  }

  /** Opens its page; from then on it waits for signals of the two. */
  static async open(
    browser: Browser,
    { victims, alter, disguise = inClear }: ManInTheMiddleOptions,
  ): Promise<ManInTheMiddle> {
    const page = await browser.newPage();
    const attack = new ManInTheMiddle(page, victims);
    await page.exposeFunction(
      "describeTo",
      (half: HalfName, description: PairDescription) =>
        attack.#describe(half, description),
    );
    await page.evaluate(defineRelay, alter ? { victims, alter } : { victims });
    const fingerprint = await page.evaluate(() => relay.fingerprint);
    attack.#disguise = disguise(fingerprint);
    return attack;
  }

  /** {@linkcode Attack.toPage} */
  toPage(message: ServerMessage, page: HostilePage): ServerMessage[] {
    this.#pages = page.room;
    const other = this.#otherOf(page.id);
    if (other === undefined) return [message];
    if (message.type !== "signal") return this.#present(message, page, other);
    const { from, data } = message;
    if (from !== other) return [message];
    this.#said.set(from, data);
    this.#next(() => this.#hear({ from, to: page.id, data }));
    return [];
  }

  /** All that it has got so far. */
  async loot(): Promise<Loot> {
    const got = await this.#page.evaluate(() => ({
      overheard: relay.overheard,
      connected: relay.connected,
    }));
    return { ...got, described: [...this.#described] };
  }

  /** Ends its connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#page.close();
  }

  #otherOf(victim: string): string | undefined {
    const [one, two] = this.#victims;
    return victim === one ? two : victim === two ? one : undefined;
  }

  /** Shows a page another presence of the other victim. */
  #present(
    message: ServerMessage,
    page: HostilePage,
    other: string,
  ): ServerMessage[] {
    const { present } = this.#disguise;
    if (!present) return [message];
    let found = false;
    const hidden = onPresences(other, (presence) => {
      found = true;
      this.#next(async () => {
        page.tell({
          type: "presence",
          id: other,
          presence: await present(other, page.id, presence),
        });
        if (presence === null) return;
        this.#seen.add(other);
        const all = this.#seen.size === this.#victims.length;
        if (all && this.#disguise.pushes) this.#guess();
      });
      return null;
    }).toPage?.(message, page) ?? [];
    return found && message.type === "presence" ? [] : hidden;
  }

  /** Takes what one victim said to the other. */
  async #hear(said: Said): Promise<void> {
    const { from, to } = said;
    const text = await this.#disguise.read(said);
    if (text === undefined) return this.#guess();
    const signal = parsePairSignal(text);
    if (!signal) return;
    const half = { victim: from, generation: signal.generation };
    if ("candidates" in signal) {
      const { candidates } = signal;
      return this.#ask(this.#page.evaluate(
        (half, candidates) => relay.add(half, candidates),
        half,
        candidates,
      ));
    }
    if (!("description" in signal)) return await this.#tell(said, signal);
    this.#describeBy(half, signal.description);
    if (signal.description.type === "offer") {
      this.#offers.set(from, signal.offer);
      this.#describeBy({ ...half, victim: to });
    }
  }

  /** Whoever cannot read makes up what may have been said. */
  #guess(): void {
    if (this.#guessed) return;
    this.#guessed = true;
    for (const victim of this.#victims) {
      this.#describeBy({ victim, generation: 1 });
    }
  }

  #describeBy(half: HalfName, remote?: RTCSessionDescriptionInit): void {
    this.#ask(this.#page.evaluate(
      (half, remote) => relay.describe(half, remote ?? undefined),
      half,
      remote ?? null,
    ));
  }

  /** Describes a connection of the relay to a victim, as if the other one did. */
  async #describe(
    { victim: to, generation }: HalfName,
    description: PairDescription,
  ): Promise<void> {
    const from = this.#otherOf(to) ?? "";
    const offers = this.#offers.get(description.type === "answer" ? to : from);
    const offer = offers ?? 1;
    const signal = { to: 0, from: 0, generation, description, offer };
    await this.#tell({ from, to }, signal);
  }

  /** Says something to one victim in the name of the other. */
  async #tell(
    { from, to }: Pick<Said, "from" | "to">,
    signal: PairSignal,
  ): Promise<void> {
    const page = this.#pages.get(to);
    const other = this.#pages.get(from);
    if (!page || !other) return;
    const body = { ...signal, to: page.joinedAt, from: other.joinedAt };
    const { generation } = signal;
    const like = this.#said.get(from);
    const by = { from, to, generation, like };
    const data = await this.#disguise.write(JSON.stringify(body), by);
    if (data === undefined) return;
    page.tell({ type: "signal", from, data });
    if ("description" in signal) {
      this.#described.push(to);
      this.#tried.resolve();
    }
  }

  #next(work: () => Promise<void>): void {
    this.#work = this.#work.then(work);
  }

  #ask(asked: Promise<void>): void {
    asked.catch((error) => {
      // It is closed while victims still try.
      if (!this.#closed) throw error;
    });
  }
}

type PairDescription = Extract<PairSignal, { offer: number }>["description"];
