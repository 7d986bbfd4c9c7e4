import type { SignalingListener } from "../../client/signaling.ts";
import type { Signaling } from "../../client/signaling.ts";
import {
  type GuardedOptions,
  GuardedSignaling,
} from "../../client/trust/guarded_signaling.ts";
import type { Identity } from "../../client/trust/identity.ts";
import type { RoomSecret } from "../../client/trust/room_secret.ts";
import type {
  ClientMessage,
  Member,
  Presence,
  ServerMessage,
  SignalFrom,
  Welcome,
} from "../../protocol.ts";
import { fingerprintOf, secretOf } from "./guards.ts";
import { WELCOME } from "./welcome.ts";

/** A WebCrypto that tells when it has nothing to do, and can be made to wait. */
export class WatchedCrypto {
  readonly crypto: Crypto;
  /** How often it was asked for something. */
  asked = 0;
  readonly #pending = new Set<Promise<unknown>>();
  #onAsked: () => void = () => {};
  #gate: Promise<void> = Promise.resolve();
  #open: (() => void) | undefined;

  constructor() {
    const { subtle } = crypto;
    const watched = new Proxy(subtle, {
      get: (_, name: keyof SubtleCrypto) => (...args: unknown[]) =>
        this.#watch(async () => {
          await this.#gate;
          const operation = subtle[name] as (...args: unknown[]) => unknown;
          return await operation.apply(subtle, args);
        }),
    });
    this.crypto = {
      subtle: watched,
      getRandomValues: crypto.getRandomValues.bind(crypto),
    } as Crypto;
  }

  /** Nothing is done before it is released. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    this.#open = resolve;
  }

  /** Goes on. */
  release(): void {
    this.#open?.();
  }

  /** Resolves when it is asked for something. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#onAsked = resolve);
  }

  /** Resolves when nothing is done, and nothing follows from what was. */
  async idle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) {
      if (this.#pending.size > 0) turn = 0;
      await Promise.all(this.#pending);
      await undefined;
    }
  }

  #watch(run: () => Promise<unknown>): Promise<unknown> {
    this.asked++;
    this.#onAsked();
    const operation = run();
    const over = operation.then(() => {}, () => {});
    this.#pending.add(over);
    void over.then(() => this.#pending.delete(over));
    return operation;
  }
}

/** What a page of a guarded room is made with. */
export interface GuardedWish {
  readonly id?: string;
  readonly secret?: RoomSecret | undefined;
  readonly identity?: Identity | undefined;
  readonly onTrust?: GuardedOptions["onTrust"];
  readonly presence?: string | null;
}

/** A page: what a connection would hear is written down, in order. */
export class GuardedPage {
  readonly id: string;
  readonly guarded: GuardedSignaling;
  readonly told: string[] = [];
  /** What leaves for the server. */
  readonly said: ClientMessage[] = [];
  /** What the signaling within was asked to do besides. */
  readonly asked: string[] = [];
  /** What it could not do. */
  readonly troubles: unknown[] = [];
  /** Takes what leaves. */
  onSaid: (message: ClientMessage) => void = () => {};
  /** Called at whatever it is told. */
  onTold: (what: string) => void = () => {};
  readonly #inner: { listener: SignalingListener | undefined };
  #marked: (() => void) | undefined;

  constructor(name: string, crypto: Crypto, wish: GuardedWish) {
    const { secret, identity, onTrust, presence = null } = wish;
    this.id = wish.id ?? identity?.id ?? name;
    const say = (message: ClientMessage) => {
      this.said.push(message);
      this.onSaid(message);
    };
    const inner = {
      socket: {
        id: this.id,
        reconnect: (code: number) => void this.asked.push(`reconnect ${code}`),
      },
      listener: undefined as SignalingListener | undefined,
      signal: (to: string, data: string) => say({ type: "signal", to, data }),
      publish: (presence: string | null) => say({ type: "presence", presence }),
      welcomed: ({ session }: Welcome) =>
        void this.asked.push(`welcomed ${session}`),
      doubt: (ms?: number) => void this.asked.push(`doubt ${ms}`),
      whyDown: () => Promise.resolve("why"),
      close: () => {
        this.asked.push("close");
        inner.listener = undefined;
      },
    };
    this.#inner = inner;
    this.guarded = new GuardedSignaling({
      signaling: inner as unknown as Signaling,
      crypto,
      party: "main",
      room: "room",
      fingerprint: fingerprintOf(name),
      secret,
      identity,
      onTrust,
      debug: (...what) => void this.troubles.push(what),
    });
    const note = (what: string) => {
      this.told.push(what);
      this.onTold(what);
    };
    this.guarded.listener = {
      onOpen: () => note("open"),
      onDown: (code, comingBack) => note(`down ${code} ${comingBack}`),
      onFail: (cause) => note(`fail ${cause}`),
      onWake: (changed) => note(`wake ${changed}`),
      onTrusted: (peer) => note(`trusted ${peer}`),
      onUntrusted: (peer, code) => note(`untrusted ${peer} ${code}`),
      onMessage: (message) => {
        if (message.type === "ice") return this.#marked?.();
        note(describe(message));
        if (message.type === "welcome") this.guarded.publish(presence);
        if (message.type === "leave") this.guarded.forget(message.id);
      },
    };
  }

  /** Whether anything is still heard. */
  get listens(): boolean {
    return this.#inner.listener !== undefined;
  }

  /** What happens to the socket. */
  get events(): SignalingListener {
    const { listener } = this.#inner;
    if (!listener) throw new Error("It was closed");
    return listener;
  }

  /** The server says something. */
  tell(...messages: readonly ServerMessage[]): void {
    for (const message of messages) {
      this.#inner.listener?.onMessage(message as never);
    }
  }

  /** Resolves when it has heard what it was told so far. */
  async heard(): Promise<void> {
    if (!this.listens) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#marked = resolve;
    this.tell({
      type: "ice",
      iceServers: [],
      iceExpiresAt: null,
      turn: "none",
    });
    await promise;
  }

  /** What was told since it was last asked for. */
  news(): string[] {
    return this.told.splice(0);
  }

  /** What has left since it was last asked for, as a server sees it. */
  sent(): string[] {
    return this.said.splice(0).map((message) => {
      if (message.type === "signal") {
        return `${message.to} ${kindOf(message.data)}`;
      }
      return message.type === "presence"
        ? `all ${kindOf(message.presence ?? "null")}`
        : message.type;
    });
  }
}

/** What a server can tell of a frame: its second byte. */
function kindOf(text: string): string {
  const [, prefix, encoded = ""] = /^(sealed|signed)\.(.*)$/.exec(text) ?? [];
  if (prefix === undefined) return text;
  const kind = atob(encoded.slice(0, 4).replaceAll("-", "+"))
    .charCodeAt(1);
  return ["", "presence", "hello", "signal"][kind] ?? "unknown";
}

function describe(message: ServerMessage): string {
  switch (message.type) {
    case "welcome":
      return ["welcome", ...message.peers.map(describeMember)].join(" ");
    case "join":
      return `join ${describeMember(message.peer)}`;
    case "presence":
      return `presence ${message.id} ${message.presence}`;
    case "signal":
      return `signal ${message.from} ${message.data}`;
    case "leave":
    case "away":
    case "back":
      return `${message.type} ${message.id}`;
    default:
      return message.type;
  }
}

function describeMember({ id, presence }: Member): string {
  return `${id}=${presence}`;
}

/** A server in memory, and the pages of its one room. */
export class GuardedRoom implements AsyncDisposable {
  readonly watched: WatchedCrypto;
  /** Keys of the room, for those who have them. */
  readonly secret: RoomSecret;
  readonly pages: GuardedPage[] = [];
  /** What it tells a page in place of what it should: by default the same. */
  alter: (
    message: SignalFrom | Presence,
    to: GuardedPage,
  ) => readonly ServerMessage[] = (message) => [message];
  readonly #members = new Map<string, { page: GuardedPage; member: Member }>();
  #joined = 0;
  #messages = 0;

  private constructor(watched: WatchedCrypto, secret: RoomSecret) {
    this.watched = watched;
    this.secret = secret;
  }

  /** A room in which nobody is. */
  static async open(): Promise<GuardedRoom> {
    const watched = new WatchedCrypto();
    const { subtle } = watched.crypto;
    return new GuardedRoom(watched, await secretOf({ subtle }));
  }

  /** A page that has not joined. */
  page(name: string, wish: GuardedWish = {}): GuardedPage {
    const page = new GuardedPage(name, this.watched.crypto, wish);
    page.onSaid = (message) => this.#hear(page, message);
    this.pages.push(page);
    return page;
  }

  /** Lets a page in, and all of it happen. */
  async join(name: string, wish: GuardedWish = {}): Promise<GuardedPage> {
    const page = this.page(name, wish);
    this.enter(page);
    await this.settle();
    return page;
  }

  /** Lets a page in; the others hear of it. */
  enter(page: GuardedPage): void {
    const welcome = this.welcome(page);
    const { joinedAt } = welcome;
    const { id } = page;
    const peer = { id, joinedAt, presence: null, away: false };
    this.#members.set(id, { page, member: peer });
    page.tell(welcome);
    this.#tell(id, { type: "join", peer });
  }

  /** What a page is told when it joins, or joins again. */
  welcome(
    { id }: GuardedPage,
    changes: Partial<Welcome> = {},
  ): Welcome {
    const others = [...this.#members.values()].filter(({ member }) =>
      member.id !== id
    );
    return {
      ...WELCOME,
      id,
      joinedAt: ++this.#joined,
      peers: others.map(({ member }) => member),
      ...changes,
    };
  }

  /** A page has left. */
  leave({ id }: GuardedPage): void {
    this.#members.delete(id);
    this.#tell(id, { type: "leave", id, reason: "goodbye" });
  }

  /** A member as the server tells of it. */
  member({ id }: GuardedPage): Member {
    const known = this.#members.get(id);
    if (!known) throw new Error("It is not there");
    return known.member;
  }

  /** Tells from now on that a member has published something. */
  show(page: GuardedPage, presence: string | null): void {
    const member = { ...this.member(page), presence };
    this.#members.set(page.id, { page, member });
  }

  /** Resolves when nothing is on its way. */
  async settle(): Promise<void> {
    for (;;) {
      const before = this.watched.asked + this.#messages;
      await this.watched.idle();
      for (const page of this.pages) await page.heard();
      await this.watched.idle();
      if (this.watched.asked + this.#messages === before) return;
    }
  }

  /** Closes every page. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.watched.release();
    await this.settle();
    for (const { guarded } of this.pages) guarded.close();
  }

  #hear(page: GuardedPage, message: ClientMessage): void {
    this.#messages++;
    const { id } = page;
    const known = this.#members.get(id);
    // Whoever came under that id later has its place.
    if (known?.page !== page) return;
    if (message.type === "presence") {
      const { presence } = message;
      known.member = { ...known.member, presence };
      this.#tell(id, { type: "presence", id, presence });
    } else if (message.type === "signal") {
      const to = this.#members.get(message.to)?.page;
      const said: SignalFrom = { type: "signal", from: id, data: message.data };
      if (to) to.tell(...this.alter(said, to));
    }
  }

  #tell(about: string, message: ServerMessage): void {
    for (const { page } of this.#members.values()) {
      if (page.id === about) continue;
      const passed = message.type === "presence"
        ? this.alter(message, page)
        : [message];
      page.tell(...passed);
    }
  }
}
