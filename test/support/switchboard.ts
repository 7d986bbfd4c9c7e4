import { LIMITS, type ServerMessage, VERSION } from "../../protocol.ts";
import type { Page } from "puppeteer";

/** What a page of a switchboard says, and what is said to it. */
export interface SwitchboardLine {
  /** Who was let in, in what order: a server stamps it. */
  readonly joinedAt: number;
  /** Resolves with the first presence that it publishes. */
  readonly published: Promise<string>;
  /** Takes what it signals; all that came before comes first. */
  onSignal(take: (data: string, to: string) => void): void;
  /** The server says something to it. */
  say(message: ServerMessage): void;
}

/** A signaling server within a page, which does what a test makes it do, and nothing else but to welcome. */
export interface Switchboard {
  /** Leads to it, as the option of `connect`. */
  readonly WebSocket: typeof WebSocket;
  /** Whom the next one to come finds, in its welcome. */
  present: readonly { readonly id: string; readonly joinedAt: number }[];
  /** Who has come. */
  line(id: string): SwitchboardLine;
}

declare global {
  /** The server of a test that lives in its page. */
  var switchboard: Switchboard;
}

/** Makes `switchboard` in a page. */
export async function defineSwitchboard(page: Page): Promise<void> {
  await page.evaluate(define, LIMITS, VERSION);
}

function define(limits: typeof LIMITS, version: number): void {
  const lines = new Map<string, Socket>();
  let joined = 0;

  class Socket extends EventTarget implements SwitchboardLine {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    readonly bufferedAmount = 0;
    readonly joinedAt = ++joined;
    readonly published: Promise<string>;
    binaryType = "blob";
    readyState = 0;
    readonly #publish: (presence: string) => void;
    readonly #signals: [data: string, to: string][] = [];
    #take: ((data: string, to: string) => void) | undefined;

    constructor(url: string) {
      super();
      const { promise, resolve } = Promise.withResolvers<string>();
      this.published = promise;
      this.#publish = resolve;
      const id = new URL(url).searchParams.get("_pk") ?? "";
      lines.set(id, this);
      const peers = switchboard.present.map((peer) => ({
        ...peer,
        presence: null,
        away: false,
      }));
      const { joinedAt } = this;
      setTimeout(() => {
        this.readyState = Socket.OPEN;
        this.dispatchEvent(new Event("open"));
        this.say({
          type: "welcome",
          version,
          id,
          joinedAt,
          peers,
          iceServers: [],
          iceExpiresAt: null,
          turn: "none",
          resume: "",
          session: "new",
          seen: 0,
          sent: 0,
          limits,
        });
      });
    }

    onSignal(take: (data: string, to: string) => void): void {
      this.#take = take;
      for (const [data, to] of this.#signals.splice(0)) take(data, to);
    }

    say(message: ServerMessage): void {
      const data = JSON.stringify(message);
      this.dispatchEvent(new MessageEvent("message", { data }));
    }

    send(frame: string): void {
      const message = JSON.parse(frame);
      if (message.type === "presence") this.#publish(message.presence);
      if (message.type !== "signal") return;
      const { data, to } = message;
      if (this.#take) this.#take(data, to);
      else this.#signals.push([data, to]);
    }

    close(): void {
      this.readyState = Socket.CLOSED;
    }
  }

  globalThis.switchboard = {
    WebSocket: Socket as unknown as typeof WebSocket,
    present: [],
    line(id) {
      const line = lines.get(id);
      if (!line) throw new Error(`Nobody has come as ${id}`);
      return line;
    },
  };
}
