import { CLOSE, type Member, type RefusalCode } from "../protocol.ts";
import { atMost } from "./at_most.ts";
import { Counts } from "./counts.ts";
import type { Backplane } from "./backplane/backplane.ts";
import { Cluster } from "./cluster/cluster.ts";
import type { ClusterHost, SeatWanted } from "./cluster/cluster_host.ts";
import type { Yielded } from "./cluster/node_message.ts";
import { type Seated, seatOf } from "./cluster/seated.ts";
import type { PeerSocket } from "./peer_socket.ts";
import { RateLimits } from "./rate_limits.ts";
import {
  mayReclaim,
  mayRestore,
  mayResume,
  type ShownToken,
} from "./resumption.ts";
import { Room } from "./room.ts";
import {
  Session,
  type SessionOptions,
  type SessionServices,
  type SessionState,
} from "./session.ts";
import type { Status } from "./status.ts";

/** How long a socket may take to show that it lives when somebody else asks for its session. */
const LIFE_SIGN_MS = 1_000;
/** How long a socket can linger when its network is gone: until TCP gives up sending (tcp(7), `tcp_retries2`). */
const LINGER_MS = 16 * 60_000;
/** How long clients may take to move elsewhere when the server stops. */
const DRAIN_MS = 1_500;
/** How long a client may take to answer the close of its socket. */
const GOODBYE_MS = 2_000;

/** Sessions a second, after those that an address may hold, that get TURN credentials of their own: each is a request to a vendor, for whoever comes and goes. */
const CREDENTIALS_PER_SECOND = 1;

/** A seat that somebody wants, and who. */
export interface Wanted extends SeatWanted {
  /** Where the client comes from, as far as it is known. */
  readonly address: string | undefined;
  /** How many signals it has received in that session. */
  readonly seen: number;
}

/** Whether a seat is to be had, and how. Good for the task it was given in. */
export type Grant =
  | {
    /** A session goes on with another socket. */
    readonly to: "resume";
    readonly session: Session;
    readonly shown: ShownToken;
    /** Whether its present socket must have been found silent. */
    readonly ifSilent: boolean;
  }
  | {
    /** A session begins, or begins here. */
    readonly to: "join";
    readonly restored: ShownToken | undefined;
  }
  | {
    /** A session begins in the place of another. */
    readonly to: "replace";
    readonly session: Session;
    readonly restored: ShownToken | undefined;
    /** Whether the other must have been found silent: its peer has never spoken, so its welcome may have got lost. */
    readonly ifSilent: boolean;
  }
  | { readonly to: "refuse"; readonly code: RefusalCode };

/** What a lobby needs: what its sessions do, and what lies between nodes, if there are several. */
export interface LobbyOptions extends Omit<SessionServices, "cluster"> {
  /** Lies between this server and others. */
  readonly backplane?: Backplane | undefined;
}

/** All rooms and sessions of a server: who gets which seat, and how many there are. */
export class Lobby {
  readonly #services: SessionServices;
  readonly #cluster: Cluster | undefined;
  readonly #rooms = new Map<string, Room<Seated>>();
  /** Each session with the address that it counts for. */
  readonly #sessions = new Map<Session, string | undefined>();
  /** Sessions by address. */
  readonly #addresses = new Counts();
  /** Sockets by address that the other side has not closed yet. */
  readonly #lingering = new Counts();
  readonly #lingers = new Set<ReturnType<typeof setTimeout>>();
  readonly #credentials: RateLimits;
  readonly #startedAt: number;
  /** Seats that are being claimed, which none of those may give back who do not get it. */
  readonly #reserving = new Counts();
  /** Rooms that somebody is about to come into, so that they stay open though nobody is here. */
  readonly #viewing = new Counts();
  /** Resolves when the last session has ended, once it is about to stop. */
  readonly #deserted = Promise.withResolvers<void>();
  #serial = 0;
  #stopping = false;

  /** A lobby without rooms; they come with their first peer and go with the last. */
  constructor({ backplane, ...services }: LobbyOptions) {
    const { limits, now, log, tally } = services;
    this.#startedAt = now();
    this.#credentials = new RateLimits(
      CREDENTIALS_PER_SECOND,
      limits.socketsPerAddress,
    );
    const { graceMs } = limits;
    const host: ClusterHost = {
      rooms: this.#rooms,
      yield: (wanted) => this.#yield(wanted),
      adopt: (...session) => this.#adopt(...session),
    };
    this.#cluster = backplane &&
      new Cluster({ backplane, host, graceMs, log, tally });
    this.#services = { ...services, cluster: this.#cluster };
  }

  /** What there is, for those who watch the server. */
  get status(): Status {
    const sessions = { opening: 0, live: 0, away: 0 };
    for (const { standing } of this.#sessions.keys()) sessions[standing]++;
    return {
      rooms: this.#rooms.size,
      peers: this.#sessions.size,
      sessions,
      ...(this.#cluster && { engine: this.#cluster.status }),
    };
  }

  /** Whether the server is about to stop. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /**
   * Claims a seat among all nodes, if there are several, and brings its session
   * here. Whoever is not refused calls `unreserve` when it has the seat, or has not.
   */
  async reserve(wanted: Wanted): Promise<RefusalCode | undefined> {
    const cluster = this.#cluster;
    if (!cluster) return;
    this.#reserving.add(seatOf(wanted));
    let code: RefusalCode | undefined = "unavailable";
    try {
      const complete = await this.#view(wanted.key);
      if (!complete) this.#services.tally.add("degraded_joins");
      // No need to ask others for what is refused here.
      const grant = this.#look(wanted, true);
      code = grant.to === "refuse"
        ? grant.code
        : await cluster.reserve(wanted, this.#shown(wanted));
    } finally {
      if (code) this.unreserve(wanted);
    }
    return code;
  }

  /** Gives back what was reserved, unless somebody has the seat, or is about to. */
  unreserve(wanted: Wanted): void {
    if (!this.#cluster) return;
    const { key, id } = wanted;
    this.#reserving.remove(seatOf(wanted));
    this.#viewing.remove(key);
    this.#close(key);
    if (this.#reserving.count(seatOf(wanted)) > 0) return;
    const seated = this.#rooms.get(key)?.occupant(id);
    if (!seated) this.#cluster.release(key, id);
  }

  /** Why a seat is not to be had now, if so. */
  async whyNot(wanted: Wanted): Promise<RefusalCode | undefined> {
    if (this.#stopping) return "stopping";
    await this.#view(wanted.key);
    const grant = this.#look(wanted, true);
    this.#viewing.remove(wanted.key);
    this.#close(wanted.key);
    if (grant.to === "refuse") return grant.code;
    if (inTheWay(grant)) return "id-taken";
    return await this.#cluster?.peek(wanted, this.#shown(wanted));
  }

  /** Opens a room, in which nobody may be here yet, to see who of other nodes is there; resolves with whether all is known. */
  async #view(key: string): Promise<boolean> {
    this.#viewing.add(key);
    if (!this.#cluster) return true;
    this.#room(key);
    return await this.#cluster.complete(key);
  }

  /** Closes a room in which nobody is here. */
  #close(key: string): void {
    const isEmpty = this.#rooms.get(key)?.deserted;
    if (!isEmpty || this.#viewing.count(key) > 0) return;
    this.#rooms.delete(key);
    this.#cluster?.leave(key);
  }

  /**
   * Asks the socket of the session that is wanted, if it is to be had at all,
   * whether it lives: one that answers stays. Resolves with the one that does
   * not.
   */
  async listen(wanted: Wanted): Promise<PeerSocket | undefined> {
    return await this.#silent(this.#look(wanted, false));
  }

  async #silent(grant: Grant): Promise<PeerSocket | undefined> {
    const socket = inTheWay(grant);
    return await socket?.answers(LIFE_SIGN_MS) ? undefined : socket;
  }

  /** Whether a seat is to be had now, given the socket that was found silent. */
  find(wanted: Wanted, silent?: PeerSocket): Grant {
    if (this.#stopping) return refuse("stopping");
    return this.#find(wanted, silent);
  }

  #find(wanted: Wanted, silent: PeerSocket | undefined): Grant {
    const grant = this.#look(wanted, false);
    const socket = inTheWay(grant);
    // Also one that somebody else got meanwhile with the same token.
    const occupied = socket !== undefined && socket !== silent;
    return occupied ? refuse("id-taken") : grant;
  }

  /** Gives a seat that was found in the same task to a socket, and tells the number of its session. */
  give(
    grant: Exclude<Grant, { to: "refuse" }>,
    wanted: Wanted,
    socket: WebSocket,
  ): number {
    const { address, seen } = wanted;
    switch (grant.to) {
      case "resume": {
        const { session, shown, ifSilent } = grant;
        this.#count(session, address);
        session.attach({ socket, shown, seen, anew: !ifSilent });
        return session.serial;
      }
      case "replace":
        grant.session.giveUp();
        return this.give({ ...grant, to: "join" }, wanted, socket);
      case "join": {
        const { restored: shown } = grant;
        const session = this.#begin(wanted, shown);
        this.#count(session, address);
        session.attach({ socket, shown, seen, anew: false });
        return session.serial;
      }
      default:
        return grant satisfies never;
    }
  }

  /**
   * Takes nobody in any more, asks every client to go on elsewhere, and closes
   * the sockets of those who do not. Resolves when all are closed, at the latest
   * after three and a half seconds.
   */
  async drain(): Promise<void> {
    this.#stopping = true;
    this.#cluster?.stop();
    // Among nodes nobody is missed: sessions move, and who is still here hears of newcomers elsewhere.
    if (!this.#cluster) {
      for (const room of this.#rooms.values()) room.silence();
    }
    const sessions = [...this.#sessions.keys()];
    this.#services.log({
      level: "info",
      event: "draining",
      sessions: sessions.length,
    });
    const closed = Promise.all(sessions.map((session) => session.closed));
    for (const session of sessions) session.drain();
    // Other nodes come for those whose clients are on their way there.
    const moved = this.#cluster && sessions.length > 0
      ? this.#deserted.promise
      : closed;
    await atMost(DRAIN_MS, moved);
    for (const session of [...this.#sessions.keys()]) {
      session.close(CLOSE.restarting, "restarting");
    }
    await atMost(GOODBYE_MS, closed);
    await this.#cluster?.close();
    // One may have come from another node meanwhile.
    for (const session of [...this.#sessions.keys()]) {
      session.close(CLOSE.restarting, "restarting");
    }
    for (const timer of this.#lingers) clearTimeout(timer);
    this.#sessions.clear();
    this.#rooms.clear();
  }

  #shown({ key, id, token }: SeatWanted): ShownToken | undefined {
    if (token === undefined) return;
    const claim = this.#services.tokens.read({ key, id }, token);
    return claim && { token, claim };
  }

  /** What is known here; whether a peer of another node is in the way only matters where nobody has asked that node (`anywhere`). */
  #look(wanted: Wanted, anywhere: boolean): Grant {
    const { key, id, address } = wanted;
    const { limits, tokens, now } = this.#services;
    const shown = this.#shown(wanted);
    // Among nodes, which have the same secret, only what one of them has signed.
    const isGood = !this.#cluster || shown?.claim.proven;
    const room = this.#rooms.get(key);
    const session = room?.occupant(id);
    if (session && !(session instanceof Session)) {
      return anywhere
        ? { to: "join", restored: undefined }
        : refuse("id-taken");
    }
    if (session) {
      const may = shown
        ? mayResume(session.ticket, shown, tokens.boot)
        : "never";
      if (shown && this.#mayReclaim(session, shown)) {
        return { to: "replace", session, restored: shown, ifSilent: false };
      }
      if (!session.known && may === "never") {
        return {
          to: "replace",
          session,
          restored: undefined,
          ifSilent: true,
        };
      }
      if (!shown || may === "never") return refuse("id-taken");
      if (this.#sessions.get(session) !== address && this.#isFull(address)) {
        return refuse("too-many-sockets");
      }
      return { to: "resume", session, shown, ifSilent: may === "if-silent" };
    }
    if (room?.full) return refuse("room-full");
    if (this.#sessions.size + this.#lingering.total >= limits.sockets) {
      return refuse("server-full");
    }
    if (this.#isFull(address)) return refuse("too-many-sockets");
    const restorable = shown && isGood &&
      mayRestore(shown, { boot: tokens.boot, now: now() });
    return { to: "join", restored: restorable ? shown : undefined };
  }

  #mayReclaim(session: Session, shown: ShownToken): boolean {
    const { tokens, now, limits: { graceMs } } = this.#services;
    // Among nodes an id stays claimed until its owner may be back.
    if (this.#cluster) return false;
    return mayReclaim(session.ticket, shown, {
      boot: tokens.boot,
      now: now(),
      startedAt: this.#startedAt,
      graceMs,
    });
  }

  #begin(
    { key, id, address }: Wanted,
    restored: ShownToken | undefined,
  ): Session {
    const { now } = this.#services;
    const borrows = !this.#credentials.take(address, now());
    return this.#make({ key, id, restored, borrows });
  }

  #make(
    options: Pick<
      SessionOptions,
      "key" | "id" | "restored" | "borrows" | "state"
    >,
  ): Session {
    const { key, id } = options;
    const room = this.#room(key);
    const session: Session = new Session(this.#services, {
      ...options,
      serial: ++this.#serial,
      room,
      onGone: (socket) => {
        if (socket.lingers) this.#linger(socket, this.#sessions.get(session));
      },
      onEnd: () => {
        this.#count(session, undefined);
        this.#sessions.delete(session);
        // Whoever is about to get the seat needs the claim.
        const isWanted = this.#reserving.count(seatOf({ key, id })) > 0;
        if (!isWanted) this.#cluster?.release(key, id);
        if (this.#stopping && this.#sessions.size === 0) {
          this.#deserted.resolve();
        }
        this.#close(key);
      },
    });
    this.#sessions.set(session, undefined);
    return session;
  }

  #room(key: string): Room<Seated> {
    const known = this.#rooms.get(key);
    if (known) return known;
    const room = new Room<Seated>(
      this.#services.limits.peersPerRoom,
      (...told) => this.#cluster?.tell(key, ...told),
    );
    this.#rooms.set(key, room);
    this.#cluster?.enter(key);
    return room;
  }

  /** Goes on with a session of another node; its client is about to take it. */
  #adopt(key: string, member: Member, state: SessionState): void {
    const { id } = member;
    // Not all of it, and what was signaled to it since is lost.
    const anew = state.continues === "restored";
    const session = this.#make({ key, id, borrows: true, state });
    this.#count(session, undefined);
    this.#room(key).place(session, member, anew);
  }

  /** Gives a seat to another node, if whoever wants it there may have it. */
  async #yield(
    wanted: SeatWanted & { peek: boolean; to: string },
  ): Promise<Yielded> {
    const { key, id, peek, to } = wanted;
    const held = this.#rooms.get(key)?.occupant(id);
    const nothing = { yielded: "nothing", code: "id-taken" } as const;
    if (!(held instanceof Session)) {
      // Somebody may be about to have it here.
      const isWanted = this.#reserving.count(seatOf(wanted)) > 0;
      return isWanted ? nothing : { yielded: "seat" };
    }
    // Where it comes from counts at the node to which it goes.
    const asked = { ...wanted, address: this.#sessions.get(held), seen: 0 };
    const silent = peek
      ? undefined
      : await this.#silent(this.#look(asked, false));
    const grant = this.#find(asked, silent);
    switch (grant.to) {
      case "refuse":
        return { ...nothing, code: grant.code };
      case "join":
        return { yielded: "seat" };
      case "replace":
        if (!peek) grant.session.giveUp();
        return { yielded: "seat" };
      case "resume": {
        const { session } = grant;
        const member = this.#rooms.get(key)?.member(id);
        if (!member) return nothing;
        if (peek) return { yielded: "seat" };
        const { state } = session;
        this.#cluster?.give(key, member, to, state.sequence);
        session.move();
        // A stolen or forged token has begun it: its owner goes on with what the own one says.
        if (!grant.ifSilent) return { yielded: "seat" };
        return { yielded: "session", member, state };
      }
      default:
        return grant satisfies never;
    }
  }

  #isFull(address: string | undefined): boolean {
    const { socketsPerAddress } = this.#services.limits;
    return address !== undefined &&
      (this.#addresses.count(address) >= socketsPerAddress ||
        this.#lingering.count(address) >= socketsPerAddress);
  }

  /** Counts a session for `address`, and no longer for the one before. */
  #count(session: Session, address: string | undefined): void {
    this.#addresses.remove(this.#sessions.get(session));
    this.#addresses.add(address);
    this.#sessions.set(session, address);
  }

  /**
   * Counts a socket that is closed on our side until it is on the other:
   * Deno waits for that without limit, and holds what the client did not read.
   */
  #linger(socket: PeerSocket, address: string | undefined): void {
    this.#lingering.add(address);
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, LINGER_MS);
    this.#lingers.add(timer);
    void Promise.race([socket.closed, over.promise]).then(() => {
      clearTimeout(timer);
      this.#lingers.delete(timer);
      this.#lingering.remove(address);
    });
  }
}

/** The socket that must be silent before a seat is given. */
function inTheWay(grant: Grant): PeerSocket | undefined {
  const mayBe = grant.to === "resume" || grant.to === "replace";
  return mayBe && grant.ifSilent ? grant.session.socket : undefined;
}

function refuse(code: RefusalCode): Grant {
  return { to: "refuse", code };
}
