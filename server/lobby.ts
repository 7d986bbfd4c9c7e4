import { CLOSE, type RefusalCode } from "../protocol.ts";
import { atMost } from "./at_most.ts";
import { Counts } from "./counts.ts";
import type { PeerSocket } from "./peer_socket.ts";
import { RateLimits } from "./rate_limits.ts";
import {
  mayReclaim,
  mayRestore,
  mayResume,
  type ShownToken,
} from "./resumption.ts";
import { Room } from "./room.ts";
import { Session, type SessionServices } from "./session.ts";

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

/** A seat that somebody wants. */
export interface Wanted {
  /** Key of the room. */
  readonly key: string;
  /** Id of the peer. */
  readonly id: string;
  /** Where the client comes from, as far as it is known. */
  readonly address: string | undefined;
  /** Token of the session it wants to go on with. */
  readonly token: string | undefined;
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

/** All rooms and sessions of a server: who gets which seat, and how many there are. */
export class Lobby {
  readonly #services: SessionServices;
  readonly #rooms = new Map<string, Room<Session>>();
  /** Each session with the address that it counts for. */
  readonly #sessions = new Map<Session, string | undefined>();
  /** Sessions by address. */
  readonly #addresses = new Counts();
  /** Sockets by address that the other side has not closed yet. */
  readonly #lingering = new Counts();
  readonly #lingers = new Set<ReturnType<typeof setTimeout>>();
  readonly #credentials: RateLimits;
  readonly #startedAt: number;
  #serial = 0;
  #stopping = false;

  /** A lobby without rooms; they come with their first peer and go with the last. */
  constructor(services: SessionServices) {
    this.#services = services;
    this.#startedAt = services.now();
    this.#credentials = new RateLimits(
      CREDENTIALS_PER_SECOND,
      services.limits.socketsPerAddress,
    );
  }

  /** What there is, for those who watch the server. */
  get gauges(): { rooms: number; peers: number; away: number } {
    let away = 0;
    for (const session of this.#sessions.keys()) if (session.away) away++;
    return { rooms: this.#rooms.size, peers: this.#sessions.size, away };
  }

  /** Whether the server is about to stop. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /**
   * Asks the socket of the session that is wanted, if it is to be had at all,
   * whether it lives: one that answers stays. Resolves with the one that does
   * not.
   */
  async listen(wanted: Wanted): Promise<PeerSocket | undefined> {
    const socket = inTheWay(this.#look(wanted));
    return await socket?.answers(LIFE_SIGN_MS) ? undefined : socket;
  }

  /** Whether a seat is to be had now, given the socket that was found silent. */
  find(wanted: Wanted, silent?: PeerSocket): Grant {
    const grant = this.#look(wanted);
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
    for (const room of this.#rooms.values()) room.silence();
    const sessions = [...this.#sessions.keys()];
    this.#services.log({
      level: "info",
      event: "draining",
      sessions: sessions.length,
    });
    const closed = Promise.all(sessions.map((session) => session.closed));
    for (const session of sessions) session.drain();
    await atMost(DRAIN_MS, closed);
    for (const session of [...this.#sessions.keys()]) {
      session.close(CLOSE.restarting, "restarting");
    }
    await atMost(GOODBYE_MS, closed);
    for (const timer of this.#lingers) clearTimeout(timer);
    this.#sessions.clear();
    this.#rooms.clear();
  }

  #look({ key, id, address, token }: Wanted): Grant {
    const { limits, tokens, now } = this.#services;
    if (this.#stopping) return refuse("stopping");
    const claim = token === undefined
      ? undefined
      : tokens.read({ key, id }, token);
    const shown = token !== undefined && claim ? { token, claim } : undefined;
    const room = this.#rooms.get(key);
    const session = room?.occupant(id);
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
    const restorable = shown &&
      mayRestore(shown, { boot: tokens.boot, now: now() });
    return { to: "join", restored: restorable ? shown : undefined };
  }

  #mayReclaim(session: Session, shown: ShownToken): boolean {
    const { tokens, now, limits: { graceMs } } = this.#services;
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
    const { limits, now } = this.#services;
    const room = this.#rooms.get(key) ?? new Room<Session>(limits.peersPerRoom);
    this.#rooms.set(key, room);
    const session: Session = new Session(this.#services, {
      serial: ++this.#serial,
      key,
      id,
      room,
      restored,
      borrows: !this.#credentials.take(address, now()),
      onGone: (socket) => {
        if (socket.lingers) this.#linger(socket, this.#sessions.get(session));
      },
      onEnd: () => {
        this.#count(session, undefined);
        this.#sessions.delete(session);
        if (room.size === 0) this.#rooms.delete(key);
      },
    });
    this.#sessions.set(session, undefined);
    return session;
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
