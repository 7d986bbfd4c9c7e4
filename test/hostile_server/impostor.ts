import { Guard } from "../../client/trust/guard.ts";
import {
  type PeerSession,
  PeerSessions,
} from "../../client/trust/peer_sessions.ts";
import type { Identity } from "../../client/trust/identity.ts";
import type { RoomSecret } from "../../client/trust/room_secret.ts";
import { readFrame } from "../../client/trust/sealed_frame.ts";
import type { Disguise, MakeDisguise, Said } from "./disguise.ts";

/** What an impostor has. */
export interface ImpostorOptions {
  /** Name of the room. */
  readonly room: string;
  /** Keys of a room. */
  readonly secret?: RoomSecret;
  /** An identity. */
  readonly identity?: Identity;
  /** {@linkcode Disguise.pushes}. @default {true} */
  readonly pushes?: boolean;
}

/** Speaks as pages of protected rooms do, with a key or an identity of its own. */
export function impostor(
  { room, secret, identity, pushes = true }: ImpostorOptions,
): MakeDisguise {
  return (fingerprint): Disguise => {
    const guards = new Map<string, Guard>();
    const guardOf = (id: string) => {
      const guard = guards.get(id) ?? new Guard({
        crypto,
        party: "main",
        room,
        id,
        fingerprint,
        secret,
        identity,
      });
      guards.set(id, guard);
      return guard;
    };
    /** Sessions that it could not find out more about. */
    const strangers = new Map<string, PeerSession>();

    /** Takes what one victim said to, or shows, another; returns what it said. */
    const open = async (
      { from, to, data }: Said,
      published: boolean,
    ): Promise<string | undefined> => {
      const opened = await guardOf(to).open(from, data, published);
      if ("session" in opened) return opened.signal ?? "";
      const sender = readFrame(data)?.sender;
      if (sender) strangers.set(from, stranger(from, sender, fingerprint));
    };

    return {
      async present(from, to, presence) {
        if (presence !== null) await open({ from, to, data: presence }, true);
        return await guardOf(from).sealPresence(null);
      },
      pushes,
      read: (said) => open(said, false),
      async write(text, { from, to, generation }) {
        const guard = guardOf(from);
        const session = guard.current(to) ?? strangers.get(to);
        if (!session) return;
        const counter = ++session.said;
        return await guard.sealSignal(session, counter, generation, text);
      },
    };
  };
}

/** A session of which nothing is known but how it names itself. */
function stranger(
  peer: string,
  bytes: Uint8Array<ArrayBuffer>,
  fingerprint: string,
): PeerSession {
  return new PeerSessions().begin(peer, bytes, { fingerprint });
}
