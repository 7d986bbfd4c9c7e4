import { Diagnosis } from "./diagnosis.ts";
import { fetchIceServers } from "./fetch_ice_servers.ts";
import type { NatReport } from "./nat.ts";
import { readOptions } from "../options.ts";
import { probeNetwork, type SingleIceServer } from "./probe_network.ts";
import { probeSignaling, type SignalingReport } from "./probe_signaling.ts";
import { roomUrl } from "../room_url.ts";
import { within } from "./within.ts";
import type { IceServer } from "../../protocol.ts";

/** Settings of {@linkcode diagnose}: those of `connect` that the network matters to. */
export interface DiagnoseOptions {
  /** Host of the signaling server, as for `connect`. */
  readonly host: string;
  /** Name of the room, 1 to 128 characters. Nobody in it notices anything. */
  readonly room: string;
  /** Name space of the room. @default {"main"} */
  readonly party?: string;
  /** Says who we are, to a server that asks: a token, or a function that gets one, asked once. */
  readonly token?: string | (() => string | Promise<string>);
  /** Used instead of the STUN and TURN servers that the signaling server hands out. */
  readonly iceServers?: readonly RTCIceServer[];
  /** How long each server may take to answer, in milliseconds; the whole may take some five times as long. @default {5000} */
  readonly timeoutMs?: number;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
  /** Used instead of the global class, where there is none. */
  readonly RTCPeerConnection?: typeof RTCPeerConnection;
  /** Used instead of the global class, where there is none. */
  readonly WebSocket?: typeof WebSocket;
}

/**
 * Finds out what a page can reach from where it is, and what is in its way: the
 * signaling server, each STUN and TURN server, and the kind of NAT. It joins a room
 * of its own for a moment, asks TURN servers for an address, and sends
 * nothing to anybody else. What fails is in the report.
 *
 * @example
 * ```ts no-eval
 * import { diagnose } from "@x/webrtc/diagnose";
 *
 * const diagnosis = await diagnose({ host: "localhost:8000", room: "example" });
 * console.log(String(diagnosis));
 * if (diagnosis.verdict !== "works") console.log(diagnosis.advice);
 * ```
 *
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If a name is too long or a number out of range.
 * @throws {unknown} The reason of `signal`, as it is, when that is aborted.
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  // Those of `connect`, and so are the errors.
  const { address, party, room, timeoutMs } = readOptions({
    timeoutMs: 5_000,
    ...options,
  });
  const { token, iceServers, signal, WebSocket } = options;
  const { RTCPeerConnection = globalThis.RTCPeerConnection } = options;
  if (iceServers !== undefined && !Array.isArray(iceServers)) {
    throw new TypeError(
      `Cannot connect: "iceServers" must be an array, got ${typeof iceServers}`,
    );
  }
  signal?.throwIfAborted();

  const { bearer, failure } = await askToken(token, timeoutMs, signal);
  signal?.throwIfAborted();
  const signaling = failure === undefined
    ? await probeSignaling({
      address,
      party,
      room,
      bearer,
      WebSocket,
      timeoutMs,
      signal,
    })
    : withoutToken(address, failure);
  signal?.throwIfAborted();
  const url = roomUrl(address, party, room);
  const handedOut = iceServers || signaling.http !== "open"
    ? undefined
    : await within(
      timeoutMs,
      signal,
      (signal) => fetchIceServers({ url, bearer, signal }),
    );
  signal?.throwIfAborted();
  const servers = separate(iceServers ?? handedOut?.iceServers ?? []);
  const network = RTCPeerConnection
    ? await probeNetwork(servers, { RTCPeerConnection, timeoutMs, signal })
    : { servers: [], nat: NOT_TRIED };
  signal?.throwIfAborted();
  return new Diagnosis({
    supported: RTCPeerConnection !== undefined,
    signaling,
    ice: {
      source: iceServers ? "options" : handedOut ? "server" : "nowhere",
      turn: handedOut?.turn ?? null,
      servers: network.servers,
    },
    nat: network.nat,
  });
}

const NOT_TRIED: NatReport = {
  udp: "unknown",
  mapping: "unknown",
  reason: "there is no RTCPeerConnection",
};

/** The token to offer, if any, or why there is none. */
async function askToken(
  token: DiagnoseOptions["token"],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<{ bearer?: string | undefined; failure?: string }> {
  if (typeof token !== "function") return { bearer: token };
  try {
    return await within(timeoutMs, signal, async (signal) => {
      const late = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => late.reject(signal.reason));
      return { bearer: await Promise.race([token(), late.promise]) };
    });
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

function withoutToken(address: string, failure: string): SignalingReport {
  return {
    address,
    http: "token-failed",
    code: null,
    webSocket: "untried",
    roundTripMs: null,
    version: null,
    reason: failure,
  };
}

/** Each address as a server of its own, so that what is said about it is about it alone. */
function separate(
  iceServers: readonly (RTCIceServer | IceServer)[],
): SingleIceServer[] {
  return iceServers.flatMap(({ urls, ...rest }) =>
    [urls].flat().map((url) => ({ ...rest, urls: url }))
  );
}
