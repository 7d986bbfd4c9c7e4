import { type Connection, makeConnection } from "../../client/connection.ts";
import { readOptions } from "../../client/options.ts";
import { PeerConnections } from "../../client/peer_connections.ts";
import {
  type FakePeerConnection,
  FakePeerConnections,
} from "./fake_peer_connection.ts";
import { fingerprintOf } from "./guards.ts";
import type { GuardedPage, GuardedRoom, GuardedWish } from "./guarded_room.ts";

/** A connection over the guarded signaling of a page, whose RTCPeerConnections are fakes. */
export interface GuardedConnection extends Disposable {
  readonly page: GuardedPage;
  readonly connection: Connection;
  readonly fakes: FakePeerConnections;
  /** `untrusted` as it was told: the peer and the code. */
  readonly refused: string[];
}

/** A connection that is made when its page is let in: {@linkcode GuardedRoom.enter}. */
export function guardedConnection(
  room: GuardedRoom,
  name: string,
  wish: GuardedWish = {},
): Promise<GuardedConnection> {
  const page = room.page(name, wish);
  const fakes = new FakePeerConnections();
  const Fake = fakes.RTCPeerConnection as unknown as typeof FakePeerConnection;
  /** Describes itself with the fingerprint that the page announces. */
  class Described extends Fake {
    override get localDescription(): RTCSessionDescriptionInit | null {
      const local = super.localDescription;
      const line = `a=fingerprint:${fingerprintOf(name)}\r\n`;
      return local && { ...local, sdp: local.sdp + line };
    }
  }
  const refused: string[] = [];
  const { identity } = wish;
  const settings = readOptions({
    host: "localhost",
    room: "room",
    ...(identity ? { identity } : { id: page.id }),
  });
  const { promise, resolve } = Promise.withResolvers<GuardedConnection>();
  const notes = page.guarded.listener;
  if (!notes) throw new Error("It was closed");
  page.guarded.listener = {
    ...notes,
    onMessage(welcome) {
      if (welcome.type !== "welcome") return notes.onMessage(welcome);
      const connection = makeConnection({
        signaling: page.guarded,
        trust: page.guarded,
        settings,
        welcome,
        peerConnections: new PeerConnections({
          RTCPeerConnection: Described as unknown as typeof RTCPeerConnection,
          iceTransportPolicy: "all",
        }),
        debug: (...what) => void page.troubles.push(what),
      });
      const listener = page.guarded.listener;
      if (!listener) throw new Error("It was closed");
      page.guarded.listener = {
        ...listener,
        onMessage(message) {
          // That is how the page knows that it has heard everything.
          if (message.type === "ice") notes.onMessage(message);
          else listener.onMessage(message);
        },
      };
      connection.on(
        "untrusted",
        ({ peer, code }) => void refused.push(`${peer} ${code}`),
      );
      const close = () => connection.close();
      resolve({ page, connection, fakes, refused, [Symbol.dispose]: close });
    },
  };
  return promise;
}
