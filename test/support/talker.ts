import type { Connection, ConnectOptions } from "../../mod.ts";

/** How a talker joins. */
export interface TalkerOptions {
  /** Host of the signaling server. */
  readonly host: string;
  /** Name of the room. */
  readonly room: string;
  /** Own id, which it also publishes. */
  readonly id: string;
}

/** A peer of a room as a talker sees it. */
export interface SeenPeer {
  readonly id: string;
  readonly joinedAt: number;
  readonly polite: boolean;
  readonly presence: unknown;
  readonly away: boolean;
}

/** What a talker has seen and said. */
export interface TalkerReport {
  /** Its id. */
  readonly id: string;
  /** Whether the room was empty when it joined. */
  readonly polite: boolean;
  /** What it publishes. */
  readonly presence: unknown;
  /** Whether the room can be heard. */
  readonly state: string;
  /** The others, in the order of their ids. */
  readonly peers: readonly SeenPeer[];
  /** Ids of those it is connected with, in order. */
  readonly connections: readonly string[];
  /** How many messages it has sent to each peer. */
  readonly sent: readonly (readonly [to: string, count: number])[];
  /** How many have come of each. */
  readonly heard: readonly (readonly [from: string, count: number])[];
  /** What must never happen: numbers that are missing or out of order, peers that are met twice. */
  readonly wrong: readonly string[];
  /** What has happened to the others since it was last asked to forget: a word, and the peer. */
  readonly events: readonly string[];
  /** States of the connection since then. */
  readonly states: readonly string[];
  /** Sockets that have opened since then. */
  readonly sockets: number;
}

/** What a talker can be asked to wait for. */
export interface Awaited {
  /** Who else is in the room, no more and no less, each connected, and what each publishes. */
  readonly peers?: readonly (readonly [id: string, presence: unknown])[];
  /** How many messages of each peer have come at least. */
  readonly heard?: readonly (readonly [from: string, count: number])[];
  /** Whether it has had another socket, on which it has joined again, since it was last asked to forget. */
  readonly moved?: boolean;
  /** Gives up after so many milliseconds. */
  readonly withinMs: number;
}

/** What a talker does when it is asked to; all of it crosses the border of a process. */
export interface Talker {
  /** Begins to send a numbered message to everybody connected, every few milliseconds. */
  talk(): void;
  /** Says nothing more; resolves when all that it has said has left. */
  hush(): Promise<void>;
  /** Publishes something. */
  publish(presence: unknown): void;
  /** Resolves when it has seen and heard that; rejects with what is missing. */
  until(awaited: Awaited): Promise<void>;
  /** Forgets events, states and sockets so far. */
  forget(): void;
  /** What it has seen and said. */
  report(): TalkerReport;
  /** Says goodbye. */
  close(): void;
}

/** How often a talker talks. */
const EVERY_MS = 40;

/** Joins a room as a talker. Runs in a page too, so it must not name anything of this module but what it is given. */
export async function joinAsTalker(
  join: (options: ConnectOptions) => Promise<Connection>,
  options: TalkerOptions,
  everyMs: number = EVERY_MS,
): Promise<Talker> {
  const { id } = options;
  let presence: unknown = { name: id };
  const connection = await join({ ...options, iceServers: [], presence });
  const sent = new Map<string, number>();
  const heard = new Map<string, number>();
  /** The channel of each peer that is met. */
  const met = new Map<string, RTCDataChannel>();
  const wrong: string[] = [];
  let events: string[] = [];
  let states: string[] = [];
  let sockets = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const sending = new Set<Promise<unknown>>();
  /** Called whenever anything has happened. */
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };

  connection.on("message", ({ data, peer }) => {
    const number = heard.get(peer) ?? 0;
    heard.set(peer, number + 1);
    if (data !== String(number)) {
      wrong.push(`${id} heard ${data} of ${peer} instead of ${number}`);
    }
    changed();
  });
  connection.on("peer", ([peer, channel]) => {
    if (met.has(peer)) wrong.push(`${id} has met ${peer} again`);
    met.set(peer, channel);
    changed();
  });
  connection.on("peer-disconnect", (peer) => {
    events.push(`peer-disconnect ${peer}`);
    met.delete(peer);
  });
  connection.on("webrtc-close", (channel) => {
    for (const [peer, open] of met) {
      if (open === channel) events.push(`channel-close ${peer}`);
    }
  });
  connection.on("undelivered", ({ peer }) => {
    events.push(`undelivered ${peer}`);
  });
  let list: readonly string[] = [...connection.peers.keys()];
  connection.on("peerlist", (now) => {
    for (const peer of now) {
      if (!list.includes(peer)) events.push(`join ${peer}`);
    }
    for (const peer of list) {
      if (!now.includes(peer)) events.push(`leave ${peer}`);
    }
    list = now;
    changed();
  });
  connection.on("presence", ({ peer }) => {
    events.push(`presence ${peer}`);
    changed();
  });
  connection.on("peer-away", ({ peer, away }) => {
    events.push(`${away ? "away" : "back"} ${peer}`);
    changed();
  });
  connection.on("state", ({ state }) => {
    states.push(state);
    changed();
  });
  connection.on("socket", () => void sockets++);
  connection.on("peer-state", changed);

  function speak(): void {
    for (const to of connection.connections) {
      const number = sent.get(to) ?? 0;
      sent.set(to, number + 1);
      const leaving = connection.send(String(number), { to })
        .catch(() => void events.push(`unsent ${to}`))
        .finally(() => sending.delete(leaving));
      sending.add(leaving);
    }
  }

  function missing({ peers, heard: expected = [], moved }: Awaited): string[] {
    const there = connection.peers;
    const lacking: string[] = [];
    for (const [peer, published] of peers ?? []) {
      const seen = there.get(peer);
      const now = JSON.stringify(seen?.presence);
      if (!seen) lacking.push(`${peer} is not here`);
      else if (seen.state !== "connected" || !met.has(peer)) {
        lacking.push(`${peer} is ${seen.state} (${seen.reason})`);
      } else if (seen.away) lacking.push(`${peer} is away`);
      else if (now !== JSON.stringify(published)) {
        lacking.push(`${peer} publishes ${now}`);
      }
    }
    for (const peer of peers ? there.keys() : []) {
      if (!peers?.some(([id]) => id === peer)) lacking.push(`${peer} is here`);
    }
    if (peers && connection.state !== "joined") {
      lacking.push(`it is ${connection.state} itself`);
    }
    if (moved && states.at(-1) !== "joined") lacking.push("it has not moved");
    for (const [from, count] of expected) {
      const now = heard.get(from) ?? 0;
      if (now < count) lacking.push(`${now} of ${count} came of ${from}`);
    }
    return lacking;
  }

  return {
    talk() {
      timer ??= setInterval(speak, everyMs);
    },
    async hush() {
      clearInterval(timer);
      await Promise.all(sending);
    },
    publish(next) {
      presence = next;
      connection.setPresence(next);
    },
    until(awaited) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          watchers.delete(look);
          const what = missing(awaited).join(", ");
          reject(
            new Error(
              `${id} waited ${awaited.withinMs} ms: ${what}; ${wrong}; ${events}; ${states}`,
            ),
          );
        }, awaited.withinMs);
        function look(): void {
          if (missing(awaited).length > 0) return;
          clearTimeout(timer);
          watchers.delete(look);
          resolve();
        }
        watchers.add(look);
        look();
      });
    },
    forget() {
      events = [];
      states = [];
      sockets = 0;
    },
    report: () => ({
      id,
      polite: connection.polite,
      presence,
      state: connection.state,
      peers: [...connection.peers.values()]
        .map(({ id, joinedAt, polite, presence, away }) => ({
          id,
          joinedAt,
          polite,
          presence,
          away,
        }))
        .sort((one, other) => one.id < other.id ? -1 : 1),
      connections: connection.connections.sort(),
      sent: [...sent],
      heard: [...heard],
      wrong,
      events,
      states,
      sockets,
    }),
    close() {
      clearInterval(timer);
      connection.close();
    },
  };
}
