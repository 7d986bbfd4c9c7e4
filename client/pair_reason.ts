import type { TurnStatus } from "../protocol.ts";

/** Why a pair is in its state: a sentence for a person, and one of a closed list for a program. */
export type PairReason =
  // new, connecting; or why the last attempt failed
  | "not dialled"
  | "the peer is not trusted yet"
  | "dialled"
  | "the ICE restart brought nothing"
  // connected
  | "packets flow"
  // disrupted, restarting
  | "packets stopped"
  | "packets did not come back"
  | "ICE failed"
  | "the network is back"
  | "the other side restarted ICE"
  // failed
  | "no answer from the peer"
  | "the connection closed"
  | "signaling is down"
  | "signaling of the peer is down"
  | NoPathReason
  // closed
  | "the peer left"
  | "it was ended"
  | "the session was lost"
  | "the other side ended it"
  | "the peer broke the protocol"
  | TrustReason
  | "the connection was closed";

/** Why a peer is no peer of ours: it is there, and not connected. See {@linkcode UntrustedCode}. */
export type TrustReason =
  | "the peer has another room key"
  | "only one side proves who it is"
  | "the peer is not who its id says"
  | "the peer was not admitted";

/** Why ICE found no way to the peer. */
export type NoPathReason =
  | "TURN credential rejected"
  | "TURN quota reached"
  | "TURN server not reached"
  | "no TURN credential to be had"
  | "UDP blocked and no TURN configured"
  | "no direct path and no TURN configured"
  | "no path found";

/** What is known when ICE has found no way. */
export interface Search {
  /** Statistics of the connection. */
  readonly report: Iterable<[string, unknown]>;
  /** The STUN and TURN servers that it used. */
  readonly iceServers: readonly RTCIceServer[];
  /** What the signaling server said of TURN; `undefined` if the app brought servers of its own. */
  readonly turn: TurnStatus | undefined;
  /** Whether some of these have not answered yet. */
  readonly gathering: boolean;
  /** What `icecandidateerror` has told (W3C WebRTC §4.8.2): STUN error codes, and 701 for no answer. */
  readonly errors: readonly { readonly url: string; readonly code: number }[];
}

/** Why ICE found no way, as far as this side can see. */
export function whyNoPath(
  { report, iceServers, turn, gathering, errors }: Search,
): NoPathReason {
  const found = new Set<unknown>();
  for (const [, stats] of report) {
    const { type, candidateType } = stats as Record<string, unknown>;
    if (type === "local-candidate") found.add(candidateType);
  }
  if (found.has("relay")) return "no path found";
  const failed = (scheme: RegExp, codes: readonly number[]) =>
    errors.some(({ url, code }) => scheme.test(url) && codes.includes(code));
  // RFC 8656 §18: Unauthorized, Forbidden, Wrong Credentials.
  if (failed(/^turn/, [401, 403, 441])) return "TURN credential rejected";
  // Allocation Quota Reached, Insufficient Capacity.
  if (failed(/^turn/, [486, 508])) return "TURN quota reached";
  const urls = iceServers.flatMap(({ urls }) => urls);
  if (urls.some((url) => url.startsWith("turn"))) {
    return "TURN server not reached";
  }
  if (turn === "failed") return "no TURN credential to be had";
  // A host without a NAT has no `srflx` either; but its STUN servers answer.
  const stun = urls.some((url) => url.startsWith("stun"));
  return stun && !found.has("srflx") && (gathering || failed(/^stun/, [701]))
    ? "UDP blocked and no TURN configured"
    : "no direct path and no TURN configured";
}
