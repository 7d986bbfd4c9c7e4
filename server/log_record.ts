import type { LeaveReason, RefusalCode } from "../protocol.ts";

/**
 * What the library reports. It never prints: give `log` to a `Server` and do
 * with the records what you like. Above the level `debug` no record holds a
 * credential, an address, a room name or a peer id; a session is a number that
 * means nothing elsewhere.
 */
export type LogRecord =
  | {
    /** A peer came into a room (`peer-joined`), lost its socket (`peer-away`), or has one again (`peer-back`). */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "peer-joined" | "peer-away" | "peer-back";
    /** Number of its session. */
    readonly session: number;
    /** Seats that are taken in its room. */
    readonly peers: number;
  }
  | {
    /** A peer is no longer in its room. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "peer-left";
    /** Number of its session. */
    readonly session: number;
    /** Seats that are taken in the room without it. */
    readonly peers: number;
    /** Why. */
    readonly reason: LeaveReason;
  }
  | {
    /** A peer broke a limit and was dropped. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "peer-dropped";
    /** Close code it got. */
    readonly code: number;
    /** The same in words. */
    readonly reason: string;
  }
  | {
    /** A socket was granted: whose it is. Names and addresses are in this record alone. */
    readonly level: "debug";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "socket-granted";
    /** Number of the session. */
    readonly session: number;
    /** Name space of its room. */
    readonly party: string;
    /** Name of its room. */
    readonly room: string;
    /** Id of the peer. */
    readonly id: string;
    /** Network that the client comes from, as far as it is known. */
    readonly address: string | undefined;
  }
  | {
    /** Somebody was not let in. */
    readonly level: "debug";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "join-refused";
    /** Why; `custom` for an answer of `authorize` itself. */
    readonly code: RefusalCode | "custom";
  }
  | {
    /** TURN credentials go to everybody who asks: neither origins nor tokens are restricted. */
    readonly level: "warn";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "turn-is-open";
    /** Name of the provider, or names of several. */
    readonly provider: string;
  }
  | {
    /** A TURN provider gave no usable credentials three times in a row. It is asked again every ten seconds, and until it gives some the next one is, if there is one. */
    readonly level: "warn";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "turn-failed";
    /** Name of the provider. */
    readonly provider: string;
    /** What went wrong, without anything the vendor said. */
    readonly reason: string;
  }
  | {
    /** A TURN provider did not revoke the credentials of a peer that has left, asked twice; they are good until they expire. Told once, until it revokes some. */
    readonly level: "warn";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "turn-revoke-failed";
    /** Name of the provider. */
    readonly provider: string;
    /** What went wrong, without anything the vendor said. */
    readonly reason: string;
  }
  | {
    /** A TURN provider that was left alone gives credentials again. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "turn-recovered";
    /** Name of the provider. */
    readonly provider: string;
  }
  | {
    /** The server takes nobody in any more and asks its peers to go elsewhere. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "draining";
    /** Sessions that it holds. */
    readonly sessions: number;
  }
  | {
    /** The engine that joins the nodes does not answer: each goes on alone with what it knows. Or it cannot be used, and why. */
    readonly level: "warn";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "engine-down";
    /** What it is called, as `redis`. */
    readonly engine: string;
    /** What went wrong, without its address. */
    readonly reason: string;
  }
  | {
    /** The engine answers, and the nodes hear of each other. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "engine-up";
    /** What it is called. */
    readonly engine: string;
  }
  | {
    /** The engine did not do what it was asked to, which is tried again or does no harm. */
    readonly level: "debug";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "engine-failed";
    /** What it is called. */
    readonly engine: string;
    /** What went wrong. */
    readonly reason: string;
  }
  | {
    /** Another node is heard. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "node-found";
    /** How many nodes there are now, with this one. */
    readonly nodes: number;
  }
  | {
    /** Another node is not heard any more, or has stopped: its peers are away. */
    readonly level: "warn";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "node-lost";
    /** How many nodes there are now, with this one. */
    readonly nodes: number;
  }
  | {
    /** Our own fault: a bug, or a subclass that threw. */
    readonly level: "error";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "internal-error";
    /** What was thrown. */
    readonly error: unknown;
  };

/** Takes the records of a server, one at a time. Must not throw. */
export type Log = (record: LogRecord) => void;
