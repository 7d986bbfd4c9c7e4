import { isFields, readJson } from "../protocol.ts";

/**
 * What the two sides of a pair say to each other through the server, which
 * carries it as opaque text.
 */
export type PairSignal =
  & {
    /** `joinedAt` of the addressee, as the sender knows it: a signal to an earlier membership is stale. */
    readonly to: number;
    /** `joinedAt` of the sender: what waited for an addressee that was away may be older than its sender's membership. */
    readonly from: number;
    /** Counts the connections of this pair; a signal of an earlier one is stale. */
    readonly generation: number;
  }
  & PairSignalBody;

/**
 * What there is to say. `dial` asks the other side for the first offer, and
 * `restart` for one that restarts ICE; only the impolite side makes these.
 */
export type PairSignalBody =
  | { readonly dial: true }
  | { readonly restart: true }
  | DescriptionSignal
  | { readonly candidates: readonly RTCIceCandidateInit[] }
  | { readonly bye: true };

/** An offer, or the answer to one. */
export interface DescriptionSignal {
  /** What `setRemoteDescription` takes. */
  readonly description: RTCSessionDescriptionInit;
  /** Counts the offers of the side that offers; an answer to an earlier one is stale. */
  readonly offer: number;
}

const DESCRIPTION_TYPES: readonly unknown[] = ["offer", "answer"];

/** Reads what a peer sent; `undefined` for anything that is not a {@linkcode PairSignal}. Never throws. */
export function parsePairSignal(data: string): PairSignal | undefined {
  const value = readJson(data);
  if (!isFields(value)) return;
  const {
    to,
    from,
    generation,
    description,
    offer,
    candidates,
    bye,
    dial,
    restart,
  } = value;
  if (typeof to !== "number" || typeof from !== "number") return;
  if (!Number.isSafeInteger(generation)) return;
  const head = { to, from, generation: generation as number };
  if (bye === true) return { ...head, bye };
  if (dial === true) return { ...head, dial };
  if (restart === true) return { ...head, restart };
  if (Array.isArray(candidates)) {
    const read = candidates.flatMap(readCandidate);
    return read.length === candidates.length
      ? { ...head, candidates: read }
      : undefined;
  }
  if (!isFields(description) || typeof offer !== "number") return;
  const { type, sdp } = description;
  if (!DESCRIPTION_TYPES.includes(type) || typeof sdp !== "string") return;
  return {
    ...head,
    description: { type: type as "offer" | "answer", sdp },
    offer,
  };
}

function readCandidate(value: unknown): RTCIceCandidateInit[] {
  if (!isFields(value) || typeof value.candidate !== "string") return [];
  const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = value;
  return [{
    candidate,
    sdpMid: stringOrNull(sdpMid),
    sdpMLineIndex: typeof sdpMLineIndex === "number" ? sdpMLineIndex : null,
    usernameFragment: stringOrNull(usernameFragment),
  }];
}

function stringOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
