import { VERSION } from "../protocol.ts";
import { ConnectError } from "./connect_error.ts";
import { type Connection, makeConnection } from "./connection.ts";
import { createDebug, type Debug } from "./debug.ts";
import { type ConnectOptions, readOptions, type Settings } from "./options.ts";
import type { PresenceOf, RoomTypes } from "./room_types.ts";
import { PeerConnections } from "./peer_connections.ts";
import {
  type RoomSignaling,
  type RoomTrust,
  Signaling,
  type SignalingListener,
} from "./signaling.ts";
import { isPassing } from "./why_down.ts";

/**
 * Joins a room and dials everybody in it.
 *
 * @example
 * ```ts no-eval
 * import { connect } from "@x/webrtc";
 *
 * const connection = await connect({ host: "localhost:8000", room: "example" });
 * connection.on("peer", ([peerId]) => connection.send("hello", { to: peerId }));
 * connection.on("message", ({ data, peer }) => console.log(peer, data));
 * ```
 *
 * @typeParam Types What is published and sent in this room, for the compiler.
 * @throws {ConnectError} If the room cannot be joined within `timeoutMs`; `reason` says why.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If a name is too long, a number out of range, or `presence` larger than the server takes.
 */
export async function connect<Types extends RoomTypes = RoomTypes>(
  options: ConnectOptions<PresenceOf<Types>>,
): Promise<Connection<Types>> {
  const settings = readOptions(options);
  const {
    signal,
    timeoutMs,
    RTCPeerConnection = globalThis.RTCPeerConnection,
  } = settings;
  if (signal?.aborted) throw aborted(signal);
  if (!RTCPeerConnection) {
    throw new ConnectError(
      "unsupported",
      "there is no RTCPeerConnection",
    );
  }
  const debug = createDebug();
  const peerConnections = new PeerConnections({
    ...settings,
    RTCPeerConnection,
  });
  let signaling: RoomSignaling | undefined;
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = () => {};
  try {
    return await new Promise<Connection<Types>>((resolve, reject) => {
      let why = new ConnectError("timeout", `no answer within ${timeoutMs} ms`);
      timer = setTimeout(() => reject(why), timeoutMs);
      abort = () => reject(aborted(signal));
      signal?.addEventListener("abort", abort);

      open().catch(reject).finally(() => {
        // It may have made one since.
        if (over) peerConnections.close();
      });

      async function open(): Promise<void> {
        const guard = await prepare(settings, debug);
        if (over) return;
        const plain = new Signaling(settings, debug);
        let room: RoomSignaling = signaling = plain;
        let trust: RoomTrust | undefined;
        async function ask(): Promise<void> {
          why = await room.whyDown();
          // A server that restarts and a network that blinks are worth another attempt.
          if (why.reason !== "unreachable" && !isPassing(why)) reject(why);
        }
        const listener: SignalingListener = {
          onOpen() {},
          onMessage(welcome) {
            if (welcome.type !== "welcome") return;
            const { version } = welcome;
            const error =
              `the server speaks version ${version}, not ${VERSION}`;
            try {
              if (version !== VERSION) {
                throw new ConnectError("unsupported", error);
              }
              // In the same task, so that the connection misses no message.
              resolve(makeConnection<Types>({
                signaling: room,
                trust,
                settings,
                welcome,
                peerConnections,
                debug,
              }));
            } catch (error) {
              reject(error);
            }
          },
          onWake() {},
          onDown: ask,
          onFail(cause) {
            if (cause === undefined) return void ask();
            const error = "there is no token";
            reject(new ConnectError("token-failed", error, { cause }));
          },
        };
        plain.listener = listener;
        plain.hold();
        // While the socket opens. By no timer: those of a hidden page come once a second.
        await peerConnections.warm();
        if (over) return;
        if (guard) {
          const guarded = guard(plain, await peerConnections.fingerprint());
          room = signaling = trust = guarded;
          room.listener = listener;
        }
        plain.release();
      }
    });
  } catch (error) {
    signaling?.close();
    peerConnections.close();
    throw error;
  } finally {
    over = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Makes what protects what is said, if anything does. */
async function prepare(
  settings: Settings,
  debug: Debug,
): Promise<Guarding | undefined> {
  if (!settings.isProtected) return;
  // Only pages that use it pay for it.
  const { protect } = await import("./trust/protect.ts").catch((cause) => {
    const error = "what protects a room could not be loaded";
    throw new ConnectError("unreachable", error, { cause });
  });
  try {
    return await protect(settings, debug);
  } catch (error) {
    const { name, message } = error as Partial<Error>;
    if (name !== "NotSupportedError") throw error;
    throw new ConnectError("unsupported", `${message}`, { cause: error });
  }
}

type Guarding = Awaited<
  ReturnType<typeof import("./trust/protect.ts").protect>
>;

function aborted(signal: AbortSignal | undefined): ConnectError {
  return new ConnectError("aborted", "the signal was aborted", {
    cause: signal?.reason,
  });
}
