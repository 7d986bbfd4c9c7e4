/**
 * Where a pair stands.
 *
 * - `new`: nobody has dialled yet
 * - `connecting`: a connection is being made, the first one or the next generation
 * - `connected`: its default channel is open and packets flow
 * - `disrupted`: packets stopped; ICE may recover by itself
 * - `restarting`: ICE was restarted (W3C WebRTC §4.4.2, `restartIce`)
 * - `failed`: an attempt brought nothing, or the connection broke; the next one waits
 * - `closed`: it is gone for good
 */
export type PairState =
  | "new"
  | "connecting"
  | "connected"
  | "disrupted"
  | "restarting"
  | "failed"
  | "closed";

/**
 * What happens to a pair.
 *
 * - `dialled`: either side begins a connection of the next generation
 * - `flows`: the default channel is open and ICE is connected
 * - `stalled`: ICE is disconnected
 * - `restarted`: ICE is restarted: patience is over, ICE has failed, or the network is back
 * - `broken`: the connection closed, or was not made in time
 * - `ended`: either side wanted it, or the peer has left
 */
export type PairEvent =
  | "dialled"
  | "flows"
  | "stalled"
  | "restarted"
  | "broken"
  | "ended";

/** Every legal edge. What is not here changes nothing. */
export const PAIR_EDGES: Readonly<
  Record<PairState, Readonly<Partial<Record<PairEvent, PairState>>>>
> = {
  new: { dialled: "connecting", ended: "closed" },
  connecting: {
    dialled: "connecting",
    flows: "connected",
    broken: "failed",
    ended: "closed",
  },
  connected: {
    dialled: "connecting",
    stalled: "disrupted",
    restarted: "restarting",
    broken: "failed",
    ended: "closed",
  },
  disrupted: {
    dialled: "connecting",
    flows: "connected",
    restarted: "restarting",
    broken: "failed",
    ended: "closed",
  },
  restarting: {
    dialled: "connecting",
    flows: "connected",
    restarted: "restarting",
    broken: "failed",
    ended: "closed",
  },
  failed: { dialled: "connecting", ended: "closed" },
  closed: {},
};

/** Where a pair goes from `state`; `undefined` if `event` means nothing there. */
export function nextPairState(
  state: PairState,
  event: PairEvent,
): PairState | undefined {
  return PAIR_EDGES[state][event];
}
