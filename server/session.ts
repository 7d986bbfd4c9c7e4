import {
  type ClientLimits,
  type ClientPing,
  CLOSE,
  exceedsBytes,
  type FaultCode,
  type LeaveReason,
  type Limits,
  type SessionOrigin,
  type SetPresence,
  type TurnStatus,
  VERSION,
} from "../protocol.ts";
import { atMost } from "./at_most.ts";
import { IceLease } from "./ice_lease.ts";
import type { Ice, IceSource } from "./ice_source.ts";
import type { Log } from "./log_record.ts";
import { type Kept, Mailbox } from "./mailbox.ts";
import { PeerSocket } from "./peer_socket.ts";
import type { ResumeClaim, ResumeTokens } from "./resume_token.ts";
import type { ShownToken, Ticket } from "./resumption.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { LocalPeer, Seated } from "./cluster/seated.ts";
import { encode, type Room } from "./room.ts";
import type { Tally } from "./tally.ts";

/** How long a welcome waits for TURN credentials; what comes later follows in an `ice` message. */
const ICE_PATIENCE_MS = 1_000;

/** What every session of a server has in common. */
export interface SessionServices {
  /** What the server takes. */
  readonly limits: Limits;
  /** Where STUN and TURN servers come from. */
  readonly ice: IceSource;
  /** Mints what a peer resumes with. */
  readonly tokens: ResumeTokens;
  /** Counts what goes wrong. */
  readonly tally: Tally;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Takes what is worth telling an operator. */
  readonly log: Log;
  /** Knows the peers of other nodes, if there may be some. */
  readonly cluster: Cluster | undefined;
}

/** All that a session is, apart from its socket and its credentials: with it another node goes on. */
export interface SessionState extends Kept {
  /** When its peer joined. */
  readonly joinedAt: number;
  /** How many tokens were given out for it. */
  readonly sequence: number;
  /** See {@linkcode Ticket}. */
  readonly current: string | undefined;
  /** See {@linkcode Ticket}. */
  readonly previous: string | undefined;
  /** See {@linkcode Ticket}. */
  readonly origin: ResumeClaim;
  /** See {@linkcode LocalPeer.since}; `undefined` where it is only known by a token. */
  readonly since: number | undefined;
  /** What the next welcome goes on with. */
  readonly continues: SessionOrigin;
  /** How many signals were taken from the peer. */
  readonly taken: number;
}

/** What is a session's own. */
export interface SessionOptions {
  /** Names it in the log, where ids have no place. */
  readonly serial: number;
  /** Key of its room. */
  readonly key: string;
  /** Public id of the peer. */
  readonly id: string;
  /** Where it will sit, or sits already if it goes on. */
  readonly room: Room<Seated>;
  /** The token of a membership that another run of the server saw begin. */
  readonly restored?: ShownToken | undefined;
  /** What it was at another node: it goes on as one that is away. */
  readonly state?: SessionState;
  /** Whether it gets no TURN credentials of its own, but those that are shared. */
  readonly borrows: boolean;
  /** Called with every socket that is done with, though its connection may linger. */
  readonly onGone: (socket: PeerSocket) => void;
  /** Called once, when the seat is free again. */
  readonly onEnd: () => void;
}

/** A socket that a client has been granted for a session. */
export interface Attachment {
  /** The socket, not yet open. */
  readonly socket: WebSocket;
  /** The token it was granted for. */
  readonly shown: ShownToken | undefined;
  /** How many signals the client has received in this session. */
  readonly seen: number;
  /** Whether the client knows nothing of what happened in this session, since another held it. */
  readonly anew: boolean;
}

/** Where a session stands; the socket is open and welcomed only when it is `live`. */
type State =
  | { readonly state: "opening"; readonly socket: PeerSocket | undefined }
  | { readonly state: "live"; readonly socket: PeerSocket }
  | {
    readonly state: "away";
    /** One that was granted and is not welcomed yet. */
    readonly socket: PeerSocket | undefined;
    readonly timer: ReturnType<typeof setTimeout>;
  }
  | { readonly state: "ended"; readonly socket: PeerSocket | undefined };

/**
 * One peer's membership of one room. It outlives its sockets: when one is lost,
 * the peer is away and its signals wait, until another resumes it or the grace
 * time is over.
 */
export class Session implements LocalPeer {
  readonly id: string;
  /** Names it in the log. */
  readonly serial: number;
  readonly #services: SessionServices;
  readonly #options: SessionOptions;
  readonly #ice: IceLease;
  #mailbox: Mailbox;
  /** How every signal of this peer begins: the server says who speaks, the speaker never does. */
  readonly #stamp: string;
  #now: State = { state: "opening", socket: undefined };
  /** What the next welcome goes on with, as far as the client knows. */
  #continues: SessionOrigin;
  #joinedAt: number;
  #since: number;
  #sequence: number;
  /** What it was restored by, if this server did not see its peer join. */
  #origin: ResumeClaim | undefined;
  #current: string | undefined;
  #previous: string | undefined;
  #known = false;
  #draining = false;
  /** Whether it has just come from another node, and has not been welcomed here. */
  #isNew = false;
  /** How many signals the server has taken from the peer in this session. */
  #taken = 0;

  /** Claims the seat, unless it goes on. */
  constructor(services: SessionServices, options: SessionOptions) {
    const { id, serial, room, restored, state, borrows } = options;
    this.id = id;
    this.serial = serial;
    this.#services = services;
    this.#options = options;
    this.#ice = new IceLease(services.ice, {
      peer: String(serial),
      // Who is away, or not welcomed yet, is told in the next welcome.
      onChange: () =>
        this.deliver(encode({ type: "ice", ...iceFields(this.#ice.known) })),
      ...(borrows && { borrows }),
    });
    this.#stamp = `{"type":"signal","from":${JSON.stringify(id)},"data":`;
    this.#mailbox = new Mailbox(services.limits, state);
    this.#since = state?.since ?? services.now();
    if (state) {
      this.#continues = state.continues;
      this.#known = true;
      this.#joinedAt = state.joinedAt;
      this.#sequence = state.sequence;
      this.#origin = state.origin;
      this.#current = state.current;
      this.#previous = state.previous;
      this.#taken = state.taken;
      this.#isNew = true;
      this.#now = { state: "away", socket: undefined, timer: this.#grace() };
      return;
    }
    this.#continues = restored ? "restored" : "new";
    this.#known = restored !== undefined;
    this.#joinedAt = restored?.claim.joinedAt ?? 0;
    // A forged one could be so large that no other follows.
    this.#sequence = restored?.claim.proven ? restored.claim.sequence : 0;
    this.#origin = restored?.claim;
    this.#previous = restored?.token;
    room.claim(this);
  }

  /** What decides who may resume it. */
  get ticket(): Ticket {
    return {
      joinedAt: this.#joinedAt,
      current: this.#current,
      previous: this.#previous,
      origin: this.#origin,
    };
  }

  /** How many tokens were given out for it, here and before. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Since when a server has known of it without a break: from then on whoever is younger comes second. */
  get since(): number {
    return this.#since;
  }

  /** All that another node needs to go on with it. */
  get state(): SessionState {
    const { tokens: { boot } } = this.#services;
    const joinedAt = this.#joinedAt;
    const sequence = this.#sequence;
    return {
      joinedAt,
      sequence,
      current: this.#current,
      previous: this.#previous,
      // No older token is good for anything there.
      origin: { joinedAt, sequence, boot, proven: true },
      since: this.#since,
      continues: this.#continues,
      taken: this.#taken,
      gone: this.#mailbox.gone,
      frames: this.#mailbox.frames,
    };
  }

  /** Whether it is over. */
  get ended(): boolean {
    return this.#now.state === "ended";
  }

  /** Whether its peer has shown that it knows of it. Until then nobody can resume it, and so it is not kept. */
  get known(): boolean {
    return this.#known;
  }

  /** Where it stands, while it lasts. */
  get standing(): "opening" | "live" | "away" {
    const { state } = this.#now;
    return state === "ended" ? "away" : state;
  }

  /** Resolves when its socket is closed, which a client that does not answer can put off. */
  get closed(): Promise<void> {
    return this.#now.socket?.closed ?? Promise.resolve();
  }

  /** The socket it has, or has been granted. */
  get socket(): PeerSocket | undefined {
    return this.#now.socket;
  }

  /** Goes on with another socket; the one before is closed. */
  attach({ socket, shown, seen, anew }: Attachment): void {
    const { limits, now, tally, log } = this.#services;
    const before = this.#now.socket;
    // Whoever shows the current token has got the welcome that it came with.
    if (shown && shown.token === this.#current) this.#confirm();
    if (anew) this.#restart();
    const next: PeerSocket = new PeerSocket({
      socket,
      limits,
      tally,
      now,
      onOpen: () => void this.#greet(next, shown, seen),
      onSignal: (to, literal) => this.#signal(to, literal),
      onMessage: (message) => this.#receive(message),
      onFault: (code) => tally.add("faults", code),
      onDrop: (code, reason) => {
        tally.add("drops", code);
        log({ level: "info", event: "peer-dropped", code, reason });
      },
      onGone: (reason) => {
        this.#options.onGone(next);
        this.#lost(next, reason);
      },
    });
    // A peer that was live stays so for the others until this socket proves to be no better.
    if (this.#now.state === "live") {
      this.#now = { state: "away", socket: next, timer: this.#grace() };
    } else this.#now = { ...this.#now, socket: next };
    before?.close(CLOSE.replaced, "resumed by another socket");
  }

  /** Sends one encoded message about the room. Who is away is told everything at once when it is back. */
  deliver(frame: string): void {
    if (this.#now.state === "live") this.#now.socket.send(frame);
  }

  /** Sends one encoded signal, or keeps it for when the peer is back. */
  offer(frame: string): boolean {
    const { state, socket } = this.#now;
    if (state !== "live") return this.#mailbox.offer(frame);
    if (!socket.offer(frame)) return false;
    this.#mailbox.push(frame, this.#services.now());
    return true;
  }

  /** Asks the client to go on elsewhere. From now on a socket that is lost is a session that has ended. */
  drain(): void {
    // Other nodes still ask for it.
    this.#draining = !this.#services.cluster;
    if (this.#draining && this.#now.state === "away" && !this.#now.socket) {
      return this.#leave("lost");
    }
    this.deliver(encode({ type: "drain" }));
  }

  /** Ends it, since another node goes on with it. */
  move(): void {
    const { socket } = this.#now;
    this.#end({ revoke: false });
    this.#options.onEnd();
    socket?.close(CLOSE.replaced, "resumed at another node");
  }

  /** Ends it for a peer of another node. */
  supersede(by: "membership" | "name"): void {
    if (by === "membership") this.move();
    else this.giveUp();
  }

  /** Says that a signal could not be handed on. */
  bounce(code: FaultCode, to: string): void {
    if (this.#now.state === "live") this.#fault(code, "not delivered", to);
  }

  /** Ends it for somebody else, who has more right to its name. */
  giveUp(): void {
    const { socket } = this.#now;
    this.#leave("lost");
    socket?.close(CLOSE.replaced, "another has this id");
  }

  /** Ends it without a word to the room, and closes its socket with a code that tells the client whether to come back. */
  close(code: number, reason: string): void {
    this.#end({ revoke: false });
    this.#now.socket?.close(code, reason);
  }

  async #greet(
    socket: PeerSocket,
    shown: ShownToken | undefined,
    seen: number,
  ): Promise<void> {
    const { limits, tokens, tally, now, cluster } = this.#services;
    const { key, id, room, restored } = this.#options;
    const ice = atMost(ICE_PATIENCE_MS, this.#ice.fresh());
    const complete = cluster ? await cluster.complete(key) : true;
    await ice;
    // Replaced, or gone, meanwhile.
    if (this.ended || this.#now.socket !== socket) return;
    // Else the client would take those for gone who are not known yet.
    if (this.#isNew && !complete) this.#restart();
    this.#isNew = false;
    const session = this.#continues;
    const opening = this.#now.state === "opening";
    if (this.#now.state === "away") clearTimeout(this.#now.timer);
    if (opening) {
      this.#joinedAt = room.join(this, now(), restored?.claim.joinedAt);
      if (!restored) this.#since = this.#joinedAt;
      tally.add("joins");
      this.#log("peer-joined");
    } else if (room.back(this)) this.#log("peer-back");
    if (session !== "new") tally.add("resumes", session);
    const joinedAt = this.#joinedAt;
    this.#previous = shown?.token;
    // One that superseded what the session was restored by has counted on.
    if (shown?.claim.proven && shown.claim.sequence > this.#sequence) {
      this.#sequence = shown.claim.sequence;
      this.#origin = shown.claim;
    }
    this.#current = tokens.mint({ key, id }, joinedAt, ++this.#sequence);
    if (session === "resumed") this.#mailbox.seen(seen);
    this.#now = { state: "live", socket };
    socket.welcomed();
    socket.send(encode({
      type: "welcome",
      version: VERSION,
      id,
      joinedAt,
      peers: room.others(id),
      ...iceFields(this.#ice.known),
      resume: this.#current,
      session,
      seen: this.#taken,
      sent: this.#mailbox.gone,
      limits: clientLimits(limits),
    }));
    for (const frame of this.#mailbox.frames) socket.send(frame);
  }

  /** Goes on as the same membership, of which nothing but that is known. */
  #restart(): void {
    this.#continues = "restored";
    this.#mailbox = new Mailbox(this.#services.limits);
    this.#taken = 0;
  }

  #receive(message: SetPresence | ClientPing): void {
    const { limits } = this.#services;
    const { room } = this.#options;
    this.#confirm();
    switch (message.type) {
      case "presence":
        if (
          message.presence !== null &&
          exceedsBytes(message.presence, limits.presenceBytes)
        ) {
          return this.#fault(
            "presence-too-large",
            `presence takes at most ${limits.presenceBytes} bytes`,
          );
        }
        return room.publish(this, message.presence);
      case "ping":
        this.#mailbox.seen(message.seen);
        return this.deliver(encode({ type: "pong", seen: this.#taken }));
      default:
        return message satisfies never;
    }
  }

  #signal(to: string, literal: string): void {
    this.#taken++;
    this.#confirm();
    const { tally } = this.#services;
    const { room } = this.#options;
    const at = performance.now();
    const path = room.occupant(to)?.node === undefined ? "local" : "node";
    const refused = room.tell(to, `${this.#stamp}${literal}}`);
    if (refused) return this.#fault(refused, "not delivered", to);
    tally.add("signals", path);
    if (path === "node") return;
    tally.observe("relay_seconds", (performance.now() - at) / 1_000, path);
  }

  /** The client has got the last welcome: it has spoken since, or shows its token. */
  #confirm(): void {
    if (this.#known && this.#previous === undefined) return;
    this.#known = true;
    this.#continues = "resumed";
    this.#previous = undefined;
  }

  #fault(code: FaultCode, message: string, to?: string): void {
    this.#now.socket?.fault(code, message, to);
  }

  #lost(socket: PeerSocket, reason: LeaveReason): void {
    // A late close of an old socket must not disturb the one that came after it.
    if (this.#now.socket !== socket) return;
    const { room } = this.#options;
    switch (this.#now.state) {
      case "ended":
        return;
      case "opening":
        return this.#leave(reason);
      case "live":
      case "away":
        if (reason !== "lost" || !this.#known || this.#draining) {
          return this.#leave(reason);
        }
        if (this.#now.state === "away") {
          this.#now = { ...this.#now, socket: undefined };
        } else {
          this.#now = {
            state: "away",
            socket: undefined,
            timer: this.#grace(),
          };
        }
        if (room.away(this)) this.#log("peer-away");
        return;
      default:
        return this.#now satisfies never;
    }
  }

  #grace(): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      // One that was granted in the last moment may still open.
      if (this.#now.state === "away" && this.#now.socket) {
        this.#now = { ...this.#now, timer: this.#grace() };
      } else this.#leave("lost");
    }, this.#services.limits.graceMs);
  }

  #leave(reason: LeaveReason): void {
    const joined = this.#now.state !== "opening";
    // Who was lost may live on, as its pairs need no signaling; but who never spoke has none.
    this.#end({ revoke: reason !== "lost" || !this.#known });
    this.#options.room.leave(this, reason);
    if (joined) this.#log("peer-left", reason);
    this.#options.onEnd();
  }

  #end(credentials: { revoke: boolean }): void {
    this.#ice.end(credentials);
    if (this.#now.state === "away") clearTimeout(this.#now.timer);
    this.#now = { state: "ended", socket: this.#now.socket };
  }

  #log(
    event: "peer-joined" | "peer-away" | "peer-back" | "peer-left",
    reason?: LeaveReason,
  ): void {
    const { serial: session, room } = this.#options;
    const record = { level: "info", session, peers: room.size } as const;
    this.#services.log(
      event === "peer-left"
        ? { ...record, event, reason: reason ?? "lost" }
        : { ...record, event },
    );
  }
}

function clientLimits(
  { frameBytes, presenceBytes, framesPerSecond, frameBurst, graceMs }: Limits,
): ClientLimits {
  return { frameBytes, presenceBytes, framesPerSecond, frameBurst, graceMs };
}

function iceFields({ iceServers, expiresAt, turn }: Ice): {
  iceServers: Ice["iceServers"];
  iceExpiresAt: number | null;
  turn: TurnStatus;
} {
  return { iceServers, iceExpiresAt: expiresAt, turn };
}
