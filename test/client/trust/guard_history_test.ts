import { assertEquals } from "@std/assert";
import {
  altered,
  type Page,
  Protected,
  type Protection,
  signalText,
} from "../../support/guards.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const NAMES = ["ada", "bob", "eve"];
const STEPS = 300;

/** What somebody has said, which a server has and keeps for ever. */
interface Said {
  readonly by: Page;
  readonly text: string;
  readonly kind: "presence" | "hello" | "signal";
  /** Id of the receiver; of nobody if it was published. */
  readonly to: string | undefined;
  /** Session of the receiver, where that was known. */
  readonly session: string | undefined;
  /** What it says, if it is a signal. */
  readonly content?: string;
}

/** Pages that come and go, and a server that tells them anything, in any order, as often as it likes. */
class History {
  readonly #room: Protected;
  readonly #random: () => number;
  readonly #live = new Map<string, Page>();
  /** Every page there was, by its session. */
  readonly #pages = new Map<string, Page>();
  readonly #said: Said[] = [];
  /** What a page has heard, and who has spoken to it alone. */
  readonly #heard = new Map<Page, string[]>();
  readonly #spoken = new Map<Page, Set<string>>();
  /** Hellos that a page has taken, and what it knows to be published. */
  readonly #greeted = new Map<Page, Set<string>>();
  readonly #published = new Map<Page, Map<string, number>>();
  #signals = 0;
  /** How often something was opened. */
  opened = 0;

  constructor(room: Protected, seed: number) {
    this.#room = room;
    this.#random = seededRandom(seed);
    for (const name of NAMES) this.#load(name);
  }

  async step(): Promise<void> {
    const by = this.#pick([...this.#live.values()]);
    const peer = this.#pick([...this.#live.values()]);
    const dice = this.#random();
    if (dice < 0.02) this.#load(this.#pick(NAMES));
    else if (dice < 0.1) await this.#publish(by);
    else if (dice < 0.25) await this.#greet(by, peer);
    else if (dice < 0.45) await this.#signal(by, peer);
    else if (this.#said.length > 0) await this.#tell();
  }

  #load(name: string): void {
    const page = this.#room.page(name);
    this.#live.set(name, page);
    this.#pages.set(page.guard.session.toHex(), page);
    this.#heard.set(page, []);
    this.#spoken.set(page, new Set());
    this.#greeted.set(page, new Set());
    this.#published.set(page, new Map());
  }

  async #publish(by: Page): Promise<void> {
    const text = await by.guard.sealPresence(`${this.#said.length}`);
    this.#said.push({
      by,
      text,
      kind: "presence",
      to: undefined,
      session: undefined,
    });
  }

  async #greet(by: Page, peer: Page): Promise<void> {
    const session = by.guard.current(peer.id)?.bytes;
    const text = await by.guard.sealHello(
      peer.id,
      session,
      this.#random() < 0.5,
    );
    this.#said.push({
      by,
      text,
      kind: "hello",
      to: peer.id,
      session: session?.toHex(),
    });
  }

  async #signal(by: Page, peer: Page): Promise<void> {
    const session = by.guard.current(peer.id);
    if (!session) return;
    const generation = ++this.#signals;
    const content = signalText(generation, { dial: true });
    const text = await by.guard.sealSignal(
      session,
      ++session.said,
      generation,
      content,
    );
    this.#said.push({
      by,
      text,
      kind: "signal",
      to: peer.id,
      session: session.bytes.toHex(),
      content,
    });
  }

  /** The server tells somebody something, now and then of the wrong sender, to the wrong page, or altered. */
  async #tell(): Promise<void> {
    const said = this.#random() < 0.6
      ? this.#said[this.#said.length - 1 - Math.floor(this.#random() * 5)] ??
        this.#pick(this.#said)
      : this.#pick(this.#said);
    const meant = [...this.#live.values()].find(({ id }) => id === said.to);
    const victim = meant && this.#random() < 0.9
      ? meant
      : this.#pick([...this.#live.values()]);
    const from = this.#random() < 0.95
      ? said.by.id
      : this.#pick([...this.#live.values()]).id;
    const published = this.#random() < 0.97
      ? said.kind === "presence"
      : said.kind !== "presence";
    const alters = this.#random() < 0.1;
    const text = alters
      ? altered(said.text, (bytes) => {
        const at = Math.floor(this.#random() * bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ 1 << Math.floor(this.#random() * 8);
        return bytes;
      })
      : said.text;
    const before = victim.guard.current(from);
    const opened = await victim.guard.open(from, text, published)
      .catch((error) => ({ thrown: `${error}` }));
    if (!("session" in opened)) {
      assertEquals("thrown" in opened && opened.thrown, false);
      return this.#check(victim, from, before?.bytes.toHex());
    }

    // Whatever is opened is what that peer has said, as it was said, to this page or to all.
    this.opened++;
    const sender = said.by.guard.session.toHex();
    const own = victim.guard.session.toHex();
    assertEquals(alters, false);
    assertEquals(opened.session.bytes.toHex(), sender);
    assertEquals([from, published], [said.by.id, said.kind === "presence"]);
    assertEquals(said.to ?? victim.id, victim.id);
    assertEquals(said.session ?? own, own);
    assertEquals(opened.signal, said.content);
    assertEquals(opened.session.card.fingerprint, said.by.fingerprint);
    if (said.session === own) this.#spoken.get(victim)?.add(sender);
    if (said.kind === "hello") {
      const greeted = this.#greeted.get(victim);
      assertEquals(greeted?.has(said.text), false);
      greeted?.add(said.text);
    }
    if (said.kind === "presence") {
      const published = this.#published.get(victim);
      const number = Number(opened.session.presence);
      assertEquals(number >= (published?.get(sender) ?? 0), true);
      published?.set(sender, number);
    }
    if (opened.signal !== undefined) {
      const heard = this.#heard.get(victim) ?? [];
      const last = heard.findLast((each) => each.startsWith(sender));
      const number = `${sender} ${
        String(JSON.parse(opened.signal).generation).padStart(9, "0")
      }`;
      // Each once, and in order.
      assertEquals(number > (last ?? ""), true, `${number} after ${last}`);
      heard.push(number);
    }
    this.#check(victim, from, before?.bytes.toHex());
  }

  /** Whom a page takes for a peer is one, and one that has spoken to it where there ever was such a one. */
  #check(victim: Page, from: string, before: string | undefined): void {
    const current = victim.guard.current(from)?.bytes.toHex();
    if (current === undefined) return assertEquals(before, undefined);
    assertEquals(this.#pages.get(current)?.id, from);
    const spoken = this.#spoken.get(victim);
    if (before !== undefined && before !== current && spoken?.has(before)) {
      assertEquals(spoken.has(current), true);
    }
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error("There is nothing");
    return item;
  }
}

for (
  const [protection, seeds] of [["key", 8], ["identity", 4], [
    "key and identity",
    4,
  ]] as const satisfies readonly (readonly [Protection, number])[]
) {
  Deno.test(`Guard opens only what a peer has said to it, once and in order, whatever a server does, when rooms are protected by ${protection}`, async () => {
    const room = await Protected.make(protection);
    for (let seed = 1; seed <= seeds; seed++) {
      const history = new History(room, seed);
      for (let step = 0; step < STEPS; step++) await history.step();
      // Or it would show nothing.
      assertEquals(history.opened > 20, true, `${history.opened} opened`);
    }
  });
}
