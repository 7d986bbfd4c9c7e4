import type { JoinOptions } from "../../rivals/joining.ts";
import type { Rival } from "./rival.ts";

/** How often a page talks to whom its library calls connected. */
const EVERY_MS = 50;

/** How long a library may take to join. */
const JOIN_MS = 60_000;

/** What a page has heard from another one. */
export interface Account {
  /** Numbers that never came. */
  readonly missing: readonly number[];
  /** How many messages came again. */
  readonly doubled: number;
  /** The longest time without a message, in milliseconds. */
  readonly silenceMs: number;
}

/** A page's library at work: it talks all the time, and everything is written down. */
export interface Talk {
  /** Joins and begins to talk. Rejects if the library takes more than a minute. */
  join(options: JoinOptions): Promise<void>;
  /**
   * When the first message of `name` arrived that was sent at `since` or later,
   * both in milliseconds since the epoch; `null` if none has until `until`.
   */
  hears(name: string, since: number, until: number): Promise<number | null>;
  /**
   * What came from `name`: silence since the one time, messages up to those that
   * were sent at the other. What was sent later may still be under way.
   */
  account(name: string, since: number, upTo: number): Account;
  /** Numbers of own messages that the library did not take. */
  readonly refused: readonly number[];
  /** When the library said that a peer was gone. */
  readonly goneAt: readonly number[];
  /** What happened, a line each, with the time of day. */
  readonly notes: readonly string[];
}

declare global {
  /** The library of this page. */
  var rivalTalk: Talk;
}

interface Heard {
  readonly number: number;
  readonly sentAt: number;
  readonly heardAt: number;
}

function late(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(reject, JOIN_MS, new Error("Cannot join: it takes too long"));
  });
}

/** Puts a library to work in this page. */
export function enter(rival: Rival): void {
  const heard = new Map<string, Heard[]>();
  const sent = new Map<string, number>();
  const refused: number[] = [];
  const goneAt: number[] = [];
  const notes: string[] = [];
  const waiting = new Set<() => void>();

  const note = (text: string) =>
    void notes.push(`${new Date().toISOString().slice(11, 23)} ${text}`);
  const heardFrom = (name: string) => heard.get(name) ?? [];

  function onMessage(data: unknown): void {
    const [name = "", number, sentAt] = String(data).split(" ");
    const all = heardFrom(name);
    heard.set(name, all);
    all.push({
      number: Number(number),
      sentAt: Number(sentAt),
      heardAt: Date.now(),
    });
    for (const look of waiting) look();
  }

  async function say(peer: string, name: string): Promise<void> {
    const number = sent.get(peer) ?? 0;
    sent.set(peer, number + 1);
    try {
      await rival.send(peer, `${name} ${number} ${Date.now()}`);
    } catch (error) {
      refused.push(number);
      note(`refused ${number}: ${error}`);
    }
  }

  globalThis.rivalTalk = {
    refused,
    goneAt,
    notes,
    async join(options) {
      const joined = rival.join(options, {
        onMessage,
        onGone() {
          goneAt.push(Date.now());
          note("gone");
        },
        onNote: note,
      });
      await Promise.race([joined, late()]);
      setInterval(() => {
        for (const peer of rival.connected()) void say(peer, options.name);
      }, EVERY_MS);
    },
    hears(name, since, until) {
      return new Promise((resolve) => {
        const timer = setTimeout(end, until - Date.now(), null);
        function end(at: number | null): void {
          clearTimeout(timer);
          waiting.delete(look);
          resolve(at);
        }
        function look(): void {
          const first = heardFrom(name).find(({ sentAt }) => sentAt >= since);
          if (first) end(first.heardAt);
        }
        waiting.add(look);
        look();
      });
    },
    account(name, since, upTo) {
      const all = heardFrom(name);
      const numbers = new Set(all.map(({ number }) => number));
      const last = all.find(({ sentAt }) => sentAt >= upTo)?.number ?? 0;
      const times = [
        since,
        ...all.map(({ heardAt }) => heardAt).filter((at) => at > since),
        Date.now(),
      ];
      const gaps = times.map((at, i) => at - (times[i - 1] ?? at));
      return {
        missing: Array.from({ length: last }, (_, number) => number)
          .filter((number) => !numbers.has(number)),
        doubled: all.length - numbers.size,
        silenceMs: Math.max(...gaps),
      };
    },
  };
}
