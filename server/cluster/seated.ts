import type { FaultCode } from "../../protocol.ts";
import type { Occupant } from "../room.ts";
import type { RemotePeer } from "./remote_peer.ts";

/** A peer of this node. */
export interface LocalPeer extends Occupant {
  readonly node?: undefined;
  /** See `PlacedMember`. */
  readonly sequence: number;
  /** Since when a server has known of it without a break, in milliseconds since the epoch. Of one that was restored by a token this is later than it joined. */
  readonly since: number;
  /** A signal of it could not be handed on. */
  bounce(code: FaultCode, to: string): void;
  /** Another node has its membership, or its name; only with that one the room is told. */
  supersede(by: "membership" | "name"): void;
}

/** Somebody who has a seat in a room that spans nodes. */
export type Seated = LocalPeer | RemotePeer;

/** Whether somebody is a peer of this node. */
export function isHere(seated: Seated | undefined): seated is LocalPeer {
  return seated !== undefined && seated.node === undefined;
}

/** Names a seat. */
export function seatOf({ key, id }: { key: string; id: string }): string {
  // No name holds a control character, so the two are told apart.
  return `${key}\0${id}`;
}
