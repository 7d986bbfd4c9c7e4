import { type Member, VERSION, type Welcome } from "../../protocol.ts";
import type { Names } from "../data/lane.ts";
import type { Debug } from "../debug.ts";
import { Pace } from "../pace.ts";
import type { PairReason } from "../pair_reason.ts";
import type {
  RoomMessage,
  RoomSignaling,
  RoomTrust,
  Signaling,
  SignalingListener,
} from "../signaling.ts";
import { reasonOf, type UntrustedCode } from "../untrusted.ts";
import { Admission } from "./admission.ts";
import { joinBytes, utf8 } from "./bytes.ts";
import { Guard, type GuardOptions, type Opened } from "./guard.ts";
import type { PeerIdentity } from "./identity.ts";
import type { PeerSession } from "./peer_sessions.ts";
import { FRAME } from "./sealed_frame.ts";

/** How often a peer is greeted within a span, whoever makes us. */
const MAX_GREETINGS = 8;
const SPAN_MS = 10_000;
/** After what time a peer that does not answer is greeted again. */
const GREETING_MS = 5_000;
/** Most messages of the server that wait to be opened. */
const MAX_WAITING = 4096;
/** Most signals of a peer that wait until the app has decided about it. */
const MAX_HELD = 64;
/** What can be done about the peer that these are said of, until it introduces itself as another. */
const FINAL: readonly UntrustedCode[] = [
  "key-mismatch",
  "identity-missing",
  "identity-mismatch",
];

/** What is known of a member of the room. */
interface Standing {
  readonly joinedAt: number;
  readonly greetings: Pace;
  /** Signals that came before the app had decided. */
  readonly held: string[];
  /** Whether the listener knows that it is there. */
  told: boolean;
  /** Why it cannot be trusted, as far as it has said anything. */
  refused?: UntrustedCode;
}

/** What a guarded signaling is made of. */
export interface GuardedOptions extends Omit<GuardOptions, "id"> {
  readonly signaling: Signaling;
  /** Asks the app whom to admit; everybody if there is none. */
  readonly onTrust:
    | ((peer: PeerIdentity) => boolean | Promise<boolean>)
    | undefined;
  readonly debug: Debug;
}

/**
 * The signaling of a room with a key, or of a page with an identity: what is
 * said leaves sealed or signed, and what comes is told in clear, in the order in
 * which it came, if it is what a peer has said to us. WebCrypto takes its time,
 * so everything stands in line.
 */
export class GuardedSignaling implements RoomSignaling, RoomTrust {
  listener: SignalingListener | undefined;
  readonly #signaling: Signaling;
  readonly #guard: Guard;
  readonly #signed: boolean;
  readonly #admission: Admission;
  readonly #debug: Debug;
  readonly #standings = new Map<string, Standing>();
  /** What the listener shall hear after the message at hand. */
  #events: ((listener: SignalingListener) => void)[] = [];
  #incoming: Promise<void> = Promise.resolve();
  #outgoing: Promise<void> = Promise.resolve();
  #greeting: ReturnType<typeof setTimeout> | undefined;
  #waiting = 0;
  #joined = false;
  #closed = false;

  /** Listens to `signaling`, which it closes. */
  constructor(options: GuardedOptions) {
    const { signaling, onTrust, identity, debug } = options;
    this.#signed = identity !== undefined;
    this.#signaling = signaling;
    this.#debug = debug;
    this.#guard = new Guard({ ...options, id: signaling.socket.id });
    this.#admission = new Admission({
      onTrust,
      onDecided: (peer) => this.#take(() => this.#decided(peer)),
      isHere: (peer) => this.#standings.has(peer),
    });
    const tell = (what: (listener: SignalingListener) => void) =>
      this.#take(() => this.listener && what(this.listener));
    signaling.listener = {
      onOpen: () => tell((listener) => listener.onOpen()),
      onDown: (...how) => tell((listener) => listener.onDown(...how)),
      onFail: (...why) => tell((listener) => listener.onFail(...why)),
      onWake: (changed) => tell((listener) => listener.onWake(changed)),
      onMessage: (message) => {
        // At once: until it is opened, the socket may be another.
        if (message.type === "welcome" && message.version === VERSION) {
          signaling.welcomed(message);
        }
        this.#take(() => this.#receive(message));
      },
    };
  }

  /** {@linkcode RoomSignaling.socket} */
  get socket(): Signaling["socket"] {
    return this.#signaling.socket;
  }

  /** Does nothing: it was said when the welcome came. */
  welcomed(): void {}

  /** {@linkcode RoomSignaling.whyDown} */
  whyDown(): ReturnType<Signaling["whyDown"]> {
    return this.#signaling.whyDown();
  }

  /** {@linkcode RoomSignaling.doubt} */
  doubt(ms?: number): void {
    this.#signaling.doubt(ms);
  }

  /** {@linkcode RoomSignaling.publish} */
  publish(presence: string | null): void {
    this.#say(
      () => this.#guard.sealPresence(presence),
      (sealed) => this.#signaling.publish(sealed),
    );
  }

  /** {@linkcode RoomSignaling.fits} */
  fits(presence: string, maxBytes: number): boolean {
    return this.#guard.presenceChars(presence) <= maxBytes;
  }

  /** {@linkcode RoomSignaling.signal} */
  signal(to: string, data: string, generation: number): void {
    const session = this.#guard.current(to);
    // The mesh says nothing to whom it does not know.
    if (!session) return;
    const counter = ++session.said;
    this.#say(
      () => this.#guard.sealSignal(session, counter, generation, data),
      (sealed) => this.#signaling.signal(to, sealed),
    );
  }

  /** {@linkcode RoomTrust.whyNot} */
  whyNot(peer: string): PairReason | undefined {
    const code = this.#standings.get(peer)?.refused;
    if (code) return reasonOf(code);
    const admitted = this.#guard.current(peer) &&
      this.#admission.decision(peer);
    if (admitted === undefined) return "the peer is not trusted yet";
    return admitted ? undefined : reasonOf("not-admitted");
  }

  /** {@linkcode RoomTrust.session} */
  session(peer: string): PeerSession | undefined {
    return this.#guard.current(peer);
  }

  /** {@linkcode RoomTrust.names} */
  names(peer: string): Omit<Names, "onImpostor"> | undefined {
    // Whoever has the room key could be in between anyway.
    if (!this.#signed) return;
    // Anybody can call a session its own that it has seen; but not the peer whose it is.
    const name = (id: string, session: Uint8Array) =>
      joinBytes(session, utf8(id));
    return {
      mine: name(this.socket.id, this.#guard.session),
      theirs: () => {
        const session = this.#guard.current(peer);
        return session && name(peer, session.bytes);
      },
    };
  }

  /** {@linkcode RoomTrust.trust} */
  trust(peer: string, trusted: boolean): void {
    this.#admission.decide(peer, trusted);
  }

  /** {@linkcode RoomTrust.forget} */
  forget(peer: string): void {
    this.#standings.delete(peer);
    this.#guard.forget(peer);
  }

  /** {@linkcode RoomSignaling.close} */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#greeting);
    this.listener = undefined;
    this.#signaling.close();
  }

  /** Does something when all that came before is done. */
  #take(what: () => unknown): void {
    // What a server says faster than it can be opened must not pile up.
    if (++this.#waiting === MAX_WAITING) this.socket.reconnect(4003);
    this.#incoming = this.#incoming.then(async () => {
      if (!this.#closed) await what();
    }).catch((error) => this.#debug("not opened", error)).then(() => {
      this.#waiting--;
    });
  }

  /** Seals something and says it, when all that came before was said. */
  #say(seal: () => Promise<string>, say: (sealed: string) => void): void {
    this.#outgoing = this.#outgoing.then(async () => {
      if (this.#closed) return;
      const sealed = await seal();
      // It may have been closed meanwhile.
      if (!this.#closed) say(sealed);
    }).catch((error) => this.#debug("not sealed", error));
  }

  async #receive(message: RoomMessage): Promise<void> {
    switch (message.type) {
      case "welcome": {
        const welcome = await this.#welcome(message);
        this.listener?.onMessage(welcome);
        if (!this.#joined) {
          this.#joined = true;
          // Whoever awaits `connect` adds its listeners before more is told.
          await nextTask();
        }
        break;
      }
      case "join": {
        this.#meet(message.peer);
        const peer = await this.#read(message.peer);
        this.listener?.onMessage({ ...message, peer });
        break;
      }
      case "presence": {
        const { id } = message;
        await this.#open(id, message.presence, true);
        const presence = this.#guard.current(id)?.presence ?? null;
        this.listener?.onMessage({ ...message, presence });
        break;
      }
      case "signal":
        await this.#hear(message.from, message.data);
        break;
      default:
        this.listener?.onMessage(message);
    }
    for (const standing of this.#standings.values()) standing.told = true;
    for (const tell of this.#events.splice(0)) {
      if (this.listener) tell(this.listener);
    }
  }

  async #welcome(welcome: Welcome): Promise<Welcome> {
    // Each once: two frames of a session must not be opened at the same time.
    const peers = new Map(welcome.peers.map((peer) => [peer.id, peer]));
    // Nobody is a peer of its own.
    peers.delete(this.socket.id);
    for (const peer of peers.values()) this.#meet(peer);
    const members = await Promise.all(
      Array.from(peers.values(), (peer) => this.#read(peer)),
    );
    this.#greetUnknown();
    return { ...welcome, peers: members };
  }

  #meet({ id, joinedAt }: Member): void {
    const known = this.#standings.get(id);
    if (known?.joinedAt === joinedAt) return;
    // The same name, another membership.
    if (known) this.forget(id);
    const greetings = new Pace(MAX_GREETINGS, SPAN_MS);
    const standing = { joinedAt, greetings, held: [], told: false };
    this.#standings.set(id, standing);
  }

  /** Greets those who were here before us and have not published anything yet, or whose word got lost; and again, should ours. */
  #greetUnknown(): void {
    clearTimeout(this.#greeting);
    if (this.#closed) return;
    const unknown = [...this.#standings].filter(([id, { refused }]) =>
      !refused && !this.#guard.current(id)
    );
    if (unknown.length === 0) return;
    for (const [id] of unknown) this.#greet(id);
    this.#greeting = setTimeout(() => this.#greetUnknown(), GREETING_MS);
  }

  /** A member as the server tells of it, and its presence in clear. */
  async #read(member: Member): Promise<Member> {
    await this.#open(member.id, member.presence ?? null, true);
    const session = this.#guard.current(member.id);
    // What another server knew of it still holds.
    if (member.presence === undefined && !session) return member;
    return { ...member, presence: session?.presence ?? null };
  }

  async #hear(from: string, data: string): Promise<void> {
    const signal = await this.#open(from, data, false);
    if (signal === undefined) return;
    const decided = this.#admission.decision(from) !== undefined;
    const { held } = this.#standings.get(from) ?? {};
    const { identity = null } = this.#guard.current(from) ?? {};
    // What was decided long ago may have been forgotten.
    void this.#admission.ask(from, identity);
    // Also of whom the app has refused: it is told so.
    if (decided) this.#pass(from, signal);
    else if (held && held.length < MAX_HELD) held.push(signal);
  }

  #pass(from: string, data: string): void {
    this.listener?.onMessage({ type: "signal", from, data });
  }

  /** Opens what a member has said; returns the text of a signal. */
  async #open(
    peer: string,
    text: string | null,
    published: boolean,
  ): Promise<string | undefined> {
    const standing = this.#standings.get(peer);
    if (!standing || text === null) return;
    const opened = await this.#guard.open(peer, text, published);
    // The app is asked no more.
    if (this.#closed) return;
    if ("refused" in opened) return this.#refuse(peer, standing, opened);
    if ("unknown" in opened) return this.#greet(peer, opened.unknown.sender);
    const { session, adopted, ask, signal, missing } = opened;
    const current = this.#guard.current(peer) === session;
    if (current) delete standing.refused;
    // It may be long gone: let it speak to us.
    else this.#greet(peer, session.bytes);
    if (missing) {
      this.#tell((listener) => listener.onUntrusted?.(peer, "missing"));
    }
    if (ask) this.#greet(peer, session.bytes, false);
    if (adopted) void this.#admission.ask(peer, session.identity);
    if (current && (adopted || ask)) this.#admit(peer);
    return signal;
  }

  #refuse(
    peer: string,
    standing: Standing,
    { refused: code, frame }: Extract<Opened, { refused: UntrustedCode }>,
  ): undefined {
    const current = this.#guard.current(peer);
    // It is for another session of ours, by somebody who does not know; or of one that we do not.
    const lost = code === "stale" || code === "forged" && !current;
    if (lost && frame?.kind === FRAME.signal) {
      this.#greet(peer, frame.sender, !current);
    }
    if (!current && FINAL.includes(code)) {
      // Once is enough.
      if (standing.refused === code) return;
      standing.refused = code;
    }
    this.#tell((listener) => listener.onUntrusted?.(peer, code));
  }

  /** Tells a peer who we are, and asks for the same unless it has told us. */
  #greet(
    peer: string,
    session?: Uint8Array<ArrayBuffer>,
    ask = true,
  ): undefined {
    if (!this.#standings.get(peer)?.greetings.allows()) return;
    this.#say(
      () => this.#guard.sealHello(peer, session, ask),
      (sealed) => this.#signaling.signal(peer, sealed),
    );
  }

  #tell(what: (listener: SignalingListener) => void): void {
    this.#events.push(what);
  }

  /** What waits for that peer can go on, if nothing else is in its way. */
  #admit(peer: string): void {
    // Who is being told of is dialled by whoever hears that, and must not be twice.
    if (this.#standings.get(peer)?.told && !this.whyNot(peer)) {
      this.#tell((listener) => listener.onTrusted?.(peer));
    }
  }

  /** The app has decided about a peer. */
  #decided(peer: string): void {
    const held = this.#standings.get(peer)?.held.splice(0) ?? [];
    // It may have changed its mind meanwhile.
    const admitted = this.#admission.decision(peer);
    if (admitted) this.listener?.onTrusted?.(peer);
    else this.listener?.onUntrusted?.(peer, "not-admitted");
    for (const signal of held) this.#pass(peer, signal);
  }
}

/** Resolves in a task of its own. By no timer: those of a hidden page come once a second. */
function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
