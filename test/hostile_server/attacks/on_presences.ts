import type { Member } from "../../../protocol.ts";
import type { Attack } from "../attack.ts";

/** Puts another presence in the place of those that pages are shown of `peer`, wherever it stands. */
export function onPresences(
  peer: string,
  change: (presence: string | null, to: string) => string | null,
): Attack {
  const changed = (member: Member, to: string) =>
    member.id === peer && member.presence !== undefined
      ? { ...member, presence: change(member.presence, to) }
      : member;
  return {
    toPage(message, { id }) {
      switch (message.type) {
        case "welcome": {
          const peers = message.peers.map((member) => changed(member, id));
          return [{ ...message, peers }];
        }
        case "join":
          return [{ ...message, peer: changed(message.peer, id) }];
        case "presence": {
          if (message.id !== peer) return [message];
          return [{ ...message, presence: change(message.presence, id) }];
        }
        default:
          return [message];
      }
    },
  };
}
