import type { FaultCode, Member, RefusalCode } from "../../protocol.ts";
import type { RoomEvent } from "../room.ts";
import type { SessionState } from "../session.ts";

/** Version of what nodes say to each other. Those of another version are not understood, and not in the same cluster. */
const NODE_VERSION = 1;

/** How far the numbered frames of a stream have come: those of the epoch up to a number. */
export interface Mark {
  /** Which stream: each begins with all that its sender knows. */
  readonly epoch: number;
  /** Number of the last frame; they count from 1. */
  readonly seq: number;
}

/** A {@linkcode Mark} in the stream from or to a node. */
export interface NodeMark extends Mark {
  /** Name of the node. */
  readonly node: string;
}

/** A member of a room, as its node tells it to others. */
export interface PlacedMember extends Member {
  /** How often its session has been welcomed: of two nodes that have the same membership, the one with more has it now. */
  readonly sequence: number;
}

/** One of two peers that two nodes have let in by the same id. */
export interface Contestant extends PlacedMember {
  /** See `LocalPeer`. */
  readonly since: number;
}

/** What nodes say at most once, and out of order. */
export type Datagram =
  | Beat
  | Again
  | { readonly type: "ack"; readonly mark: Mark }
  | Ask
  | {
    /** Sent as soon as an {@linkcode Ask} has come, whose answer may take a while. */
    readonly type: "asked";
    readonly number: number;
  }
  | Answer
  | {
    /** The signal with that number was handed on. */
    readonly type: "echo";
    readonly echo: number;
  }
  | {
    /** Sent when a node stops. */
    readonly type: "gone";
  };

/** Sent to all, again and again: a node that is not heard is lost. */
export interface Beat {
  /** Discriminates {@linkcode Datagram}. */
  readonly type: "beat";
  /** Whether an answer is wanted at once. */
  readonly hello: boolean;
  /** What has been sent to whom. */
  readonly sent: readonly NodeMark[];
  /** What has been received of whom. */
  readonly got: readonly NodeMark[];
}

/** Sent when a frame is missing in a stream. */
export interface Again {
  /** Discriminates {@linkcode Datagram}. */
  readonly type: "again";
  /** The first that is missing. */
  readonly mark: Mark;
}

/** Sent when a client wants a seat that the receiver has claimed. */
export interface Ask {
  /** Discriminates {@linkcode Datagram}. */
  readonly type: "ask";
  /** Number of the question. */
  readonly number: number;
  /** Key of the room. */
  readonly key: string;
  /** Id of the peer. */
  readonly id: string;
  /** Token that the client has shown. */
  readonly token?: string;
  /** Whether it is only to be told, and nothing to be given up. */
  readonly peek: boolean;
  /** The peer that the sender has under that id, if it has one: both have let somebody in when the engine could not be asked. */
  readonly contest?: Contestant;
}

/** What is asked. */
export type Question = Omit<Ask, "type" | "number">;

/** What becomes of a seat that another node wants. */
export type Yielded =
  | {
    /** It is not to be had. */
    readonly yielded: "nothing";
    readonly code: RefusalCode;
    /** Whoever keeps it against a {@linkcode Ask.contest}. */
    readonly member?: Contestant;
  }
  | {
    /** There is nobody, or no longer. */
    readonly yielded: "seat";
  }
  | {
    /** The session goes on where it was asked for. */
    readonly yielded: "session";
    readonly member: Member;
    readonly state: SessionState;
  };

/** Sent when an {@linkcode Ask} has come. */
export interface Answer {
  /** Discriminates {@linkcode Datagram}. */
  readonly type: "answer";
  /** Number of the question. */
  readonly number: number;
  /** What becomes of the seat. */
  readonly answer: Yielded;
}

/** What nodes say in order and exactly once, as long as they do not lose each other. */
export type Ordered =
  | {
    /** What a stream begins with: the rooms in which the sender has peers, in as many messages as that takes. It has none in others. */
    readonly type: "rooms";
    readonly rooms: readonly string[];
    readonly first: boolean;
    readonly last: boolean;
  }
  | {
    /** Sent when the sender has its first peer in a room (`watch`), or none any more. */
    readonly type: "watch" | "unwatch";
    readonly room: string;
  }
  | {
    /** Sent when the receiver watches a room, after a `join` of each peer that the sender has there: it has no others. */
    readonly type: "members";
    readonly room: string;
    readonly ids: readonly string[];
  }
  | {
    /** Sent when something happened to a peer of the sender. */
    readonly type: "event";
    readonly room: string;
    readonly event: RoomEvent;
    /** With `join`: see {@linkcode PlacedMember.sequence}. */
    readonly sequence: number;
    /** With `join`: whether what was signaled to the peer at another node may be lost. */
    readonly anew: boolean;
  }
  | {
    /** A signal for a peer of the receiver; the frame for its socket is the payload. */
    readonly type: "signal";
    readonly room: string;
    readonly to: string;
    /** Of its membership, see {@linkcode Member}. */
    readonly joinedAt: number;
    /** How often it was sent to a node that the peer had left. */
    readonly hops?: number;
    /** Number under which it is to be told that it was handed on. */
    readonly echo?: number;
  }
  | {
    /** Sent when a signal of a peer of the receiver could not be handed on. */
    readonly type: "bounce";
    readonly room: string;
    readonly from: string;
    readonly to: string;
    readonly code: FaultCode;
  }
  | {
    /** Sent when a peer has moved away from the receiver: what was sent before shall be handed on first (`fence`), and is (`fenced`). */
    readonly type: "fence" | "fenced";
    readonly room: string;
    readonly id: string;
    /** How often the sender has asked for that peer. */
    readonly number: number;
  };

/** A frame as it came. */
export interface NodeFrame {
  /** Name of the node that sent it. */
  readonly from: string;
  /** Its place in the stream, if it has one. */
  readonly mark: Mark | undefined;
  /** What it says. */
  readonly message: Datagram | Ordered;
  /** What comes behind, as it is. */
  readonly payload: string;
}

/** Writes a frame. */
export function encodeNodeFrame(
  { from, mark, message, payload }: NodeFrame,
): string {
  const head = JSON.stringify({ version: NODE_VERSION, from, mark, message });
  return payload === "" ? head : `${head}\n${payload}`;
}

/**
 * Reads a frame of another node; `undefined` when it is none, or of another
 * version. Never throws. Who may write to the engine is trusted: what a node
 * of this version says has the form that it should have.
 */
export function parseNodeFrame(frame: string): NodeFrame | undefined {
  // JSON holds no line feed outside of strings, and none inside.
  const end = frame.indexOf("\n");
  const head = end < 0 ? frame : frame.slice(0, end);
  try {
    const { version, from, mark, message } = JSON.parse(head) ?? {};
    if (version !== NODE_VERSION || typeof from !== "string") return;
    if (typeof message?.type !== "string") return;
    const payload = end < 0 ? "" : frame.slice(end + 1);
    return { from, mark, message, payload };
  } catch {
    return;
  }
}
