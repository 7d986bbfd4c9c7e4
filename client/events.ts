import type { ReceivedFile } from "./data/received_file.ts";
import type { PairReason } from "./pair_reason.ts";
import type { PairState } from "./pair_state.ts";
import type { Path } from "./path.ts";
import type { UntrustedCode } from "./untrusted.ts";
import type { RoomSocket } from "./room_socket.ts";
import type { MessageOf, PresenceOf, RoomTypes } from "./room_types.ts";

/**
 * Whether the room can be heard.
 *
 * - `joining`: a socket is open again, and the server is about to let us in
 * - `joined`: the server knows us and we hear of everybody
 * - `away`: the socket is gone and is being tried again
 * - `closed`: it is over; `close()` was called, or the server sent us away for good
 */
export type ConnectionState = "joining" | "joined" | "away" | "closed";

/** The events of a {@linkcode Connection}, by name. */
export interface ConnectionEvents<Types extends RoomTypes = RoomTypes> {
  /**
   * Ids of the others in the room, at every change of membership. A listener
   * that is added later hears the present list at once (in a microtask). Says nothing of whether
   * they are connected.
   */
  peerlist: (peers: string[]) => void;
  /** The signaling socket opened. A listener that is added while it is open hears of it at once (in a microtask). */
  socket: (socket: RoomSocket) => void;
  /**
   * Connected to a peer, whose default channel is open. Fires before any message
   * or other channel of that peer; again, with another channel and without a
   * `peer-disconnect` before, when its connection had to be made anew.
   */
  peer: (peer: [peerId: string, channel: RTCDataChannel]) => void;
  /** A data channel opened: the default one of a peer, or one by name, whoever opened it. */
  datachannel: (channel: RTCDataChannel) => void;
  /** A peer sent something: a string as it was, anything binary as an `ArrayBuffer`. Never before the `peer` event of its sender. */
  message: (message: Message<MessageOf<Types>>) => void;
  /**
   * A peer offers a file: nothing of it comes before it is accepted, or read.
   * Where nobody listens, it is refused.
   */
  file: (file: ReceivedFile) => void;
  /**
   * A pair has ended, or the other side has begun anew, with messages on their way
   * that the peer had not confirmed: it has not got them, or could not say so.
   * Fires before its `peer-disconnect`. Also when a message cannot be sent to a
   * peer that stays: see {@linkcode SendError}.
   */
  undelivered: (undelivered: Undelivered) => void;
  /**
   * The pair is gone for good: the peer left, or either side ended it. Not while
   * it is repaired or made anew, and not for a peer that never was connected.
   */
  "peer-disconnect": (peerId: string) => void;
  /** A data channel that had opened closed. */
  "webrtc-close": (channel: RTCDataChannel) => void;
  /** State or path of a pair changed, or why it is in that state. */
  "peer-state": (change: PeerStateChange) => void;
  /** A peer published a new presence, or was first seen with one. Not for one's own. */
  presence: (change: PresenceChange<PresenceOf<Types>>) => void;
  /**
   * A peer lost its signaling socket, or has one again. Its pair goes on
   * meanwhile. A peer that is not back in time leaves: see `peerlist`.
   */
  "peer-away": (change: AwayChange) => void;
  /**
   * Something that was said in the name of a peer was refused, because of a room
   * key, an identity, a certificate; once for each peer if it cannot change. Not
   * for a peer that only does not answer.
   */
  untrusted: (untrusted: Untrusted) => void;
  /** A peer added a media track to its `RTCPeerConnection` (W3C WebRTC §5.7). */
  track: (track: PeerTrack) => void;
  /**
   * The room can be heard, or cannot. Pairs go on while it cannot. Once it can
   * again, the other events tell what has changed meanwhile, and only that.
   */
  state: (change: StateChange) => void;
}

/** Payload of the event `message`. */
export interface Message<
  Data extends string | ArrayBuffer = string | ArrayBuffer,
> {
  /** What was sent. */
  readonly data: Data;
  /** Id of the peer that sent it. */
  readonly peer: string;
}

/** Payload of the event `undelivered`. */
export interface Undelivered {
  /** Id of the peer. */
  readonly peer: string;
  /** How many messages it has not confirmed. */
  readonly messages: number;
}

/** Payload of the event `peer-state`. */
export interface PeerStateChange {
  /** Id of the peer. */
  readonly peer: string;
  /** Where the pair stands now. */
  readonly state: PairState;
  /** Why: a sentence for a person, of a closed list. */
  readonly reason: PairReason;
  /** How its packets travel; `null` until it has connected. */
  readonly path: Path | null;
}

/** Payload of the event `presence`. */
export interface PresenceChange<Presence = unknown> {
  /** Id of the peer. */
  readonly peer: string;
  /** What it publishes now; `null` if nothing. */
  readonly presence: Presence | null;
}

/** Payload of the event `peer-away`. */
export interface AwayChange {
  /** Id of the peer. */
  readonly peer: string;
  /** Whether its signaling socket is gone. */
  readonly away: boolean;
}

/** Payload of the event `untrusted`. */
export interface Untrusted {
  /** Id of the peer. Whoever said it may be somebody else. */
  readonly peer: string;
  /** Why it was refused. */
  readonly code: UntrustedCode;
}

/** Payload of the event `track`. */
export interface PeerTrack {
  /** Id of the peer. */
  readonly peer: string;
  /** The new track. */
  readonly track: MediaStreamTrack;
  /** The streams it belongs to. */
  readonly streams: readonly MediaStream[];
}

/** Payload of the event `state`. */
export interface StateChange {
  /** The state now. */
  readonly state: ConnectionState;
  /** Why, for a person. */
  readonly reason: string;
}
