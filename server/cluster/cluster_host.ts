import type { Member } from "../../protocol.ts";
import type { Room } from "../room.ts";
import type { SessionState } from "../session.ts";
import type { Yielded } from "./node_message.ts";
import type { Seated } from "./seated.ts";

/** A seat that a client wants. */
export interface SeatWanted {
  /** Key of the room. */
  readonly key: string;
  /** Id of the peer. */
  readonly id: string;
  /** Token that it has shown. */
  readonly token: string | undefined;
}

/** Who has the rooms, and the sessions of this node. */
export interface ClusterHost {
  /** All rooms in which somebody is here, by key. */
  readonly rooms: ReadonlyMap<string, Room<Seated>>;
  /** Gives a seat to the node `to` that wants it, unless it is not to be had; with `peek`, only tells. */
  yield(wanted: SeatWanted & { peek: boolean; to: string }): Promise<Yielded>;
  /** Goes on here with a session that another node had. */
  adopt(key: string, member: Member, state: SessionState): void;
}
