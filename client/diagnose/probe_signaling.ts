import { type RefusalCode, VERSION } from "../../protocol.ts";
import { askRoom } from "../ask_room.ts";
import { ConnectError } from "../connect_error.ts";
import { randomId } from "../random_id.ts";
import { roomUrl } from "../room_url.ts";
import { trySocket } from "./try_socket.ts";
import { within } from "./within.ts";

/** How the signaling server is reached. */
export interface SignalingReport {
  /** Its address before `/parties`. */
  readonly address: string;
  /**
   * How it answers over HTTP: `open` if it would let this client into the room,
   * else in the words of `ConnectError.reason`.
   */
  readonly http:
    | "open"
    | "unreachable"
    | "not-found"
    | "refused"
    | "token-failed"
    | "timeout";
  /** With `refused`: why. A newer server may have codes that are not in the type. */
  readonly code: RefusalCode | null;
  /**
   * Whether a WebSocket gets through: to a room of its own in the same party,
   * so that nobody sees it come and go. `untried` where the server refuses this
   * client anyway, or a token is good for no other room.
   */
  readonly webSocket: "open" | "failed" | "untried";
  /** How long it takes to the server and back, in milliseconds: for a frame of the WebSocket, or for a request of HTTP where there is none; `null` if nothing came back. */
  readonly roundTripMs: number | null;
  /** Version of the wire that the server speaks; `null` if no WebSocket told. */
  readonly version: number | null;
  /** What is wrong, in words; `null` if nothing is. */
  readonly reason: string | null;
}

/** What is probed. */
export interface ProbeSignalingOptions {
  /** Address of the server before `/parties`, with the scheme of the socket. */
  readonly address: string;
  readonly party: string;
  readonly room: string;
  /** The token, if the server asks for one. */
  readonly bearer: string | undefined;
  readonly WebSocket: typeof WebSocket | undefined;
  /** How long each answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Gives up asking. */
  readonly signal: AbortSignal | undefined;
}

/** Finds out whether the signaling server can be reached, and lets us in. */
export async function probeSignaling(
  options: ProbeSignalingOptions,
): Promise<SignalingReport> {
  const { address, party, room, bearer, timeoutMs, signal } = options;
  const { WebSocket = globalThis.WebSocket } = options;

  /** Whether the server would let us into a room, and how long it took to say so. */
  async function ask(url: string): Promise<[ConnectError | undefined, number]> {
    const startedAt = performance.now();
    const why = await within(timeoutMs, signal, async (signal) => {
      const why = await askRoom({ url, bearer, signal });
      return why && signal.aborted
        ? new ConnectError("timeout", `no answer within ${timeoutMs} ms`)
        : why;
    });
    return [why, performance.now() - startedAt];
  }

  // Without an id: whoever has a token for one may be in the room already.
  const [said, firstMs] = await ask(roomUrl(address, party, room));
  const why = said?.code === "id-taken" ? undefined : said;
  const report: SignalingReport = {
    address,
    http: wordOf(why),
    code: why?.code ?? null,
    webSocket: "untried",
    roundTripMs: null,
    version: null,
    reason: why ? reasonOf(why) : null,
  };
  if (why?.reason === "refused" || why?.reason === "not-found") {
    return { ...report, roundTripMs: Math.round(firstMs) };
  }
  const aside = roomUrl(address, party, `diagnose-${randomId()}`);
  let httpMs: number | null = null;
  if (!why) {
    // The first request may have waited for a connection; this one has it.
    const [refused, ms] = await ask(aside);
    httpMs = Math.round(ms);
    if (refused?.reason === "refused") {
      const reason = `no WebSocket was tried: ${reasonOf(refused)}`;
      return { ...report, roundTripMs: httpMs, reason };
    }
  }
  const tried = await within(
    timeoutMs,
    signal,
    (signal) => trySocket({ WebSocket, url: aside, bearer, signal }),
  );
  if (!tried) {
    return {
      ...report,
      webSocket: "failed",
      roundTripMs: httpMs,
      reason: report.reason ?? `no WebSocket gets through to ${address}`,
    };
  }
  const { version, roundTripMs } = tried;
  return {
    ...report,
    webSocket: "open",
    roundTripMs: Math.round(roundTripMs),
    version,
    reason: version === VERSION
      ? report.reason
      : `the server speaks version ${version}, not ${VERSION}`,
  };
}

/** The part of an error's message that says why. */
function reasonOf({ message }: ConnectError): string {
  return message.replace(/^Cannot connect: /, "");
}

function wordOf(why: ConnectError | undefined): SignalingReport["http"] {
  switch (why?.reason) {
    case undefined:
      return "open";
    case "refused":
    case "not-found":
    case "timeout":
      return why.reason;
    default:
      return "unreachable";
  }
}
