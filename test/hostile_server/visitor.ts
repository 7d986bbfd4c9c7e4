import type { Browser } from "puppeteer";
import type { Connection, ConnectOptions, Identity } from "../../mod.ts";
import { openPage } from "../support/open_page.ts";
import "../support/page_globals.ts";

/** Something that happened to a page in a room. Two are alike when all fields of one are in the other. */
export interface Happening {
  /** Name of the event; `left` for a peer that is in the room no more. */
  readonly event: string;
  /** Peer that it is about. */
  readonly peer?: string;
  /** What a `message` says, if it is text. */
  readonly data?: string;
  /** State of a `peer-state`. */
  readonly state?: string;
  /** Why. */
  readonly reason?: string;
  /** What a `presence` shows, as JSON. */
  readonly presence?: string;
  /** Why something is `untrusted`. */
  readonly code?: string;
}

/** How a room is entered. */
export interface VisitOptions {
  /** Name of the room. */
  readonly room: string;
  /** Own id, if it is not the one of the identity. */
  readonly id?: string;
  /** What to publish. */
  readonly presence?: unknown;
  /** Whether it dials those who are there. @default {true} */
  readonly autoConnect?: boolean;
  /** Bytes of the room key. */
  readonly key?: readonly number[];
  /** Whether it proves to have its identity. */
  readonly identity?: boolean;
}

/** A room that a page is in. */
interface Visit {
  readonly connection: Connection;
  readonly happenings: Happening[];
  /** Called at the next happening. */
  readonly waiting: (() => void)[];
}

declare global {
  /** The rooms that a page is in, by name. */
  var visits: Map<string, Visit>;
  /** The identity of this page. */
  var ownIdentity: Identity;
  /** Enters a room, and keeps what happens there. */
  var visit: (host: string, options: VisitOptions) => Promise<string>;
  /** Resolves when something has happened in a room. */
  var happened: (room: string, wanted: Happening) => Promise<void>;
}

/** What a page shows of a peer. */
export interface SeenPeer {
  /** Why the pair is in its state. */
  readonly reason: string;
  /** What it publishes, as JSON. */
  readonly presence: string;
}

/** A page that is in several rooms at once. */
export interface Visitor extends AsyncDisposable {
  /** Id of its identity. */
  readonly identity: string;
  /** Console errors and uncaught exceptions so far. */
  readonly complaints: readonly string[];
  /** Enters a room; resolves with the own id. */
  enter(options: VisitOptions): Promise<string>;
  /** Resolves when it has happened, which may be long ago. */
  happened(room: string, wanted: Happening): Promise<void>;
  /** Everything that has happened. */
  happenings(room: string): Promise<Happening[]>;
  /** Sends a text. */
  send(room: string, data: string, to: string): Promise<void>;
  /** Dials a peer. */
  dial(room: string, peer: string): Promise<void>;
  /** Ends the pair with a peer, and dials it again. */
  redial(room: string, peer: string): Promise<void>;
  /** Restarts ICE, as after a change of networks. */
  restart(room: string, peer: string): Promise<void>;
  /** Publishes something else. */
  publish(room: string, presence: unknown): Promise<void>;
  /** Why the pair with a peer is in its state, and what is shown of it; `undefined` if it is not in the room. */
  peer(room: string, peer: string): Promise<SeenPeer | undefined>;
  /** The number by which two people find out whether somebody stands between them. */
  safetyNumber(room: string, peer: string): Promise<string | undefined>;
  /** The same as emoji, one after the other. */
  safetyEmoji(room: string, peer: string): Promise<string | undefined>;
  /** Leaves a room for good. */
  leave(room: string): Promise<void>;
}

/** Opens a page of `site` that will find its rooms at `host`. */
export async function openVisitor(
  browser: Browser,
  { site, host }: { site: string; host: string },
): Promise<Visitor> {
  const opened = await openPage(browser, site);
  const { page, complaints } = opened;
  await page.evaluate(define);
  return {
    identity: await page.evaluate(() => ownIdentity.id),
    complaints,
    enter: (options) =>
      page.evaluate((host, options) => visit(host, options), host, options),
    happened: (room, wanted) =>
      page.evaluate((room, wanted) => happened(room, wanted), room, wanted),
    happenings: (room) =>
      page.evaluate((room) => visits.get(room)?.happenings ?? [], room),
    send: (room, data, to) =>
      page.evaluate(
        async (room, data, to) => {
          await visits.get(room)?.connection.send(data, { to });
        },
        room,
        data,
        to,
      ),
    dial: (room, peer) =>
      page.evaluate(
        async (room, peer) => {
          await visits.get(room)?.connection.connectToPeer(peer);
        },
        room,
        peer,
      ),
    redial: (room, peer) =>
      page.evaluate(
        async (room, peer) => {
          const connection = visits.get(room)?.connection;
          connection?.peerDisconnect(peer);
          await connection?.connectToPeer(peer);
        },
        room,
        peer,
      ),
    restart: (room, peer) =>
      page.evaluate(
        (room, peer) =>
          visits.get(room)?.connection.peers.get(peer)?.pc?.restartIce(),
        room,
        peer,
      ),
    publish: (room, presence) =>
      page.evaluate(
        (room, presence) => visits.get(room)?.connection.setPresence(presence),
        room,
        presence,
      ),
    peer: (room, peer) =>
      page.evaluate(
        (room, peer) => {
          const seen = visits.get(room)?.connection.peers.get(peer);
          if (!seen) return;
          const { reason, presence } = seen;
          return { reason, presence: JSON.stringify(presence) };
        },
        room,
        peer,
      ),
    safetyNumber: (room, peer) =>
      page.evaluate(
        (room, peer) => visits.get(room)?.connection.safetyNumber(peer),
        room,
        peer,
      ),
    safetyEmoji: (room, peer) =>
      page.evaluate(
        async (room, peer) => {
          const emoji = await visits.get(room)?.connection.safetyEmoji(peer);
          return emoji?.map(({ emoji }) => emoji).join("");
        },
        room,
        peer,
      ),
    leave: (room) =>
      page.evaluate((room) => {
        visits.get(room)?.connection.close();
        visits.delete(room);
      }, room),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** Runs in the page. */
async function define(): Promise<void> {
  globalThis.visits = new Map();
  globalThis.ownIdentity = await webrtc.createIdentity();
  globalThis.visit = async (host, { key, identity, ...rest }) => {
    const options: ConnectOptions = {
      ...rest,
      host,
      ...(key && { roomKey: Uint8Array.from(key) }),
      ...(identity && { identity: ownIdentity }),
    };
    const connection = await webrtc.connect(options);
    const happenings: Happening[] = [];
    const waiting: (() => void)[] = [];
    const keep = (happening: Happening) => {
      happenings.push(happening);
      for (const wake of waiting.splice(0)) wake();
    };
    visits.set(options.room, { connection, happenings, waiting });
    let there: readonly string[] = [];
    connection.on("peerlist", (ids) => {
      for (const peer of there) {
        if (!ids.includes(peer)) keep({ event: "left", peer });
      }
      there = ids;
    });
    connection.on("peer", ([peer]) => keep({ event: "peer", peer }));
    connection.on("message", ({ data, peer }) =>
      keep({
        event: "message",
        data: typeof data === "string" ? data : "binary",
        peer,
      }));
    connection.on(
      "peer-state",
      ({ peer, state, reason }) =>
        keep({ event: "peer-state", peer, state, reason }),
    );
    connection.on(
      "untrusted",
      ({ peer, code }) => keep({ event: "untrusted", peer, code }),
    );
    connection.on(
      "presence",
      ({ peer, presence }) =>
        keep({ event: "presence", peer, presence: JSON.stringify(presence) }),
    );
    return connection.socket.id;
  };
  globalThis.happened = async (room, wanted) => {
    const visit = visits.get(room);
    if (!visit) throw new Error(`Nobody is in ${room}`);
    const { happenings, waiting } = visit;
    const alike = (each: Happening) =>
      Object.entries(wanted).every(([name, value]) =>
        Reflect.get(each, name) === value
      );
    const { promise, reject } = Promise.withResolvers<void>();
    // What does not happen shall be told before the whole test is given up.
    const timer = setTimeout(() => {
      const [sought, found] = [wanted, happenings].map((each) =>
        JSON.stringify(each)
      );
      reject(new Error(`${sought} has not happened, but ${found}`));
    }, 30_000);
    while (!happenings.some(alike)) {
      const next = new Promise<void>((resolve) => waiting.push(resolve));
      await Promise.race([next, promise]);
    }
    clearTimeout(timer);
  };
}
